package render

import (
	"strings"
	"testing"
)

func TestHelmValuesOrder(t *testing.T) {
	files := chartFiles(map[string]string{
		"c/values.yaml":      "a: chart\nb: chart\nc: chart\nd: chart\ne: chart\nf: chart\ng: chart\nm: {x: chart, w: chart}\ngone: 1\n",
		"one.yaml":           "a: one\nb: one\nc: one\nd: one\ne: one\nf: one\nm: {x: one}\n",
		"two.yaml":           "a: two\nb: two\nc: two\nd: two\ne: two\nm: {z: two}\ngone: null\n",
		"text":               "file",
		"c/templates/a.yaml": configMap("a", ".Values"),
	})
	got := value(t, files, HelmOptions{
		Values:     []ValueLayer{{File: "one.yaml", Encoding: EncodingFile}, {File: "two.yaml", Encoding: EncodingFile}},
		SetLiteral: []string{"a=literal,x"},
		SetFile:    []string{"a=text", "b=text"},
		SetString:  []string{"a=1", "b=1", "c=1"},
		Set:        []string{"a=2", "b=2", "c=2", "d=2"},
		SetJSON:    []string{`a={"j":3}`, "b=3", "c=3", "d=3", "e=3"},
	})
	wantEqual(t, got, `{"a":"literal,x","b":"file","c":"1","d":2,"e":3,"f":"one","g":"chart","m":{"w":"chart","x":"one","z":"two"}}`)
}

func TestHelmValueLayers(t *testing.T) {
	app := `# comment
kind: Other
---
spec:
  sources:
  - helm:
      values: |
        a: text
        num: 1
      valuesObject:
        a: object
        big: 10000000
      broken: |
        a: b
        c: d: e
      list: [a]
      empty:
`
	files := chartFiles(map[string]string{"app.yaml": app, "c/templates/a.yaml": configMap("a", ".Values"), "bad.yaml": "a: 1\nb: c: d\n", "list.yaml": "[a]"})
	at := func(encoding Encoding, field string) ValueLayer {
		return ValueLayer{File: "app.yaml", Doc: 1, DocPath: Keys("spec", "sources").At(0).Key("helm", field), Encoding: encoding}
	}
	wantEqual(t, value(t, files, HelmOptions{Values: []ValueLayer{at(EncodingText, "values"), at(EncodingObject, "valuesObject")}}),
		`{"a":"object","big":10000000,"num":1}`)
	wantEqual(t, value(t, files, HelmOptions{Values: []ValueLayer{at(EncodingObject, "valuesObject"), at(EncodingText, "values")}}),
		`{"a":"text","big":10000000,"num":1}`)
	wantEqual(t, value(t, files, HelmOptions{Values: []ValueLayer{at(EncodingText, "empty"), at(EncodingObject, "empty")}}), `{}`)

	for _, c := range []struct {
		layer ValueLayer
		file  string
		line  int
		msg   string
	}{
		{at(EncodingText, "broken"), "app.yaml", 15, "mapping values are not allowed"},
		{at(EncodingText, "valuesObject"), "app.yaml", 11, "spec.sources[0].helm.valuesObject is no text"},
		{at(EncodingObject, "list"), "app.yaml", 16, "spec.sources[0].helm.list is no mapping"},
		{at(EncodingObject, "gone"), "app.yaml", 7, "has no spec.sources[0].helm.gone"},
		{ValueLayer{File: "app.yaml", Doc: 2, Encoding: EncodingObject}, "app.yaml", 0, "holds 2 documents"},
		{ValueLayer{File: "gone.yaml"}, "gone.yaml", 0, "no such file or directory"},
		{ValueLayer{File: "../up.yaml"}, "../up.yaml", 0, "outside the repository"},
		{ValueLayer{File: "https://example.com/v.yaml"}, "https://example.com/v.yaml", 0, "values are read from the repository only"},
		{ValueLayer{File: "bad.yaml"}, "bad.yaml", 2, "mapping values are not allowed"},
		{ValueLayer{File: "list.yaml"}, "list.yaml", 0, "json: cannot unmarshal array"},
	} {
		_, err := renderChart(t, files, HelmOptions{Values: []ValueLayer{c.layer}})
		wantError(t, err, c.file, c.line, c.msg)
	}
}

func TestHelmSetErrorsHideValues(t *testing.T) {
	for _, o := range []HelmOptions{
		{Set: []string{"auth.password=hunter2,hunter3"}},
		{SetJSON: []string{`auth.password="hunter2`}},
	} {
		_, err := renderChart(t, chartFiles(nil), o)
		e := wantError(t, err, "c", 0, "failed parsing --set")
		if text := e.Error() + e.Hint; strings.Contains(text, "hunter") || !strings.Contains(text, "auth.password") {
			t.Errorf("got %s", text)
		}
	}
	_, err := renderChart(t, chartFiles(nil), HelmOptions{SetFile: []string{"a=/etc/passwd"}})
	wantError(t, err, "/etc/passwd", 0, "outside the repository")
}

// family is a chart c with the subcharts one and two, each of which makes a ConfigMap of its values.
func family(dependencies string) map[string]string {
	files := map[string]string{"c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies:\n" + dependencies}
	for _, name := range []string{"one", "two"} {
		files["c/charts/"+name+"/Chart.yaml"] = "apiVersion: v2\nname: " + name + "\nversion: 1.0.0\n"
		files["c/charts/"+name+"/values.yaml"] = "exports: {data: {fromExport: " + name + "}}\ninner: {fromInner: " + name + "}\n"
		files["c/charts/"+name+"/templates/a.yaml"] = configMap("{{ .Chart.Name }}", ".Values")
	}
	return files
}

func TestHelmDependencies(t *testing.T) {
	files := family(`- {name: one, version: 1.x, condition: "one.enabled,x.y", tags: [front]}` + "\n" + `- {name: two, version: ">=1", tags: [back]}` + "\n")
	one, two := "ConfigMap one c/charts/one/templates/a.yaml", "ConfigMap two c/charts/two/templates/a.yaml"
	for _, c := range []struct {
		set  []string
		want []string
	}{
		{nil, []string{one, two}},
		{[]string{"one.enabled=false"}, []string{two}},
		{[]string{"tags.back=false"}, []string{one}},
		{[]string{"tags.front=false,one.enabled=true"}, []string{one, two}},
		{[]string{"tags.front=false,tags.back=false"}, nil},
	} {
		wantEqual(t, mustRender(t, files, HelmOptions{Set: c.set}), c.want)
	}
}

func TestHelmAlias(t *testing.T) {
	files := family("- {name: one, version: 1.0.0, alias: first}\n- {name: one, version: 1.0.0, alias: second}\n- {name: two, version: 1.0.0, condition: no}\n")
	files["c/values.yaml"] = "no: false\n"
	wantEqual(t, mustRender(t, files, HelmOptions{}), []string{
		"ConfigMap first c/charts/one/templates/a.yaml", "ConfigMap second c/charts/one/templates/a.yaml"})
	files["c/charts/one/templates/a.yaml"] = "\n{{ if eq .Chart.Name \"second\" }}{{ fail \"no\" }}{{ end }}"
	_, err := renderChart(t, files, HelmOptions{})
	wantError(t, err, "c/charts/one/templates/a.yaml", 2, "no")
}

func TestHelmImportValues(t *testing.T) {
	files := family("- {name: one, version: 1.0.0, import-values: [data]}\n" +
		"- {name: two, version: 1.0.0, import-values: [{child: inner, parent: here}]}\n")
	delete(files, "c/charts/one/templates/a.yaml")
	delete(files, "c/charts/two/templates/a.yaml")
	files["c/templates/a.yaml"] = configMap("a", "list .Values.fromExport .Values.here")
	wantEqual(t, value(t, files, HelmOptions{}), `["one",{"fromInner":"two"}]`)
	wantEqual(t, value(t, files, HelmOptions{Set: []string{"fromExport=mine"}}), `["mine",{"fromInner":"two"}]`)
}

func TestHelmGlobals(t *testing.T) {
	files := family("- {name: one, version: 1.0.0}\n- {name: two, version: 1.0.0}\n")
	delete(files, "c/charts/two/templates/a.yaml")
	files["c/values.yaml"] = "global: {g: 1}\none: {inner: null}\n"
	wantEqual(t, value(t, files, HelmOptions{}), `{"exports":{"data":{"fromExport":"one"}},"global":{"g":1}}`)
}

func TestHelmRequirements(t *testing.T) {
	files := family("")
	files["c/Chart.yaml"] = "apiVersion: v1\nname: c\nversion: 1.0.0\n"
	files["c/requirements.yaml"] = "dependencies:\n- name: one\n  version: 1.0.0\n  condition: use\n"
	wantEqual(t, mustRender(t, files, HelmOptions{Set: []string{"use=false"}}), []string{"ConfigMap two c/charts/two/templates/a.yaml"})
	files["c/requirements.yaml"] += "- name: three\n  version: 1.0.0\n"
	_, err := renderChart(t, files, HelmOptions{})
	wantError(t, err, "c/requirements.yaml", 5, "found in Chart.yaml, but missing in charts/ directory: three")
}

func TestHelmSchema(t *testing.T) {
	files := chartFiles(map[string]string{
		"c/values.yaml":        "replicas: 1\npassword: hunter22\n",
		"c/values.schema.json": `{"properties": {"replicas": {"type": "integer"}, "password": {"pattern": "^[0-9]*$"}}, "$defs": {"x": {"$ref": "urn:nobody"}}}`,
		"c/templates/a.yaml":   configMap("a", ".Values.replicas"),
	})
	_, err := renderChart(t, files, HelmOptions{Set: []string{"replicas=many"}})
	e := wantError(t, err, "c/values.schema.json", 0, "at '/password': '***' does not match pattern '^[0-9]*$'; at '/replicas': got string, want integer")
	if strings.Contains(e.Msg, "hunter") {
		t.Errorf("the message holds the value: %s", e.Msg)
	}
	wantEqual(t, value(t, files, HelmOptions{Set: []string{"replicas=many"}, SkipSchema: true}), `"many"`)
	wantEqual(t, value(t, files, HelmOptions{Set: []string{"password=1"}}), `1`)
}

func TestHelmSubchartSchema(t *testing.T) {
	files := family("- {name: one, version: 1.0.0}\n- {name: two, version: 1.0.0}\n")
	files["c/charts/two/values.schema.json"] = `{"properties": {"n": {"type": "integer"}}}`
	_, err := renderChart(t, files, HelmOptions{Set: []string{"two.n=x"}})
	wantError(t, err, "c/charts/two/values.schema.json", 0, "at '/n': got string, want integer")
	_, err = renderChart(t, files, HelmOptions{Set: []string{"one=hunter22"}})
	e := wantError(t, err, "c", 0, "type mismatch on one")
	if strings.Contains(e.Msg, "hunter") {
		t.Errorf("the message holds the value: %s", e.Msg)
	}
}

func TestHelmSchemaIsClosed(t *testing.T) {
	for _, ref := range []string{"http://127.0.0.1:1/x.json", "https://example.com/x", "file:///etc/passwd", "other.json", "../x.json", "ftp://example.com/x"} {
		_, err := renderChart(t, chartFiles(map[string]string{"c/values.schema.json": `{"$ref": "` + ref + `"}`, "c/other.json": "{}"}), HelmOptions{})
		wantError(t, err, "c/values.schema.json", 0, "a schema may refer to itself only")
	}
	_, err := renderChart(t, chartFiles(map[string]string{"c/values.schema.json": `{"a":`}), HelmOptions{})
	wantError(t, err, "c/values.schema.json", 0, "unexpected EOF")
}
