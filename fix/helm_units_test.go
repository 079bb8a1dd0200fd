package fix

import (
	"slices"
	"strings"
	"testing"

	"github.com/syncgate/syncgate/fix/yamledit"
	"github.com/syncgate/syncgate/render"
)

func TestReferencedValues(t *testing.T) {
	for template, want := range map[string]string{
		`{{ .Values.a.b }}`:  "a.b",
		`{{ $.Values.a.b }}`: "a.b",
		`{{ with .Values.a }}{{ .b }}{{ $.Values.c }}{{ end }}`:                                     "a a.b c",
		`{{ $x := .Values.a }}{{ $x.b }}`:                                                           "a a.b",
		`{{ (.Values.a).b }}`:                                                                       "a a.b",
		`{{ index .Values "a" "b" }}`:                                                               "a.b",
		`{{ dig "a" "b" "none" .Values.AsMap }}`:                                                    "a.b",
		`{{ toYaml (default .Values.a .Values.b) | indent 2 }}`:                                     "a b",
		`{{ define "x" }}{{ .ctx.Values.a }}{{ end }}`:                                              "a",
		`{{ range .Values.a }}{{ .b }}{{ end }}`:                                                    "a a.*.b",
		`{{ if .Values.global.a }}{{ end }}`:                                                        "global.a",
		`{{ range $k, $v := .Values.a }}{{ $v.b.c }}{{ end }}`:                                      "a a.*.b.c",
		`{{ $c := index .Values .x }}{{ $c.b }}`:                                                    "* *.b",
		`{{ define "x" }}{{ .c.b }}{{ end }}{{ include "x" (dict "c" .Values.a "r" $) }}`:           "a a.b",
		`{{ define "x" }}{{ .b }}{{ end }}{{ template "x" .Values.a }}`:                             "a a.b",
		`{{ define "x" }}{{ (index . 1).b }}{{ end }}{{ include "x" (list $ .Values.a) }}`:          "a a.b",
		`{{ $x := .Values.a | default dict }}{{ $x.b }}`:                                            "a a.b",
		`{{ define "x" }}{{ include "x" . }}{{ .Values.a }}{{ end }}{{ include "x" . }}`:            "a",
		`{{ define "x" }}{{ include "x" (dict "y" .) }}{{ end }}{{ include "x" .Values.a }}`:        "a",
		`{{ range list "a" "b" }}{{ with index $.Values . }}{{ .image }}{{ end }}{{ .b }}{{ end }}`: "* *.image",
	} {
		view := &render.ChartView{Parts: []render.ChartPart{
			{Templates: []render.ChartFile{{Name: "templates/x.yaml", File: "x.yaml", Data: []byte(template)}}}}}
		var got []string
		for ref := range referencedValues(view).all {
			if ref != "" {
				got = append(got, strings.NewReplacer("\x00", ".", anyItem, "*").Replace(ref))
			}
		}
		slices.Sort(got)
		if g := strings.Join(got, " "); g != want {
			t.Errorf("%s refers to %q, want %q", template, g, want)
		}
	}
}

func TestMarksOf(t *testing.T) {
	const text = "a:\n  - name: x\n    b: {{ .c }}\n{{- if .d }}\nonly: 1\n{{- else }}\nother: 2\n{{- end }}\n" +
		"{{- with .g }}\nalone: 6\n{{- end }}\n{{ range .e }}\nin: 3\n{{ end }}\n{{ define \"x\" -}}\n  first: 4\n{{- end }}\nx{{ .f }}: 5\n"
	var got []string
	for _, m := range marksOf(&render.ChartPart{}, render.ChartFile{Name: "t", File: "t", Data: []byte(text)}) {
		s := m.key
		if m.dash {
			s = "-" + s
		}
		if m.only {
			s += " only"
		}
		if m.dot {
			s += " dot"
		}
		if !strings.HasPrefix(text[m.at:], m.key+":") {
			t.Errorf("%s is marked at %q", m.key, text[m.at:])
		}
		got = append(got, s)
	}
	want := []string{"a", "-name", "b", "only", "other", "alone only dot", "in dot", "first"}
	if !slices.Equal(got, want) {
		t.Errorf("marks %q, want %q", got, want)
	}
}

func TestFreshEdit(t *testing.T) {
	value := map[string]any{"drop": []any{"ALL"}}
	for _, test := range []struct{ name, file, path, want string }{
		{"behind its neighbour", "image: x\nport: 1\n", "new", "image: x\nnew:\n  drop:\n    - ALL\nport: 1\n"},
		{"comments of the neighbour", "image: x\n  # y\n\nport: 1\n", "new", "image: x\n  # y\nnew:\n  drop:\n    - ALL\n\nport: 1\n"},
		{"comments of the next", "image: x\n# of the port\nport: 1\n", "new", "image: x\nnew:\n  drop:\n    - ALL\n# of the port\nport: 1\n"},
		{"blank lines between", "a: 1\n\nimage:\n  tag: x\n\nport: 1\n", "new", "a: 1\n\nimage:\n  tag: x\n\nnew:\n  drop:\n    - ALL\n\nport: 1\n"},
		{"below", "web:\n  image: x\napi: {}\n", "web.new", "web:\n  image: x\n  new:\n    drop:\n      - ALL\napi: {}\n"},
		{"CRLF", "image: x\r\n", "new", "image: x\r\nnew:\r\n  drop:\r\n    - ALL\r\n"},
		{"no final newline", "image: x", "new", ""},
		{"flow", "web: {image: x}\n", "web.new", ""},
		{"there already", "new: 1\n", "new", ""},
	} {
		e := &valueEdit{path: render.Keys(strings.Split(test.path, ".")...), value: value}
		edit, ok := freshEdit([]byte(test.file), e)
		if ok != (test.want != "") {
			t.Errorf("%s: ok is %t", test.name, ok)
		}
		if !ok {
			continue
		}
		if got, err := yamledit.ApplyEdits([]byte(test.file), []yamledit.Edit{edit}); err != nil || string(got) != test.want {
			t.Errorf("%s gives\n%s%v\nwant\n%s", test.name, got, err, test.want)
		}
	}
}

func TestReadmeEdit(t *testing.T) {
	for _, test := range []struct{ name, readme, want string }{
		{"by columns", "| Parameter | Description | Default |\n|---|---|---|\n| `image.tag` | the tag | `1` |\n| `zone` | the zone | `a` |\n",
			"| `securityContext` | Security context of the container | `{\"a\":true}` |\n| `zone`"},
		{"no table", "# web\n", ""},
		{"another table", "| Version | Date |\n|---|---|\n| a | b |\n", ""},
	} {
		part := &render.ChartPart{Raw: []render.ChartFile{{Name: "README.md", File: "README.md", Data: []byte(test.readme)}}}
		_, edit, ok := readmeEdit(part, []string{"securityContext"}, map[string]any{"a": true})
		if ok != (test.want != "") {
			t.Errorf("%s: ok is %t", test.name, ok)
		}
		if !ok {
			continue
		}
		if got, err := yamledit.ApplyEdits([]byte(test.readme), []yamledit.Edit{edit}); err != nil || !strings.Contains(string(got), test.want) {
			t.Errorf("%s gives\n%s%v", test.name, got, err)
		}
	}
}

func TestDifferences(t *testing.T) {
	a := map[string]any{"same": 1.0, "old": true, "list": []any{"x"}, "volumes": []any{map[string]any{"name": "a"}, map[string]any{"name": "b"}}}
	b := map[string]any{"same": 1.0, "new": map[string]any{"x": 1.0}, "list": []any{"x", "y"},
		"volumes": []any{map[string]any{"name": "b"}, map[string]any{"name": "tmp"}, map[string]any{"name": "a"}}}
	var got []string
	for _, d := range differences(a, b, render.Path{}) {
		got = append(got, d.path.String())
	}
	if want := []string{"list", "new.x", "old", "volumes[1]"}; !slices.Equal(got, want) {
		t.Errorf("differences at %q, want %q", got, want)
	}
}

func TestSortEdits(t *testing.T) {
	edits := []yamledit.Edit{{Start: 9, End: 9, New: "  a:\n"}, {Start: 9, End: 9, New: "    b:\n"}, {Start: 1, End: 2}, {Start: 9, End: 12}}
	sortEdits(edits)
	if edits[0].Start != 1 || edits[1].New != "    b:\n" || edits[2].New != "  a:\n" || edits[3].End != 12 {
		t.Errorf("sorted to %+v", edits)
	}
}
