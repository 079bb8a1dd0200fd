package render

import (
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"
	"testing"
	"time"
)

// discovered describes what is found: sources, what was skipped and why, what failed.
func discovered(t *testing.T, tree *Tree, o DiscoverOptions) string {
	t.Helper()
	d, err := Discover(tree, o)
	if err != nil {
		return "error: " + err.Error()
	}
	var out []string
	for _, s := range d.Sources {
		out = append(out, fmt.Sprintf("%s %s", s.Kind, s.ID))
	}
	for _, s := range d.Skipped {
		out = append(out, fmt.Sprintf("skip %s (%s)", s.Path, s.Reason))
	}
	for _, e := range d.Failed {
		out = append(out, "fail "+e.Error())
	}
	return strings.Join(out, "\n")
}

const (
	anyChart = "apiVersion: v2\nname: c\nversion: 0.1.0\n"
	podHead  = "apiVersion: v1\nkind: Pod\n"
)

var discoverCases = []struct {
	name  string
	files map[string]string
	o     DiscoverOptions
	want  string
}{
	{"plain files", map[string]string{"a.yaml": podHead, "b/c.yml": "", "d.json": "{}", "e.txt": "x", "node_modules/x/a.yaml": podHead},
		DiscoverOptions{}, "plain a.yaml\nplain b/c.yml\nplain d.json\nskip node_modules (installed packages)"},
	{"bases, components, resources", map[string]string{
		"base/kustomization.yaml": "resources: [a.yaml]", "base/a.yaml": podHead, "base/other.yaml": podHead,
		"old/kustomization.yml": "resources: []", "comp/Kustomization": "kind: Component",
		"lone/kustomization.yaml": "kind: Component\npatches: [{path: p.yaml}]", "lone/p.yaml": "",
		"prod/kustomization.yaml": "resources: [../base]\nbases: [../old]\ncomponents: [../comp]"},
		DiscoverOptions{}, "plain base/other.yaml\nkustomize prod\nskip base (used by prod)\nskip base/a.yaml (read by the kustomization in base)\n" +
			"skip comp (used by prod)\nskip lone (component that nothing uses)\nskip lone/p.yaml (read by the kustomization in lone)\nskip old (used by prod)"},
	{"all", map[string]string{"base/kustomization.yaml": "", "prod/kustomization.yaml": "resources: [../base]", "c/Chart.yaml": anyChart, "c/charts/d/Chart.yaml": anyChart},
		DiscoverOptions{All: true}, "kustomize base\nhelm c\nhelm c/charts/d\nkustomize prod"},
	{"a named base", map[string]string{"base/kustomization.yaml": "", "prod/kustomization.yaml": "resources: [../base]"},
		DiscoverOptions{Paths: []string{"base"}}, "kustomize base"},
	{"a named file that a kustomization reads", map[string]string{"b/kustomization.yaml": "resources: [a.yaml]", "b/a.yaml": podHead},
		DiscoverOptions{Paths: []string{"b/a.yaml"}}, "plain b/a.yaml"},
	{"nothing there", map[string]string{"a.yaml": podHead}, DiscoverOptions{Paths: []string{"b"}}, "error: open b: no such file or directory"},
	{"outside", map[string]string{"a.yaml": podHead}, DiscoverOptions{Paths: []string{"../b"}}, "error: ../b is outside the repository"},
	{"generators, patches, charts and whatever else names a file", map[string]string{
		"k/kustomization.yaml": "configMapGenerator: [{name: c, files: [x=f.yaml, g.yaml], envs: [e.yaml]}]\nsecretGenerator: [{name: s, env: h.yaml}]\n" +
			"patchesJson6902: [{path: j.yaml}]\nreplacements: [{path: r.yaml}]\nopenapi: {path: o.json}\ncrds: [d.yaml]\nconfigurations: [n.yaml]\n" +
			"generators: [i.yaml]\ntransformers: [t.yaml]\nvalidators: [v.yaml]\nhelmCharts: [{name: web, version: 1.0.0, valuesFile: l.yaml, additionalValuesFiles: [m.yaml]}]",
		"k/f.yaml": "", "k/g.yaml": "", "k/e.yaml": "", "k/h.yaml": "", "k/j.yaml": "", "k/r.yaml": "", "k/o.json": "", "k/d.yaml": "", "k/n.yaml": "",
		"k/i.yaml": "", "k/t.yaml": "", "k/v.yaml": "", "k/l.yaml": "", "k/m.yaml": "", "k/z.yaml": podHead,
		"k/charts/web/Chart.yaml": anyChart, "k/charts/web-1.0.0/web/Chart.yaml": anyChart},
		DiscoverOptions{}, "kustomize k\nplain k/z.yaml\nskip k/charts/web (inflated by the kustomization in k)\n" +
			"skip k/charts/web-1.0.0/web (inflated by the kustomization in k)\n" +
			"" + skipRead("k", "d e f g h i j l m n") +
			"skip k/o.json (read by the kustomization in k)\n" + strings.TrimSpace(skipRead("k", "r t v"))},
	{"charts in charts, libraries", map[string]string{
		"c/Chart.yaml": anyChart, "c/values.yaml": "", "c/values.schema.json": "", "c/templates/x.yaml": "{{ }}", "c/crds/y.yaml": "", "c/ci/z-values.yaml": "",
		"c/charts/sub/Chart.yaml": anyChart, "c/charts/sub/templates/a.yaml": "", "c/extra.yaml": podHead, "lib/Chart.yaml": anyChart + "type: library\n",
		"c/templates/k/kustomization.yaml": ""},
		DiscoverOptions{}, "helm c\nplain c/extra.yaml\nskip c/charts/sub (subchart of c)\n" +
			"skip c/charts/sub/templates/a.yaml (part of the chart c/charts/sub)\nskip c/ci/z-values.yaml (part of the chart c)\n" +
			"skip c/crds/y.yaml (part of the chart c)\nskip c/templates/k (template of the chart c)\nskip c/templates/x.yaml (part of the chart c)\n" +
			"skip c/values.schema.json (part of the chart c)\nskip c/values.yaml (part of the chart c)\nskip lib (library chart)"},
	{"a chart and a kustomization in one place", map[string]string{"x/Chart.yaml": anyChart, "x/kustomization.yaml": ""}, DiscoverOptions{},
		"kustomize x\nhelm x/Chart.yaml"},
	{"circles", map[string]string{"a/kustomization.yaml": "resources: [../b]", "b/kustomization.yaml": "resources: [../a]", "c/kustomization.yaml": "resources: [../c]"},
		DiscoverOptions{}, "kustomize a\nkustomize c\nskip b (used by a)"},
	{"links", map[string]string{"a.yaml": podHead, "b.yaml": "-> a.yaml", "dir/x.yaml": podHead, "to": "-> dir", "gone.yaml": "-> nobody", "out.json": "-> ../x", "bin": "-> /bin/x",
		"c/Chart.yaml": anyChart, "c/templates/l.yaml": "-> nobody", "k/kustomization.yaml": "-> ../real.yaml", "real.yaml": "resources: [q.yaml]", "k/q.yaml": podHead, ".git/x.yaml": podHead},
		DiscoverOptions{}, "plain a.yaml\nhelm c\nplain dir/x.yaml\nkustomize k\nplain real.yaml\n" +
			"skip b.yaml (link to a.yaml)\nskip bin (link that leads nowhere or out of the repository)\n" +
			"skip c/templates/l.yaml (part of the chart c)\nskip k/q.yaml (read by the kustomization in k)\nskip to (link to dir)\n" +
			"fail gone.yaml: is a link that leads to nothing: nobody does not exist\nfail out.json: is a link to ../x, outside the repository"},
}

func skipRead(dir, names string) string {
	var b strings.Builder
	for _, n := range strings.Fields(names) {
		fmt.Fprintf(&b, "skip %s/%s.yaml (read by the kustomization in %s)\n", dir, n, dir)
	}
	return b.String()
}

func TestDiscover(t *testing.T) {
	for _, c := range discoverCases {
		tree := writeRepo(t, c.files)
		got := discovered(t, tree, c.o)
		g, w := strings.Split(got, "\n"), strings.Split(c.want, "\n")
		sort.Strings(g)
		sort.Strings(w)
		if strings.Join(g, "\n") != strings.Join(w, "\n") {
			t.Errorf("%s: found\n%s\nwant\n%s", c.name, strings.Join(g, "\n"), strings.Join(w, "\n"))
		}
	}
}

// Discovery looks at names, and reads kustomizations and Chart.yaml only.
func TestDiscoverIsCheap(t *testing.T) {
	files := map[string]string{"big/kustomization.yaml": strings.Repeat("# x\n", maxIndexFile)}
	for i := range 200 {
		files[fmt.Sprintf("a/%d/kustomization.yaml", i)] = "resources: [d.yaml]\n"
		files[fmt.Sprintf("a/%d/d.yaml", i)] = podHead
		files[fmt.Sprintf("p/%d/d.yaml", i)] = podHead
		files[fmt.Sprintf("c/%d/Chart.yaml", i)] = anyChart
	}
	tree := writeRepo(t, files)
	rec := tree.Recording()
	start := time.Now()
	d, err := Discover(rec, DiscoverOptions{})
	if err != nil || len(d.Sources) != 601 {
		t.Fatalf("%v: found %d sources", err, len(d.Sources))
	}
	t.Logf("%d sources in %v", len(d.Sources), time.Since(start))
	for _, f := range rec.Seen().Files {
		if strings.HasPrefix(f, "p/") || strings.HasSuffix(f, "d.yaml") || strings.HasPrefix(f, "big/") {
			t.Errorf("%s was read", f)
		}
	}
}

// archiveOf reads a small txtar-like tree: "-- name --" starts a file.
func archiveOf(text string) map[string]string {
	files, name := map[string]string{}, ""
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), "-- "); ok && strings.HasSuffix(rest, " --") && len(files) < 20 {
			if name = strings.TrimSuffix(rest, " --"); !fs.ValidPath(name) || name == "." {
				name = ""
				continue
			}
			files[name] = ""
			continue
		}
		if name != "" {
			files[name] += line
		}
	}
	return files
}

// emptyTree is for edits to be laid over.
func emptyTree(f *testing.F) *Tree {
	f.Helper()
	tree, err := OpenTree(f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { tree.Close() })
	return tree
}

func FuzzDiscover(f *testing.F) {
	empty := emptyTree(f)
	for _, c := range discoverCases {
		var b strings.Builder
		for name, text := range c.files {
			fmt.Fprintf(&b, "-- %s --\n%s\n", name, text)
		}
		f.Add(b.String())
	}
	f.Fuzz(func(t *testing.T, text string) {
		edits := map[string][]byte{}
		files := archiveOf(text)
		for name, content := range files {
			for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
				if _, ok := files[dir]; ok {
					return // a file and a directory of one name
				}
			}
			edits[name] = []byte(content)
		}
		tree := empty.With(edits)
		d, err := Discover(tree, DiscoverOptions{})
		if err != nil {
			t.Fatal(err)
		}
		// Every manifest, kustomization and chart is a source, skipped with a reason, or failed: nothing vanishes.
		known := map[string]bool{}
		for _, s := range d.Sources {
			known[s.Path] = true
		}
		for _, s := range d.Skipped {
			if s.Reason == "" {
				t.Errorf("%q is skipped without a reason", s.Path)
			}
			known[s.Path] = true
		}
		scanned := newScan(tree, nil)
		scanned.walk(".")
		for _, list := range [][]string{scanned.manifests, scanned.kustomizationDirs(), scanned.chartDirs()} {
			for _, name := range list {
				if !known[name] {
					t.Errorf("%q vanished", name)
				}
			}
		}
	})
}
