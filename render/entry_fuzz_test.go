package render

import (
	"strings"
	"testing"
)

func FuzzRenderEntry(f *testing.F) {
	empty := emptyTree(f)
	f.Add("plain", []byte(podHead))
	f.Add("kustomize", []byte("resources: [a.yaml]\nconfigMapGenerator: [{name: c, literals: [a=b]}]\nnamePrefix: x-\n"))
	f.Add("kustomize", []byte("patches: [{patch: '[{op: remove, path: /spec}]', target: {kind: Pod}}]\nresources: [a.yaml]\n"))
	f.Add("helm", []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: {{ .Release.Name }}}\n"))
	f.Add("values", []byte("a: {b: [1, 2]}\n"))
	f.Add("chart", []byte(anyChart+"dependencies: [{name: d, condition: a.b}]\n"))
	f.Fuzz(func(t *testing.T, kind string, data []byte) {
		if len(data) > 1<<12 || strings.Contains(string(data), "openapi") { // resetting the schema takes 100 ms
			return
		}
		edits := map[string][]byte{"x/a.yaml": []byte(podText)}
		src := Source{ID: "x", Path: "x", Kind: KindHelm}
		chart := map[string][]byte{"x/Chart.yaml": []byte(anyChart), "x/values.yaml": []byte("a: b\n"), "x/templates/t.yaml": []byte("{{ toYaml .Values }}\n")}
		switch kind {
		case "plain":
			src = Source{ID: "x/a.yaml", Path: "x/a.yaml", Kind: KindPlain}
			edits["x/a.yaml"] = data
		case "kustomize":
			src.Kind = KindKustomize
			edits["x/kustomization.yaml"] = data
		case "helm":
			if strings.Contains(string(data), "{{") && !harmless(data) {
				return
			}
			edits, chart["x/templates/t.yaml"] = chart, data
		case "values":
			edits, chart["x/values.yaml"] = chart, data
		case "chart":
			edits, chart["x/Chart.yaml"] = chart, data
		default:
			return
		}
		tree := empty.With(edits)
		res := renderWithin(tree, src, Options{}, Limits{Objects: 100, Depth: 50, Files: 100, Input: 1 << 20})
		switch {
		case res.Err != nil && strings.Contains(res.Err.Msg, "panicked: runtime error") && kind == "plain":
			t.Errorf("%v", res.Err)
		case res.Err != nil && (res.Err.Msg == "" || res.Err.Hint == ""):
			t.Errorf("the error lacks something: %+v", res.Err)
		case res.Err != nil && len(res.Objects) > 0:
			t.Error("objects beside an error")
		}
		for i := range res.Objects {
			if o := &res.Objects[i]; o.Kind == "" || o.APIVersion == "" || len(o.JSON) == 0 {
				t.Errorf("an object without a head: %+v", o)
			}
		}
	})
}

// harmless reports whether a template can neither loop nor grow: in this process nothing would stop it.
func harmless(data []byte) bool {
	for _, word := range []string{"range", "repeat", "until", "template", "include", "tpl", "seq", "gen", "pad", "indent", "printf", "regex", "env", "crypt", "pass"} {
		if strings.Contains(string(data), word) {
			return false
		}
	}
	return true
}
