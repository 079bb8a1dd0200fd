package render

import (
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestNear names a source, and finds those that have to do with it: through a base, a chart, a link, or a third source.
func TestNear(t *testing.T) {
	files := map[string]string{}
	for _, f := range txtar.Parse([]byte(`
-- .syncgate.lock --
-- alone/pod.yaml --
kind: ConfigMap
-- base/kustomization.yaml --
resources: [cm.yaml]
-- base/cm.yaml --
kind: ConfigMap
-- one/kustomization.yaml --
resources: [../base]
-- two/kustomization.yaml --
resources: [../base, ../other]
-- other/kustomization.yaml --
resources: [cm.yaml]
-- other/cm.yaml --
kind: ConfigMap
-- three/kustomization.yaml --
resources: [../other]
-- chart/Chart.yaml --
name: chart
-- chart/values.yaml --
-- chart/templates/cm.yaml --
-- four/kustomization.yaml --
resources: [cm.yaml]
-- four/cm.yaml --
`)).Files {
		files[f.Name] = string(f.Data)
	}
	tree := writeRepo(t, files)
	kustomize := func(dir string) Source { return Source{ID: dir, Path: dir, Kind: KindKustomize} }
	all := []Source{{ID: "alone/pod.yaml", Path: "alone/pod.yaml", Kind: KindPlain}, kustomize("one"), kustomize("two"), kustomize("three"),
		{ID: "chart", Path: "chart", Kind: KindHelm}, {ID: "chart@ci", Path: "chart", Kind: KindHelm}, kustomize("four")}
	for _, tt := range []struct {
		some string
		want []string
	}{
		{"alone/pod.yaml", []string{"alone/pod.yaml"}},
		{"one", []string{"one", "two", "three"}},
		{"three", []string{"one", "two", "three"}},
		{"chart", []string{"chart", "chart@ci"}},
		{"four", []string{"four"}},
	} {
		some := slices.DeleteFunc(slices.Clone(all), func(s Source) bool { return s.ID != tt.some })
		var got []string
		for _, s := range NewFootprints(tree, nil).Near(some, all) {
			got = append(got, s.ID)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("near %s: %v, want %v", tt.some, got, tt.want)
		}
	}
}
