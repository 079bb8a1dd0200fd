package fix

import (
	"testing"

	"github.com/syncgate/syncgate/render"
)

func TestNewRefusals(t *testing.T) {
	const head = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{"containers":[{"name":"web","image":"x"}],"volumes":[`
	pod := func(volumes string) *render.Object {
		return &render.Object{APIVersion: "v1", Kind: "Pod", Name: "web", JSON: []byte(head + volumes + "]}}")}
	}
	const broken, tmp = `{"name":"a","secret":{}}`, `{"name":"tmp","emptyDir":{}}`
	for _, c := range []struct {
		name, before, after string
		want                int
	}{
		{"nothing wrong", tmp, tmp, 0},
		{"wrong before", broken, broken, 0},
		{"wrong before, elsewhere now", broken, tmp + "," + broken, 0},
		{"wrong now", tmp, tmp + "," + broken, 1},
		{"wrong twice now", broken, broken + `,{"name":"b","secret":{}}`, 1},
		{"mended", broken, tmp, 0},
	} {
		if got := newRefusals(pod(c.before), pod(c.after)); len(got) != c.want {
			t.Errorf("%s: %v, want %d errors", c.name, got, c.want)
		}
	}
}
