package render

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// footprintCases are sources that lead to files in every way there is.
const footprintCases = `
-- plain/pod.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
-- base/kustomization.yaml --
resources: [cm.yaml]
-- base/cm.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: base}
-- overlay/kustomization.yaml --
resources: [../base, more]
components: [../component]
patches: [{path: patch.yaml}]
configMapGenerator: [{name: gen, files: [key=data/file.txt, shared/plain.txt], envs: [vars.env]}]
replacements: [{path: replace.yaml}]
generators: [gen.yaml, "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: inline}\nfiles: [inline.txt]\n"]
transformers: [../transformers]
openapi: {path: schema.json}
-- overlay/more/Kustomization --
resources: [cm.yaml]
namePrefix: more-
-- overlay/more/cm.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: more}
-- overlay/patch.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: base}
data: {a: b}
-- overlay/data/file.txt --
x
-- overlay/vars.env --
A=b
-- overlay/inline.txt --
x
-- overlay/replace.yaml --
source: {kind: ConfigMap, name: base}
targets: [{select: {kind: ConfigMap, name: base}, fieldPaths: [data.a]}]
-- overlay/gen.yaml --
apiVersion: builtin
kind: ConfigMapGenerator
metadata: {name: plugin}
files: [sub/plugin.txt]
-- overlay/sub/plugin.txt --
x
-- overlay/schema.json --
{}
-- overlay/shared/plain.txt --
x
-- transformers/kustomization.yml --
resources: [t.yaml]
-- transformers/t.yaml --
apiVersion: builtin
kind: PatchTransformer
metadata: {name: p}
target: {kind: ConfigMap}
path: from-a-plugin.yaml
-- overlay/from-a-plugin.yaml --
- {op: add, path: /metadata/labels, value: {a: b}}
-- component/kustomization.yaml --
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
namePrefix: c-
-- inflated/kustomization.yaml --
helmGlobals: {chartHome: ../charts}
helmCharts: [{name: web, valuesFile: my.yaml, additionalValuesFiles: [extra.yaml]}]
-- inflated/my.yaml --
a: 1
-- inflated/extra.yaml --
b: 1
-- plugin/kustomization.yaml --
generators: [chart.yaml]
-- plugin/chart.yaml --
apiVersion: builtin
kind: HelmChartInflationGenerator
metadata: {name: c}
name: db
chartHome: home
-- plugin/home/db/Chart.yaml --
apiVersion: v2
name: db
version: 0.1.0
-- plugin/home/db/values.yaml --
a: 0
-- plugin/home/db/templates/cm.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: db}
-- charts/web/Chart.yaml --
apiVersion: v2
name: web
version: 0.1.0
-- charts/web/values.yaml --
a: 0
-- charts/web/values-prod.yaml --
a: 2
-- charts/web/templates/cm.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data: {a: {{ .Values.a | quote }}, f: {{ .Files.Get "files/f.txt" | quote }}}
-- charts/web/files/f.txt --
x
-- broken/kustomization.yaml --
resources: [../gone, none.yaml]
-- linked/real.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: linked}
-- linked/kustomization.yaml --
resources: [link.yaml, dirlink]
`

func footprintTree(t *testing.T) *Tree {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(footprintCases)).Files {
		name := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"linked/link.yaml": "real.yaml", "linked/dirlink": "../overlay/more",
		"charts/web/templates/linked.yaml": "../../../plain/pod.yaml"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := OpenTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() })
	return tree
}

// What a render looks at is in the footprint; what it has nothing to do with is not.
func TestFootprints(t *testing.T) {
	tree := footprintTree(t)
	found, err := Discover(tree, DiscoverOptions{All: true})
	if err != nil {
		t.Fatal(err)
	}
	pool := NewPool(tree, Options{}, Limits{Workers: 1})
	defer pool.Close()
	prints := NewFootprints(tree, found)
	read := map[string]int{}
	err = pool.Render(context.Background(), tree, found.Sources, func(res Result) {
		if res.Err != nil != (res.Source.ID == "broken") {
			t.Errorf("%s: %v", res.Source.ID, res.Err)
		}
		read[res.Source.ID] = len(res.Read.Files)
		p := prints.Of(res.Source)
		for _, list := range [][]string{res.Read.Files, res.Read.Probed, res.Read.Links, res.Read.Missing} {
			for _, name := range list {
				if !p.Touches([]string{name}) {
					t.Errorf("%s looked at %s", res.Source.ID, name)
				}
			}
		}
		if !p.Covers(res.Read) {
			t.Errorf("%s is not covered", res.Source.ID)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if read["overlay"] < 14 || read["charts/web#prod"] < 6 || read["plugin"] < 4 || read["inflated"] < 7 || read["linked"] < 3 {
		t.Errorf("the sources read too little to show anything: %v", read)
	}
	for source, names := range map[string]string{
		"overlay":        "plain/other.yaml base/new.yaml charts/web/values.yaml linked/kustomization.yaml",
		"base":           "overlay/patch.yaml",
		"plain/pod.yaml": "plain/other.yaml",
		"charts/web":     "charts/other/Chart.yaml inflated/my.yaml",
	} {
		for _, s := range found.Sources {
			for _, name := range strings.Fields(names) {
				if s.ID == source && prints.Of(s).Touches([]string{name}) {
					t.Errorf("%s is said to read %s", source, name)
				}
			}
		}
	}
}

func TestFootprintsOfWhatIsMissing(t *testing.T) {
	tree := footprintTree(t)
	p := NewFootprints(tree, nil).Of(Source{ID: "broken", Path: "broken", Kind: KindKustomize})
	for _, name := range []string{"gone/kustomization.yaml", "gone", "broken/none.yaml", "broken/kustomization.yml"} {
		if !p.Touches([]string{name}) {
			t.Errorf("%s would matter if it were there", name)
		}
	}
	if p.Touches([]string{"broken/other.yaml", "goner/x"}) {
		t.Error("what nothing names matters")
	}
}

func TestMayHold(t *testing.T) {
	for text, want := range map[string]bool{
		"kind: LimitRange\n": true, "kind: Pod\n": false, "kind: {{ .Values.kind }}\n": true, "kind: \"\\x4cimitRange\"\n": true,
		"\x1f\x8b\x08": true, "a: '\\d'\n": false,
	} {
		tree := footprintTree(t).With(map[string][]byte{"plain/pod.yaml": []byte(text)})
		p := NewFootprints(tree, nil).Of(Source{ID: "plain/pod.yaml", Path: "plain/pod.yaml", Kind: KindPlain})
		if got := p.MayHold("LimitRange"); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
