package check

import (
	"strings"
	"testing"

	"github.com/syncgate/syncgate/render"
)

func TestMismatch(t *testing.T) {
	const where = "spec.template."
	for _, c := range []struct{ pod, want string }{
		{`{"spec": "s3cret"}`, "spec must be a mapping, not a string"},
		{`{"spec": ["s3cret"]}`, "spec must be a mapping, not a list"},
		{`{"spec": {"containers": {"s3cret": 1}}}`, "spec.containers must be a list, not a mapping"},
		{`{"spec": {"containers": [{"name": "a"}, "s3cret"]}}`, "spec.containers[1] must be a mapping, not a string"},
		{`{"spec": {"containers": [{"name": "a", "securityContext": "s3cret"}]}}`, "spec.containers[0].securityContext must be a mapping, not a string"},
		{`{"spec": {"containers": [{"name": "a", "env": [{"name": "P", "value": 123456}]}]}}`, "spec.containers[0].env[0].value must be a string, not a number"},
		{`{"spec": {"containers": [{"name": "a", "resources": {"limits": {"cpu": "s3cret"}}}]}}`, "spec.containers[0].resources.limits.cpu must be a quantity such as 500m or 1Gi, not a string"},
		{`{"spec": {"ephemeralContainers": [{"name": "a", "image": true}]}}`, "spec.ephemeralContainers[0].image must be a string, not a boolean"},
		{`{"spec": {"hostNetwork": "s3cret"}}`, "spec.hostNetwork must be a boolean, not a string"},
		{`{"spec": {"securityContext": {"runAsUser": 1.5}}}`, "spec.securityContext.runAsUser must be a whole number of 64 bits, not a number"},
		{`{"metadata": {"annotations": {"a.b/c": 7}}, "spec": {}}`, `metadata.annotations["a.b/c"] must be a string, not a number`},
		{`{"metadata": {"creationTimestamp": "s3cret"}, "spec": {}}`, "metadata.creationTimestamp must be a time such as 2006-01-02T15:04:05Z, not a string"},
	} {
		o := &render.Object{APIVersion: "v1", Kind: "Pod", Name: "p", JSON: []byte(c.pod)}
		if _, err := podsIn(o); err == nil || err.Error() != "Pod p is no valid pod: "+c.want {
			t.Errorf("%s: got %v, want %s", c.pod, err, c.want)
		} else if strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "123456") {
			t.Errorf("%s: the message shows a value: %v", c.pod, err)
		}
		if !strings.Contains(c.pod, `"containers": [`) {
			continue
		}
		o = &render.Object{APIVersion: "apps/v1", Kind: "Deployment", Name: "d", JSON: []byte(`{"spec": {"template": ` + c.pod + `}}`)}
		if _, err := podsIn(o); err == nil || err.Error() != "Deployment d is no valid pod at spec.template: "+where+c.want {
			t.Errorf("%s in a Deployment: got %v, want %s", c.pod, err, where+c.want)
		}
	}
}
