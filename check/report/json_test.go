package report

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/syncgate/syncgate/check"
)

func TestJSON(t *testing.T) {
	golden(t, "json", write(t, "json", sampleRun(), Options{Version: "1.2.3"}))
}

// TestJSONContract holds the report against the names and the order that design.md promises.
func TestJSONContract(t *testing.T) {
	out := string(write(t, "json", &check.Run{}, Options{}))
	want := `{"schema":"syncgate.io/report/v1","tool":{"name":"syncgate","version":""},"sources":[],"skipped":[],` +
		`"notices":[],"findings":[],"summary":{"sources":0,"objects":0,"errors":0,"warnings":0,"exempted":0,"failedSources":0}}`
	if got := strings.Join(strings.Fields(out), ""); got != want {
		t.Errorf("empty report:\n got %s\nwant %s", got, want)
	}
	var r struct {
		Sources  []json.RawMessage
		Findings []json.RawMessage
	}
	if err := json.Unmarshal(write(t, "json", sampleRun(), Options{}), &r); err != nil {
		t.Fatal(err)
	}
	ordered(t, r.Sources[0], "id", "path", "kind", "variant", "application", "objects", "judged", "policy", "level",
		"version", "error")
	ordered(t, r.Findings[0], "rule", "severity", "source", "policy", "level", "version", "object", "apiVersion", "kind",
		"namespace", "name", "container", "path", "message", "origin", "file", "line", "column", "exact", "fix",
		"fingerprint", "exempt")
}

// ordered checks that keys appear in a JSON text one after the other.
func ordered(t *testing.T, text json.RawMessage, keys ...string) {
	t.Helper()
	rest := string(text)
	for _, k := range keys {
		_, after, ok := strings.Cut(rest, `"`+k+`": `)
		if !ok {
			t.Errorf("no %q in its place in %s", k, text)
			return
		}
		rest = after
	}
}
