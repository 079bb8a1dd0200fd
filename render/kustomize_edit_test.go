package render

import (
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/api/types"
)

func TestKustomizationEdited(t *testing.T) {
	for _, c := range []struct {
		name string
		o    KustomizeOptions
		want []string
	}{
		{"prefix", KustomizeOptions{NamePrefix: "-a"}, []string{"namePrefix: -a"}},
		{"suffix", KustomizeOptions{NameSuffix: "-z"}, []string{"nameSuffix: -z"}},
		{"image", KustomizeOptions{Images: []string{"a=b:1"}}, []string{"name: a", "newName: b", `newTag: "1"`}},
		{"replicas", KustomizeOptions{Replicas: []string{"web=3"}}, []string{"count: 3"}},
		{"labels", KustomizeOptions{Labels: []string{"a:b"}}, []string{"commonLabels:\n  a: b"}},
		{"labels only", KustomizeOptions{Labels: []string{"a:b"}, LabelWithoutSelector: true}, []string{"labels:\n- pairs:\n    a: b"}},
		{"annotations", KustomizeOptions{Annotations: []string{"a:b"}}, []string{"commonAnnotations:\n  a: b"}},
		{"namespace", KustomizeOptions{Namespace: "prod"}, []string{"namespace: prod"}},
		{"patch", KustomizeOptions{Patches: []types.Patch{{Patch: "p"}}}, []string{"patches:\n- patch: p"}},
		{"component", KustomizeOptions{Components: []string{"../c"}}, []string{"components:\n- ../c"}},
	} {
		got, err := c.o.edited("kustomization.yaml", []byte("resources: [a.yaml]\n"))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		for _, want := range append(c.want, "a.yaml") {
			if !strings.Contains(string(got), want) {
				t.Errorf("%s: %q is missing in\n%s", c.name, want, got)
			}
		}
	}
	o := KustomizeOptions{Labels: []string{"a:c"}}
	if _, err := o.edited("kustomization.yaml", []byte("commonLabels: {a: b}\n")); err == nil || !strings.Contains(err.Error(), "kustomize edit add label: ") {
		t.Errorf("a label that is there: %v", err)
	}
}
