package render

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/releaseutil"
)

// helmTree is a tree of the given files, in memory.
func helmTree(t *testing.T, files map[string]string) *Tree {
	t.Helper()
	tree, err := OpenTree(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() })
	edits := map[string][]byte{}
	for name, text := range files {
		edits[name] = []byte(text)
	}
	return tree.With(edits)
}

// configMap is a template of a ConfigMap that says what an expression gives.
func configMap(name, expr string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s\ndata:\n  v: {{ %s | toJson | quote }}\n", name, expr)
}

// chartFiles are the files of the chart c at directory c, plus others.
func chartFiles(more map[string]string) map[string]string {
	out := map[string]string{"c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n"}
	maps.Copy(out, more)
	return out
}

func renderChart(t *testing.T, files map[string]string, o HelmOptions) ([]Object, error) {
	t.Helper()
	objects, _, err := renderHelm(helmTree(t, files), Source{Path: "c", Kind: KindHelm, Helm: o}, Options{}, newBudget())
	return objects, err
}

// mustRender gives the objects of chart c as "Kind name file".
func mustRender(t *testing.T, files map[string]string, o HelmOptions) []string {
	t.Helper()
	objects, err := renderChart(t, files, o)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, x := range objects {
		out = append(out, x.Kind+" "+x.Name+" "+x.File)
	}
	return out
}

// value gives data.v of the one ConfigMap that a chart renders to.
func value(t *testing.T, files map[string]string, o HelmOptions) string {
	t.Helper()
	objects, err := renderChart(t, files, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(objects) != 1 {
		t.Fatalf("got %d objects, want 1", len(objects))
	}
	v, err := fieldAt(objects[0].JSON, Keys("data", "v"))
	if err != nil {
		t.Fatal(err)
	}
	return v.(string)
}

// wantError checks file, line and message of an error; the message need only hold msg.
func wantError(t *testing.T, err error, file string, line int, msg string) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an *Error", err)
	}
	if e.File != file || e.Line != line || !strings.Contains(e.Msg, msg) {
		t.Errorf("got  %v\nwant %s:%d: %s", e, file, line, msg)
	}
	return e
}

func wantEqual(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestHelmReleaseAndCapabilities(t *testing.T) {
	files := chartFiles(map[string]string{"c/templates/a.yaml": configMap("a",
		`list .Release.Name .Release.Namespace .Release.IsInstall .Release.IsUpgrade .Release.Revision .Release.Service `+
			`.Capabilities.KubeVersion.Version (.Capabilities.APIVersions.Has "example.com/v1") `+
			`(.Capabilities.APIVersions.Has "policy/v1") (lookup "v1" "Secret" "a" "b") (getHostByName "localhost")`)})
	wantEqual(t, value(t, files, HelmOptions{}),
		`["release-name","default",true,false,1,"Helm","v1.35.0",false,true,{},""]`)
	wantEqual(t, value(t, files, HelmOptions{ReleaseName: "r", Namespace: "n", IsUpgrade: true, KubeVersion: "1.29.1", APIVersions: []string{"example.com/v1"}}),
		`["r","n",false,true,1,"Helm","v1.29.1",true,true,{},""]`)
	wantEqual(t, value(t, files, HelmOptions{NameTemplate: `{{ "AB" | lower }}`}),
		`["ab","default",true,false,1,"Helm","v1.35.0",false,true,{},""]`)

	_, err := renderChart(t, files, HelmOptions{NameTemplate: `r-{{ randAlpha 4 | lower }}`})
	wantError(t, err, "c", 0, `function "randAlpha" not defined`)
	_, err = renderChart(t, files, HelmOptions{NameTemplate: `{{ env "HOME" }}`})
	wantError(t, err, "c", 0, `function "env" not defined`)
	_, err = renderChart(t, files, HelmOptions{NameTemplate: "a", ReleaseName: "b"})
	wantError(t, err, "c", 0, "cannot set --name-template and also specify a name")
	_, err = renderChart(t, files, HelmOptions{ReleaseName: "Not_Valid"})
	wantError(t, err, "c", 0, "invalid release name")
	_, err = renderChart(t, files, HelmOptions{KubeVersion: "new"})
	wantError(t, err, "c", 0, "invalid kube version 'new'")
}

func TestHelmEnvironmentIsNotRead(t *testing.T) {
	_, err := renderChart(t, chartFiles(map[string]string{"c/templates/a.yaml": configMap("a", `env "HOME"`)}), HelmOptions{})
	wantError(t, err, "c/templates/a.yaml", 6, `function "env" not defined`)
}

const podTemplate = `apiVersion: v1
kind: Pod
metadata:
  name: %s
  annotations:
    helm.sh/hook: %q
`

func TestHelmOrder(t *testing.T) {
	files := chartFiles(map[string]string{
		"c/crds/b.yaml": "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: b1}\n---\n# nothing\n---\n" +
			"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: '{{ b2 }}'}\n",
		"c/crds/notes.md":          "no manifest",
		"c/templates/NOTES.txt":    "Hello",
		"c/templates/_help.tpl":    `{{ define "x" }}a: b{{ end }}`,
		"c/templates/a.yaml":       "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: s}\n---\n# empty\n",
		"c/templates/b.yaml":       "apiVersion: z/v1\nkind: Zeta\nmetadata: {name: z}\n---\napiVersion: a/v1\nkind: Alpha\nmetadata: {name: a}\n",
		"c/templates/blank.yaml":   "{{ if false }}a{{ end }}\n\n",
		"c/templates/hook.yaml":    fmt.Sprintf(podTemplate, "hook", "pre-install, post-upgrade"),
		"c/templates/test.yaml":    fmt.Sprintf(podTemplate, "test", "test-success"),
		"c/templates/numbers.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: num, annotations: {helm.sh/hook: test, helm.sh/hook-weight: 1}}\n",
		"c/templates/unknown.yaml": fmt.Sprintf(podTemplate, "unknown", "crd-install"),
	})
	crds := []string{"CustomResourceDefinition b1 c/crds/b.yaml", "CustomResourceDefinition {{ b2 }} c/crds/b.yaml"}
	manifests := []string{"Service s c/templates/a.yaml", "Deployment d c/templates/a.yaml", "Alpha a c/templates/b.yaml", "Zeta z c/templates/b.yaml"}
	hook, test := "Pod hook c/templates/hook.yaml", "Pod test c/templates/test.yaml"
	numbers := "Pod num c/templates/numbers.yaml"
	all := func(parts ...[]string) (out []string) {
		for _, p := range parts {
			out = append(out, p...)
		}
		return out
	}
	wantEqual(t, mustRender(t, files, HelmOptions{}), all(crds, manifests, []string{hook, numbers, test}))
	wantEqual(t, mustRender(t, files, HelmOptions{SkipCRDs: true}), all(manifests, []string{hook, numbers, test}))
	wantEqual(t, mustRender(t, files, HelmOptions{SkipTests: true}), all(crds, manifests, []string{hook}))
	wantEqual(t, mustRender(t, files, HelmOptions{NoHooks: true}), all(crds, manifests))

	objects, empty, err := renderHelm(helmTree(t, files), Source{Path: "c"}, Options{Text: true}, newBudget())
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, empty, 2)
	wantEqual(t, objects[1].Template, false)
	wantEqual(t, objects[1].Doc, 2)
	wantEqual(t, objects[2].Template, true)
	wantEqual(t, objects[2].Doc, -1)
	wantEqual(t, objects[2].Text, "apiVersion: v1\nkind: Service\nmetadata: {name: s}\n")
	wantEqual(t, objects[2].Ref, ObjectRef{"v1", "Service", "", "s"})
}

func TestHelmSplit(t *testing.T) {
	for _, text := range []string{"", " \n ", "a: 1", "---\na: 1\n---\n", "a: 1\n---\n---\nb: 2", "a: 1\n--- # c\nb: 2", "---\n---\na", "----\n-----BEGIN",
		"a: |\n  ---\n  b\n\n \n---\t\n c", "\r\n---\r\na: 1\r\n---\r\nb", "x---\n---", "a\n\f\n---\fb\n\n---"} {
		split := releaseutil.SplitManifests(text)
		var want []string
		for i := range len(split) {
			want = append(want, split[fmt.Sprintf("manifest-%d", i)])
		}
		if got := splitManifests(text); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %q, helm %q", text, got, want)
		}
	}
}

func FuzzHelmSplit(f *testing.F) {
	f.Add("a: 1\n---\n---\nb: 2")
	f.Fuzz(func(t *testing.T, text string) {
		split := releaseutil.SplitManifests(text)
		var want []string
		for i := range len(split) {
			want = append(want, split[fmt.Sprintf("manifest-%d", i)])
		}
		if got := splitManifests(text); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %q, helm %q", text, got, want)
		}
	})
}

// TestHelmAPIVersions notes when the linked helm knows versions of built-in APIs that the list lacks: it is time to look
// at the list again when helm moves.
func TestHelmAPIVersions(t *testing.T) {
	known := chartutil.VersionSet(helmAPIVersions)
	for _, v := range []string{"v1", "apps/v1", "batch/v1", "networking.k8s.io/v1", "apiextensions.k8s.io/v1"} {
		if !known.Has(v) || !chartutil.DefaultVersionSet.Has(v) {
			t.Errorf("%s is missing", v)
		}
	}
}

func TestHelmManifestsMustBeObjects(t *testing.T) {
	for _, c := range []struct{ text, msg string }{
		{"a: b\nc: d: e\n", "yaml: line 2: mapping values are not allowed in this context"},
		{"- a\n", "json: cannot unmarshal array"},
		{"apiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: [b]}\n", "json: cannot unmarshal array"},
		{"apiVersion: v1\nmetadata: {name: a}\n", "no kind"},
		{"kind: Pod\napiVersion: v1\nx: *y\n", "unknown anchor referenced"},
	} {
		_, err := renderChart(t, chartFiles(map[string]string{"c/templates/a.yaml": "{{/* first\n\n*/}}" + c.text}), HelmOptions{})
		wantError(t, err, "c/templates/a.yaml", 0, c.msg)
	}
}
