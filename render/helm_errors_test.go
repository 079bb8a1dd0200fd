package render

import (
	"strings"
	"testing"
)

func TestHelmTemplateErrors(t *testing.T) {
	for _, c := range []struct {
		name     string
		template string
		file     string
		line     int
		msg      string
	}{
		{"parse", "a: 1\nb: {{ if }}", "c/templates/a.yaml", 2, "missing value for if"},
		{"fail", "\n\n{{ fail \"a: b: c\" }}", "c/templates/a.yaml", 3, "a: b: c"},
		{"required", "{{ required \"set x\" .Values.x }}", "c/templates/a.yaml", 1, "set x"},
		{"nil", "\n{{ .Values.a.b.c }}", "c/templates/a.yaml", 2, "<.Values.a.b.c>: nil pointer evaluating interface {}.c"},
		{"include", "{{ include \"deep\" . }}", "c/templates/_h.tpl", 3, "<$.Values.a.b.c>: nil pointer evaluating interface {}.c"},
		{"missing include", "\n{{ include \"gone\" . }}", "c/templates/a.yaml", 2, `<include "gone" .>: no template "gone" associated with template "gotpl"`},
		{"function", "{{ gone }}", "c/templates/a.yaml", 1, `function "gone" not defined`},
		{"tpl", "\n{{ tpl \"{{ .a.b }}\" . }}", "c/templates/a.yaml", 2, "nil pointer evaluating interface {}.b"},
		{"tpl parse", "\n{{ tpl \"{{ .a\" . }}", "c/templates/a.yaml", 2, "unclosed action"},
		{"recursion", "{{ include \"loop\" . }}", "c/templates/_h.tpl", 4, "rendering template has a nested reference name: loop"},
		{"range", "{{ range .Values.s }}{{ end }}", "c/templates/a.yaml", 1, "range can't iterate over a value that is no list, map or number"},
		{"secret", "{{ fail (printf \"bad password %s!\" .Values.password) }}", "c/templates/a.yaml", 1, "bad password ***!"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := renderChart(t, chartFiles(map[string]string{
				"c/values.yaml":      "a: {}\ns: hunter22\npassword: hunter22\n",
				"c/templates/a.yaml": c.template,
				"c/templates/_h.tpl": "{{ define \"deep\" }}\n{{- range list 1 }}\n{{ $.Values.a.b.c }}{{ end }}{{ end }}\n{{ define \"loop\" }}{{ include \"loop\" . }}{{ end }}",
			}), HelmOptions{})
			e := wantError(t, err, c.file, c.line, c.msg)
			if strings.Contains(e.Msg, "hunter") {
				t.Errorf("the message holds the value: %s", e.Msg)
			}
			if e.Hint == "" {
				t.Error("no hint")
			}
		})
	}
}

func TestHelmChartErrors(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		file  string
		line  int
		msg   string
	}{
		{"no name", map[string]string{"c/Chart.yaml": "apiVersion: v2\nversion: 1.0.0\n"}, "c/Chart.yaml", 0, "chart.metadata.name is required"},
		{"no version", map[string]string{"c/Chart.yaml": "apiVersion: v2\nname: c\n"}, "c/Chart.yaml", 0, "chart.metadata.version is required"},
		{"bad chart", map[string]string{"c/Chart.yaml": "apiVersion: v2\nname: c: d\n"}, "c/Chart.yaml", 2, "mapping values are not allowed"},
		{"bad values", map[string]string{"c/values.yaml": "a: 1\nb: &x [*y]\n"}, "c/values.yaml", 0, "unknown anchor referenced"},
		{"values no map", map[string]string{"c/values.yaml": "- a\n"}, "c/values.yaml", 0, "json: cannot unmarshal array"},
		{"bad lock", map[string]string{"c/Chart.lock": "generated: never\n"}, "c/Chart.lock", 0, "parsing time"},
		{"library", map[string]string{"c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\ntype: library\n"}, "c/Chart.yaml", 4, "library charts are not installable"},
		{"kubeVersion", map[string]string{"c/Chart.yaml": "apiVersion: v2\nkubeVersion: '>= 1.99'\nname: c\nversion: 1.0.0\n"}, "c/Chart.yaml", 2,
			"chart requires kubeVersion: >= 1.99 which is incompatible with Kubernetes v1.35.0"},
		{"missing", map[string]string{"c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies:\n- version: 1.0.0\n  name: db\n"}, "c/Chart.yaml", 6,
			"found in Chart.yaml, but missing in charts/ directory: db"},
		{"null dependency", map[string]string{"c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies: [null]\n"}, "c/Chart.yaml", 0,
			"dependencies must not contain empty or null nodes"},
		{"subchart", map[string]string{"c/charts/s/Chart.yaml": "name: s\n"}, "c/charts/s/Chart.yaml", 0, "chart.metadata.version is required"},
		{"huge", map[string]string{"c/big": strings.Repeat("x", 5<<20+1)}, "c/big", 0, `chart file "big" is larger than the maximum file size`},
		{"alias bomb", map[string]string{"c/values.yaml": aliasBomb}, "c/values.yaml", 0, "document contains excessive aliasing"},
		{"crd", map[string]string{"c/crds/a.yaml": "apiVersion: v1\nkind: Pod\n---\na: {{ b }}\n"}, "c/crds/a.yaml", 4, "a mapping key is no plain value"},
		{"crd object", map[string]string{"c/crds/a.yaml": "apiVersion: v1\nkind: Pod\n---\na: b\n"}, "c/crds/a.yaml", 4, "no kind"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := renderChart(t, chartFiles(c.files), HelmOptions{})
			wantError(t, err, c.file, c.line, c.msg)
		})
	}
	_, err := renderChart(t, map[string]string{"c/values.yaml": ""}, HelmOptions{})
	wantError(t, err, "c", 0, "Chart.yaml file is missing")
	_, err = renderChart(t, nil, HelmOptions{})
	wantError(t, err, "c", 0, "no such file or directory")
}

var aliasBomb = func() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n")
	for i := '1'; i <= '9'; i++ {
		p := string(i - 1)
		b.WriteString("a" + string(i) + ": &a" + string(i) + " [" + strings.Repeat("*a"+p+",", 9) + "*a" + p + "]\n")
	}
	return b.String()
}()

func TestHelmRenderedBombs(t *testing.T) {
	for _, c := range []struct{ name, template, msg string }{
		{"aliases", aliasBomb + "apiVersion: v1\nkind: Pod\n", "expands to more than"},
		{"documents", "{{ range until 110000 }}---\na: b\n{{ end }}", "the templates give more than 100000 documents"},
		{"nesting", "a: {{ repeat 3000 \"[\" }}{{ repeat 3000 \"]\" }}", "nested deeper than"},
		{"text", "{{ $x := repeat 1048576 \"xxxxxxxx\" }}{{ range until 9 }}{{ $x }}{{ end }}", "the templates give 72 MB of text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := renderChart(t, chartFiles(map[string]string{"c/templates/a.yaml": c.template}), HelmOptions{})
			file := "c/templates/a.yaml"
			if c.name == "text" {
				file = "c"
			}
			if e := wantError(t, err, file, 0, c.msg); !e.Limit {
				t.Error("Limit is not set")
			}
		})
	}
}

func TestHelmAliasesMultiply(t *testing.T) {
	files, dir := map[string]string{}, "c"
	for range 10 {
		chart := "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies:\n"
		for _, alias := range []string{"a", "b", "d", "e"} {
			chart += "- {name: c, version: 1.0.0, alias: " + alias + "}\n"
		}
		files[dir+"/Chart.yaml"] = chart
		dir += "/charts/c"
	}
	files[dir+"/Chart.yaml"] = "apiVersion: v2\nname: c\nversion: 1.0.0\n"
	_, err := renderChart(t, files, HelmOptions{})
	wantError(t, err, "c", 0, "more than 1000 charts")
}

func TestHelmRedact(t *testing.T) {
	vals := map[string]any{"db": map[string]any{"password": "longvalue", "user": "someuser", "rootPassword": "root"},
		"secrets": []any{map[string]any{"value": "othervalue"}}}
	err := redactError(&Error{Msg: "longvalue xlongvalue someuser root othervalue."}, vals)
	wantEqual(t, err.(*Error).Msg, "*** xlongvalue someuser root ***.")
}
