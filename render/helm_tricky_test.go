//go:build conformance

package render

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHelmConformanceTricky compares with the command on small charts, each of which holds something that charts in the
// wild seldom do.
func TestHelmConformanceTricky(t *testing.T) {
	c := helmCommand{home: t.TempDir()}
	sub := subchart(t, configMap("x", ".Values"))
	lib := archive(t, [2]string{"lib/Chart.yaml", "apiVersion: v2\nname: lib\nversion: 1.0.0\ntype: library\n"},
		[2]string{"lib/templates/_x.tpl", `{{ define "lib.x" }}from lib{{ end }}`}, [2]string{"lib/templates/y.yaml", fmt.Sprintf(pod, "never")})
	one := family("- {name: one, version: 1.x, condition: one.enabled, tags: [t], import-values: [data]}\n- {name: two, version: '>=0', alias: zwei}\n")
	for name, files := range map[string]map[string]string{
		"plain":     {"templates/a.yaml": configMap("a", "list .Release .Chart .Capabilities.KubeVersion .Template")},
		"block":     {"templates/a.yaml": "apiVersion: v1\nkind: A\nx: |+\n  a\n\n\n---\napiVersion: v1\nkind: B\nx: |\n  b\n\n---\napiVersion: v1\nkind: C\nx: |-\n  c\n"},
		"separator": {"templates/a.yaml": "---\n---\napiVersion: v1\nkind: A\n--- # comment\napiVersion: v1\nkind: B\n---\n\n---\n# nothing\n---\n"},
		"crlf":      {"templates/a.yaml": "apiVersion: v1\r\nkind: A\r\n---\r\napiVersion: v1\r\nkind: B\r\nx: \"a\r\n  b\"\r\n"},
		"bom":       {"templates/a.yaml": "\xef\xbb\xbfapiVersion: v1\nkind: A\n", "values.yaml": "\xef\xbb\xbfa: b\n", "Chart.yaml": "\xef\xbb\xbfapiVersion: v2\nname: bom\nversion: 1.0.0\n"},
		"booleans":  {"templates/a.yaml": "apiVersion: v1\nkind: A\nyes: no\ny: on\nn: [0777, 0o7, 1_000, 1e3, .5, 0x1F, 12:30, 2020-01-01, ~, '', !!str 1, 0b1]\n"},
		"merge":     {"templates/a.yaml": "apiVersion: v1\nkind: A\na: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: {<<: [*a, {z: 1}], y: 4}\nd: *a\n"},
		"duplicate": {"templates/a.yaml": "apiVersion: v1\nkind: A\nx: 1\nx: 2\n"},
		"json":      {"templates/a.json": `{"apiVersion": "v1", "kind": "A", "x": [1, 2.50, 1e3, "\u00e9"]}`, "templates/b.txt": "apiVersion: v1\nkind: T\n"},
		"list": {"templates/a.yaml": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: A}\n- apiVersion: v1\n  kind: BList\n  items: [{apiVersion: v1, kind: B}]\n",
			"templates/b.yaml": "apiVersion: v1\nkind: Service\n"},
		"crds": {"crds/b.yaml": "---\napiVersion: v1\nkind: CB\n---\n# none\n---\napiVersion: v1\nkind: CC\nx: |\n  y\n", "crds/a.json": `{"apiVersion": "v1", "kind": "CA"}`,
			"crds/deep/x.YML": "apiVersion: v1\nkind: CD\nx: '{{ .Values }}'", "crds/r.md": "no", "charts/s/Chart.yaml": "name: s\nversion: 0.1.0\n", "charts/s/crds/z.yaml": "apiVersion: v1\nkind: CS\n"},
		"hooks": {"templates/a.yaml": fmt.Sprintf(podTemplate, "a", "pre-install,PRE-upgrade"), "templates/b.yaml": fmt.Sprintf(podTemplate, "b", "nonsense"),
			"templates/c.yaml": fmt.Sprintf(podTemplate, "c", "test"), "templates/d.yaml": strings.Replace(fmt.Sprintf(podTemplate, "d", "post-delete"), "Pod", "Service", 1),
			"templates/e.yaml": fmt.Sprintf(podTemplate, "e", ""), "templates/f.yaml": fmt.Sprintf(podTemplate, "f", "pre-install,test-failure")},
		"notes":        {"templates/NOTES.txt": "hello: {{ .Values }}", "templates/sub/NOTES.txt": "x", "templates/MY-NOTES.txt": "y", "templates/_p.yaml": "z", "templates/deep/_q.yaml": "z", "templates/deep/r.yaml": fmt.Sprintf(pod, "r")},
		"library":      {"charts/lib-1.0.0.tgz": lib, "templates/a.yaml": configMap("a", `include "lib.x" .`)},
		"tgz":          {"charts/sub-1.2.3.tgz": sub, "values.yaml": "sub: {b: 1}\nglobal: {g: 1}\n"},
		"tgz-broken":   {"charts/sub-1.2.3.tgz": "this is no archive"},
		"tgz-bad":      {"charts/sub-1.2.3.tgz": archive(t, [2]string{"s/Chart.yaml", "name: s\n"})},
		"tgz-parent":   {"charts/sub-1.2.3.tgz": archive(t, [2]string{"s/Chart.yaml", "name: s\nversion: 1.0.0\n"}, [2]string{"s/../../x", "y"})},
		"tgz-absolute": {"charts/sub-1.2.3.tgz": archive(t, [2]string{"s//x", "y"})},
		"prov":         {"charts/sub-1.2.3.tgz.prov": "signature", "templates/a.yaml": configMap("a", `.Files.Get "charts/sub-1.2.3.tgz.prov"`)},
		"family":       one,
		"null":         {"values.yaml": "a: {b: 1, c: null}\nd: null\n", "templates/a.yaml": configMap("a", ".Values")},
		"empty-values": {"values.yaml": "# nothing\n", "templates/a.yaml": configMap("a", ".Values")},
		"ignore": {".helmignore": "# c\n\n*.txt\n!keep.txt\ndir/\n/top\na/b\n", "templates/a.yaml": configMap("a", `.Files.Glob "**" | keys | sortAlpha`), "keep.txt": "k", "x.txt": "x",
			"dir/y": "y", "top": "t", "deep/top": "t", "a/b": "b", "deep/a/b": "b", "templates/.x.yaml": "nonsense: :"},
		"ignore-bad":  {".helmignore": "a/**\n"},
		"stray":       {"charts/README.md": "stray"},
		"underscore":  {"charts/_x/y": "z", "charts/.x/y": "z", "templates/a.yaml": configMap("a", `.Files.Glob "**" | keys | sortAlpha`)},
		"v1":          {"Chart.yaml": "name: v1\nversion: 1.0.0\n", "requirements.yaml": "dependencies: []\n", "templates/a.yaml": configMap("a", `list .Chart.APIVersion (.Files.Get "requirements.yaml")`)},
		"kube":        {"Chart.yaml": "apiVersion: v2\nname: kube\nversion: 1.0.0\nkubeVersion: '<1.20'\n"},
		"type":        {"Chart.yaml": "apiVersion: v2\nname: type\nversion: 1.0.0\ntype: library\n"},
		"bad-type":    {"Chart.yaml": "apiVersion: v2\nname: type\nversion: 1.0.0\ntype: other\n"},
		"bad-version": {"Chart.yaml": "apiVersion: v2\nname: x\nversion: latest\n"},
		"bad-name":    {"Chart.yaml": "apiVersion: v2\nname: a/b\nversion: 1.0.0\n"},
		"twice":       {"Chart.yaml": "apiVersion: v2\nname: x\nversion: 1.0.0\ndependencies: [{name: a}, {name: a}]\n"},
		"schema":      {"values.schema.json": `{"properties": {"a": {"type": "integer"}, "b": {"$ref": "urn:x"}}, "required": ["c"]}`, "values.yaml": "a: x\n"},
		"schema-json": {"values.schema.json": `{"type": `},
		"schema-type": {"values.schema.json": `{"type": "nonsense"}`},
		"syntax":      {"templates/a.yaml": "a: 1\nb: {{ if }}"},
		"unclosed":    {"templates/a.yaml": "a: 1\nb: {{ .Values.a"},
		"function":    {"templates/a.yaml": "b: {{ nonsense 1 }}"},
		"nil":         {"templates/a.yaml": "\n{{ include \"d\" . }}", "templates/_d.tpl": "{{ define \"d\" }}\n{{ .Values.a.b.c }}{{ end }}"},
		"tpl":         {"templates/a.yaml": "\n{{ tpl \"{{ .Values.a.b.c }}\" . }}"},
		"required":    {"templates/a.yaml": "\n\n{{ required \"need a: now\" .Values.a }}"},
		"fail-lines":  {"templates/a.yaml": "{{ fail \"one\\ntwo: three\" }}"},
		"toyaml":      {"templates/a.yaml": "apiVersion: v1\nkind: A\na: {{ fromYaml \"a: b: c\" | toJson }}"},
		"env":         {"templates/a.yaml": `a: {{ env "HOME" }}`},
		"yaml":        {"templates/a.yaml": "a: b\nc: d: e\n"},
		"yaml-tab":    {"templates/a.yaml": "a:\n\tb: c\n"},
		"yaml-list":   {"templates/a.yaml": "- a\n"},
		"yaml-text":   {"templates/a.yaml": "hello\n"},
		"annotation":  {"templates/a.yaml": "apiVersion: v1\nkind: A\nmetadata: {annotations: {a: 1, b: yes, helm.sh/hook-weight: 3, helm.sh/hook: post-install}}\n"},
		"metadata":    {"templates/a.yaml": "apiVersion: v1\nkind: A\nmetadata: text\n"},
		"kind":        {"templates/a.yaml": "apiVersion: v1\nkind: [A]\n"},
		"mismatch":    {"values.yaml": "s: text\n", "charts/s/Chart.yaml": "name: s\nversion: 0.1.0\n"},
	} {
		dir := t.TempDir()
		chart := filepath.Join("repo", name)
		for file, text := range files {
			path := filepath.Join(dir, chart, strings.TrimPrefix(file, "c/"))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if path := filepath.Join(dir, chart, "Chart.yaml"); files["Chart.yaml"] == "" && files["c/Chart.yaml"] == "" {
			if err := os.WriteFile(path, []byte("apiVersion: v2\nname: "+name+"\nversion: 1.0.0\nappVersion: 2\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for _, o := range []helmCall{{}, {flags: []string{"--skip-tests"}, opts: HelmOptions{SkipTests: true}},
			{flags: []string{"--no-hooks"}, opts: HelmOptions{NoHooks: true}}, {noCRDs: true, opts: HelmOptions{SkipCRDs: true}},
			{flags: []string{"--set", "one.enabled=false,tags.t=true,a=null,zwei.inner=null"}, opts: HelmOptions{Set: []string{"one.enabled=false,tags.t=true,a=null,zwei.inner=null"}}}} {
			if problem := c.compare(dir, chart, o, &helmTotals{}); problem != "" {
				t.Errorf("%s %v: %s", name, o.flags, problem)
			}
		}
	}
}
