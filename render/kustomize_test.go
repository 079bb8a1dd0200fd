package render

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/api/krusty"
)

// writeRepo writes files to a directory of its own and opens it. A content "-> x" makes a link to x.
func writeRepo(t *testing.T, files map[string]string) *Tree {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, ok := strings.CutPrefix(content, "-> "); ok {
			err = os.Symlink(target, p)
		} else {
			err = os.WriteFile(p, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return openTree(t, dir)
}

func kustomizeSource(dir string) Source { return Source{ID: dir, Path: dir, Kind: KindKustomize} }

const account = "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: a\n"

func TestKustomizeErrors(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string // Error(), and the hint behind " | "
	}{
		{"missing file", map[string]string{"app/kustomization.yaml": "resources:\n- a.yaml\n- gone.yaml\n", "app/a.yaml": account},
			"app/kustomization.yaml:3: lstat app/gone.yaml: no such file or directory | add it, or remove the reference"},
		{"missing base", map[string]string{"app/kustomization.yaml": "resources:\n- ../base\n"},
			"app/kustomization.yaml:2: lstat base: no such file or directory | add it, or remove the reference"},
		{"missing in base", map[string]string{"app/kustomization.yaml": "resources: [../base]", "base/kustomization.yaml": "\nresources:\n- x.yaml\n"},
			"base/kustomization.yaml:3: lstat base/x.yaml: no such file or directory | add it, or remove the reference"},
		{"missing in component", map[string]string{"app/kustomization.yaml": "components: [../comp]",
			"comp/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n- path: gone.yaml\n"},
			"comp/kustomization.yaml:4: lstat comp/gone.yaml: no such file or directory | add it, or remove the reference"},
		{"missing generator file", map[string]string{"app/kustomization.yaml": "configMapGenerator:\n- name: c\n  files:\n  - key=gone.txt\n"},
			"app/kustomization.yaml:4: lstat app/gone.txt: no such file or directory | add it, or remove the reference"},
		{"no kustomization in base", map[string]string{"app/kustomization.yaml": "resources:\n- ../base\n", "base/a.yaml": account},
			"app/kustomization.yaml:2: unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory 'base' | "},
		{"two kustomizations", map[string]string{"app/kustomization.yaml": "namePrefix: a-", "app/Kustomization": "namePrefix: b-"},
			"app/kustomization.yaml: found multiple kustomization files under: app | "},
		{"broken YAML", map[string]string{"app/kustomization.yaml": "resources: [a.yaml]", "app/a.yaml": account + "---\na: b\nc: [1\nd: e\n"},
			"app/a.yaml:7: did not find expected ',' or ']' | expected YAML"},
		{"broken kustomization", map[string]string{"app/kustomization.yaml": "resources:\n- a.yaml\n  b: c: d\n"},
			"app/kustomization.yaml:3: mapping values are not allowed in this context | expected YAML"},
		{"unknown field", map[string]string{"app/kustomization.yaml": "resources: []\nresource: [a.yaml]\n"},
			"app/kustomization.yaml:2: json: unknown field \"resource\" | see the fields of a kustomization"},
		{"wrong type", map[string]string{"app/kustomization.yaml": "namePrefix: a\nresources: a.yaml\n"},
			"app/kustomization.yaml:2: json: cannot unmarshal string into Go struct field Kustomization.resources of type []string | see the fields of a kustomization"},
		{"empty", map[string]string{"app/kustomization.yaml": "# nothing\n"}, "app/kustomization.yaml: kustomization.yaml is empty | "},
		{"duplicate", map[string]string{"app/kustomization.yaml": "resources: [a.yaml, b.yaml]", "app/a.yaml": account, "app/b.yaml": "# b\n---\n" + account},
			"app/b.yaml:3: may not add resource with an already registered id: ServiceAccount.v1.[noGrp]/a.[noNs] | the object is there twice: remove one, or the reference to one"},
		{"cycle", map[string]string{"a/kustomization.yaml": "resources: [../b]", "b/kustomization.yaml": "resources:\n- ../a\n", "app/kustomization.yaml": "resources: [../a]"},
			"b/kustomization.yaml:2: cycle detected: candidate root 'a' contains visited root 'a' | a kustomization cannot use one that uses it"},
		{"base above", map[string]string{"app/x/kustomization.yaml": "resources: [..]", "app/kustomization.yaml": "resources:\n- x\n"},
			"app/x/kustomization.yaml:1: cycle detected: candidate root 'app' contains visited root 'app/x' | a kustomization cannot use one that uses it"},
		{"outside the directory", map[string]string{"app/kustomization.yaml": "resources:\n- ../a.yaml\n", "a.yaml": account},
			"app/kustomization.yaml:2: security; file 'a.yaml' is not in or below 'app' | kustomize reads files below the kustomization only: make what holds the file a base"},
		{"outside the root", map[string]string{"app/kustomization.yaml": "resources:\n- ../../x.yaml\n"},
			"app/kustomization.yaml:2: ../../x.yaml is outside the repository | only files inside the repository are read"},
		{"base outside the root", map[string]string{"app/kustomization.yaml": "namePrefix: a\nresources:\n- ../../../..\n"},
			"app/kustomization.yaml:3: ../../../.. is outside the repository | only files inside the repository are read"},
		{"absolute path", map[string]string{"app/kustomization.yaml": "resources:\n- /etc/hostname\n"},
			"app/kustomization.yaml:2: /etc/hostname is outside the repository | only files inside the repository are read"},
		{"link that leaves", map[string]string{"app/kustomization.yaml": "resources:\n- a.yaml\n", "app/a.yaml": "-> /etc/hostname"},
			"app/kustomization.yaml:2: app/a.yaml is a link to /etc/hostname, outside the repository | only files inside the repository are read"},
		{"linked base that leaves", map[string]string{"app/kustomization.yaml": "resources:\n- base\n", "app/base": "-> ../../../x"},
			"app/kustomization.yaml:2: app/base is a link to ../../../x, outside the repository | only files inside the repository are read"},
		{"kustomization that leaves", map[string]string{"app/kustomization.yml": "-> /etc/hostname", "app/kustomization.yaml": "resources: [a.yaml]", "app/a.yaml": account},
			"app/kustomization.yml: is a link to /etc/hostname, outside the repository | only files inside the repository are read"},
		{"patch without target", map[string]string{"app/kustomization.yaml": "resources: [a.yaml]\npatches:\n- path: p.yaml\n", "app/a.yaml": account,
			"app/p.yaml": "# p\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n"},
			"app/p.yaml:2: no resource matches strategic merge patch \"Deployment.v1.apps/web.[noNs]\": no matches for Id Deployment.v1.apps/web.[noNs]; failed to find unique target for patch Deployment.v1.apps/web.[noNs] | the patch names an object that is not there"},
		{"exec plugin", map[string]string{"app/kustomization.yaml": "generators:\n- g.yaml\n",
			"app/g.yaml": "apiVersion: someteam.example.com/v1\nkind: Print\nmetadata: {name: p}\n"},
			"app/g.yaml:2: external plugins disabled; unable to load external plugin 'Print' | "},
		{"container function", map[string]string{"app/kustomization.yaml": "transformers:\n- |-\n  apiVersion: v1\n  kind: Fn\n  metadata:\n    name: f\n    annotations:\n      config.kubernetes.io/function: |\n        container: {image: evil}\n"},
			"app/kustomization.yaml:2: external plugins disabled; unable to load external plugin 'Fn' | "},
		{"not an object", map[string]string{"app/kustomization.yaml": "resources:\n- a.yaml\n", "app/a.yaml": "kind: X\n"},
			"app/a.yaml: missing metadata.name in object {{ X} {{ } map[] map[]}} | "},
		{"number as a label's name", map[string]string{"app/kustomization.yaml": "resources:\n- a.yaml\n", "app/a.yaml": account + "spec: {1: b}\n"},
			"app/a.yaml: json: unsupported type: map[interface {}]interface {} | the key 1 is no string: quote it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tree := writeRepo(t, c.files)
			res := Render(tree, kustomizeSource("app"), Options{})
			if res.Err == nil {
				t.Fatalf("no error, %d objects", len(res.Objects))
			}
			if got := res.Err.Error() + " | " + res.Err.Hint; !strings.HasPrefix(got, c.want) {
				t.Errorf("\nwant %s\ngot  %s", c.want, got)
			}
		})
	}
}

func TestKustomizeRemote(t *testing.T) {
	const repo = "https://github.com/org/repo//base?ref=v1"
	plugin := "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: x}\nfiles:\n- k=https://files.example/a\n"
	for _, c := range []struct{ kustomization, line, ref, host string }{
		{"resources:\n- " + repo + "\n", ":2", repo, "github.com"},
		{"resources:\n- https://raw.example/a.yaml\n", ":2", "https://raw.example/a.yaml", "raw.example"},
		{"resources:\n- github.com/org/repo\n", ":2", "github.com/org/repo", "github.com"},
		{"bases:\n- git@gitlab.example:org/repo.git\n", ":2", "git@gitlab.example:org/repo.git", "gitlab.example"},
		{"components:\n- ssh://git@host.example/org/repo\n", ":2", "ssh://git@host.example/org/repo", "host.example"},
		{"resources:\n- https://user:secret@git.example/org/repo.git\n", ":2", "https://xxxxx@git.example/org/repo.git", "git.example"},
		{"resources:\n- file:///tmp/repo\n", ":2", "file:///tmp/repo", ""},
		{"patches:\n- path: http://p.example/p.yaml\n", ":2", "http://p.example/p.yaml", "p.example"},
		{"openapi:\n  path: https://o.example/s.json\n", ":2", "https://o.example/s.json", "o.example"},
		{"crds: [https://c.example/c.json]\n", ":1", "https://c.example/c.json", "c.example"},
		{"configMapGenerator:\n- name: a\n  files:\n  - k=https://f.example/f\n", ":4", "https://f.example/f", "f.example"},
		{"secretGenerator:\n- name: a\n  envs: [https://f.example/f]\n", ":3", "https://f.example/f", "f.example"},
		{"replacements:\n- path: https://r.example/r\n", ":2", "https://r.example/r", "r.example"},
		{"configurations:\n- https://k.example/k\n", ":2", "https://k.example/k", "k.example"},
		{"transformers:\n- https://t.example/t.yaml\n", ":2", "https://t.example/t.yaml", "t.example"},
		{"helmCharts:\n- name: a\n  valuesFile: https://v.example/v.yaml\n", ":3", "https://v.example/v.yaml", "v.example"},
		{"generators:\n- |-\n  " + strings.ReplaceAll(plugin, "\n", "\n  ") + "\n", "", "https://files.example/a", ""},
		{"generators:\n- plugin.yaml\n", "", "https://files.example/a", ""},
	} {
		tree := writeRepo(t, map[string]string{"app/kustomization.yaml": c.kustomization, "app/plugin.yaml": plugin})
		res := Render(tree, kustomizeSource("app"), Options{})
		want := c.ref + " is remote, and network access is off"
		if res.Err == nil || res.Err.Msg != want || !strings.HasPrefix(res.Err.Error(), "app/") {
			t.Errorf("%s: %v", c.kustomization, res.Err)
			continue
		}
		if c.line != "" && !strings.HasPrefix(res.Err.Error(), "app/kustomization.yaml"+c.line+": ") {
			t.Errorf("%s: want line %s: %v", c.kustomization, c.line, res.Err)
		}
		if c.host != "" && !strings.HasSuffix(res.Err.Hint, " --allow-remote "+c.host) {
			t.Errorf("%s: hint %q", c.kustomization, res.Err.Hint)
		}
	}
}

// Messages quote neither literals nor patches, which may hold secrets.
func TestKustomizeQuotesNoSecret(t *testing.T) {
	for _, c := range []struct{ kustomization, want string }{
		{"secretGenerator:\n- name: s\n  literals: [hunter2]\n", "app/kustomization.yaml: invalid literal source, expected key=value"},
		{"secretGenerator:\n- name: s\n  literals: [a=hunter2, a=hunter2]\n", "app/kustomization.yaml: configmap s illegally repeats the key `a`"},
		{"secretGenerator:\n- name: s\n  literals: [a=hunter2]\n  files: [gone]\n", "app/kustomization.yaml:4: lstat app/gone: no such file or directory"},
		{"resources: [a.yaml]\npatches:\n- patch: \"{stringData: hunter2\"\n", "app/kustomization.yaml: unable to parse SM or JSON patch from the patch"},
		{"resources: [a.yaml]\npatches:\n- patch: '[{\"op\": \"add\", \"path\": \"/x\", \"value\": \"hunter2\"}]'\n", "app/kustomization.yaml: must specify a target for JSON patch the patch"},
		{"resources: [a.yaml]\npatchesJson6902:\n- target: {version: v1, kind: ServiceAccount, name: a}\n  patch: '[{op: hunter2'\n", "app/kustomization.yaml: "},
		{"resources: [a.yaml]\npatches:\n- path: bad.yaml\n", "app/bad.yaml:3: unable to parse SM or JSON patch from [path: \"bad.yaml\"]"},
	} {
		tree := writeRepo(t, map[string]string{"app/kustomization.yaml": c.kustomization, "app/a.yaml": account, "app/bad.yaml": "a: hunter2\nb: [\n"})
		res := Render(tree, kustomizeSource("app"), Options{})
		if res.Err == nil || !strings.HasPrefix(res.Err.Error(), c.want) || strings.Contains(res.Err.Error(), "hunter2") {
			t.Errorf("want %s\ngot  %v", c.want, res.Err)
		}
	}
}

// A file of the tree that is called like a repository must be named so that kustomize cannot clone it.
func TestKustomizeLocalNames(t *testing.T) {
	files := map[string]string{"app/kustomization.yaml": "resources: [github.com/org/a.yaml]", "app/github.com/org/a.yaml": account}
	if res := Render(writeRepo(t, files), kustomizeSource("app"), Options{}); res.Err == nil || !strings.Contains(res.Err.Hint, "write ./github.com/org/a.yaml") {
		t.Errorf("%+v", res.Err)
	}
	files["app/kustomization.yaml"] = "resources: [./github.com/org/a.yaml]"
	if res := Render(writeRepo(t, files), kustomizeSource("app"), Options{}); res.Err != nil || len(res.Objects) != 1 {
		t.Errorf("%v, %d objects", res.Err, len(res.Objects))
	}
}

// Twenty levels that each use the next twice come to a million kustomizations.
func TestKustomizeDoubling(t *testing.T) {
	files := map[string]string{"20/kustomization.yaml": "resources: [a.yaml]", "20/a.yaml": account}
	for i := range 20 {
		files[fmt.Sprintf("%d/kustomization.yaml", i)] = fmt.Sprintf("resources: [../x%d, ../y%d]", i, i)
		files[fmt.Sprintf("x%d/kustomization.yaml", i)] = fmt.Sprintf("namePrefix: x-\nresources: [../%d]", i+1)
		files[fmt.Sprintf("y%d/kustomization.yaml", i)] = fmt.Sprintf("namePrefix: y-\nresources: [../%d]", i+1)
	}
	if res := Render(writeRepo(t, files), kustomizeSource("0"), Options{}); res.Err == nil || !res.Err.Limit {
		t.Errorf("%+v", res.Err)
	}
}

func TestKustomizeEdits(t *testing.T) {
	tree := writeRepo(t, map[string]string{"app/kustomization.yaml": "resources: [../base]\nnamePrefix: p-\n",
		"base/kustomization.yaml": "resources: [a.yaml]", "base/a.yaml": account})
	for _, c := range []struct{ file, content, want string }{
		{"base/a.yaml", strings.Replace(account, "name: a", "name: b", 1), "p-b"},
		{"app/kustomization.yaml", "resources: [../base]\nnamePrefix: q-\n", "q-a"},
		{"base/kustomization.yaml", "resources: [new.yaml]", "p-c"},
	} {
		edits := map[string][]byte{c.file: []byte(c.content), "base/new.yaml": []byte(strings.Replace(account, "name: a", "name: c", 1))}
		res := Render(tree.With(edits), kustomizeSource("app"), Options{})
		if res.Err != nil || len(res.Objects) != 1 || res.Objects[0].Name != c.want {
			t.Errorf("%s: %v %+v", c.file, res.Err, res.Objects)
		}
	}
	if res := Render(tree.With(map[string][]byte{"base/a.yaml": nil}), kustomizeSource("app"), Options{}); res.Err == nil {
		t.Error("a removed file is still there")
	}
}

// Edits of values, templates and the kustomization reach a chart; nothing that was made up for it is in the ReadSet.
func TestKustomizeChartEdits(t *testing.T) {
	c := kustomizeCase{dir: helmCasesDir + "/additional-values", chart: "charts/web"}
	tree := openTree(t, c.layOut(t))
	for file, content := range map[string]string{
		"a.yaml":                               "replicas: 42\n",
		"charts/web/values.yaml":               "image: {repository: i, tag: 42}\nreplicas: 1\nflags: {}\ndb: {}\n",
		"charts/web/templates/deployment.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: forty-42}\n",
	} {
		res := Render(tree.With(map[string][]byte{file: []byte(content)}), kustomizeSource("."), Options{Text: true})
		if res.Err != nil || !strings.Contains(joinTexts(res.Objects), "42") {
			t.Errorf("%s: %v", file, res.Err)
		}
		if !slices.Contains(res.Read.Files, file) {
			t.Errorf("%s is not in %v", file, res.Read.Files)
		}
		for _, name := range res.Read.Files {
			if !tree.Exists(name) {
				t.Errorf("%s is said to have been read", name)
			}
		}
	}
}

const helmCasesDir = "testdata/kustomize-helm/cases"

func TestKustomizeReadSet(t *testing.T) {
	tree := writeRepo(t, map[string]string{"app/kustomization.yaml": "resources: [a.yaml, link]", "app/a.yaml": account,
		"app/link": "-> ../base", "base/Kustomization": "configMapGenerator: [{name: c, files: [f.txt]}]", "base/f.txt": "x"})
	res := Render(tree, kustomizeSource("app"), Options{})
	if res.Err != nil {
		t.Fatal(res.Err)
	}
	want := ReadSet{
		Files:   []string{"app/a.yaml", "app/kustomization.yaml", "base/Kustomization", "base/f.txt"},
		Links:   []string{"app/link"},
		Missing: []string{"app/Kustomization", "app/kustomization.yml", "base/kustomization.yaml", "base/kustomization.yml"},
	}
	got := res.Read
	got.Probed = nil
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("want %+v\ngot  %+v", want, got)
	}
	if missing := Render(tree.With(map[string][]byte{"app/a.yaml": nil}), kustomizeSource("app"), Options{}); !slices.Contains(missing.Read.Files, "app/a.yaml") &&
		!slices.Contains(missing.Read.Missing, "app/a.yaml") && !slices.Contains(missing.Read.Probed, "app/a.yaml") {
		t.Errorf("the missing file is not noted: %+v", missing.Read)
	}
}

// TestKustomizeSchemaState renders sources with and without an OpenAPI schema in all orders: none may change another.
func TestKustomizeSchemaState(t *testing.T) {
	with, without := openTree(t, "testdata/kustomize-build/openapi"), openTree(t, "testdata/kustomize-build/no-openapi")
	bad := writeRepo(t, map[string]string{"kustomization.yaml": "resources: [a.yaml]\nopenapi: {path: s.json}\npatches: [{path: p.yaml}]\n",
		"a.yaml": account, "p.yaml": account + "automountServiceAccountToken: false\n", "s.json": "[1, 2]"})
	version := writeRepo(t, map[string]string{"kustomization.yaml": "resources: [a.yaml]\nopenapi: {version: v9.9}\n", "a.yaml": account})
	render := map[string]func(){
		"with": func() {
			res := Render(with, kustomizeSource("."), Options{Text: true})
			if res.Err != nil || strings.Count(joinTexts(res.Objects), "id:") != 2 {
				t.Errorf("with a schema: %v\n%s", res.Err, joinTexts(res.Objects))
			}
		},
		"without": func() {
			res := Render(without, kustomizeSource("."), Options{Text: true})
			if res.Err != nil || strings.Count(joinTexts(res.Objects), "id:") != 1 {
				t.Errorf("without a schema: %v\n%s", res.Err, joinTexts(res.Objects))
			}
		},
		"bad": func() {
			res := Render(bad, kustomizeSource("."), Options{})
			if res.Err == nil || res.Err.File != "s.json" || !strings.Contains(res.Err.Msg, "invalid schema file") {
				t.Errorf("malformed schema: %+v", res.Err)
			}
		},
		"version": func() {
			res := Render(version, kustomizeSource("."), Options{})
			if res.Err == nil || res.Err.Msg != "the specified OpenAPI version is not built in" {
				t.Errorf("unknown version: %+v", res.Err)
			}
		},
	}
	for _, order := range []string{"with without", "without with without", "bad without with", "version with bad with without", "without without"} {
		for _, name := range strings.Fields(order) {
			render[name]()
		}
	}
}

func TestKustomizeAliasBomb(t *testing.T) {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'j'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c, ", c-1), 10), ", "))
	}
	indented := "  " + strings.ReplaceAll(bomb, "\n", "\n  ")
	for name, files := range map[string]map[string]string{
		"app/a.yaml":             {"app/kustomization.yaml": "resources: [a.yaml]", "app/a.yaml": account + bomb},
		"app/kustomization.yaml": {"app/kustomization.yaml": "resources: [a.yaml]\npatches:\n- patch: |-\n" + indented, "app/a.yaml": account},
		"app/kustomization.yml":  {"app/kustomization.yml": "x: " + "\n" + indented},
	} {
		res := Render(writeRepo(t, files), kustomizeSource("app"), Options{})
		if res.Err == nil || !res.Err.Limit || res.Err.File != name {
			t.Errorf("%s: %+v", name, res.Err)
		}
	}
	few := account + "x: &x {a: [1, 2]}\ny: [*x, *x]\nz: {<<: *x}\nlink: https://a/?b&c=*\n"
	if res := Render(writeRepo(t, map[string]string{"app/kustomization.yaml": "resources: [a.yaml]", "app/a.yaml": few}), kustomizeSource("app"), Options{}); res.Err != nil {
		t.Error(res.Err)
	}
}

// TestKustomizeTracing compares what the index finds out about origins with what kustomize says when it is asked.
func TestKustomizeTracing(t *testing.T) {
	for _, c := range kustomizeCases(t) {
		if c.chart != "" {
			continue // kustomize names the kustomization, we the template
		}
		k := krustyBuild{tree: openTree(t, c.layOut(t)).Recording(), src: kustomizeSource(c.entry), budget: newBudget()}
		krustyState.Lock()
		built, err := k.run(false)
		if err != nil {
			t.Fatal(err)
		}
		traced, err := k.run(true)
		if err != nil {
			t.Fatal(err)
		}
		origins := k.origins(built)
		krustyState.Unlock()
		for i, h := range built.history {
			said := k.choose(nil, h, traced.at(i, h.now))
			if said.file != origins[i].file && said.file != "" && c.name != "links" || said.generated != origins[i].generated {
				t.Errorf("%s: %s: kustomize says %+v, we %+v", c.name, h.now, said, origins[i])
			}
		}
	}
}

func TestKustomizeOptions(t *testing.T) {
	o := krustyOptions()
	if o.Reorder != krusty.ReorderOptionUnspecified {
		t.Error("the command sorts unless told otherwise")
	}
	if o.PluginConfig.FnpLoadingOptions.EnableExec || o.PluginConfig.FnpLoadingOptions.Network {
		t.Error("functions could run")
	}
}

func TestScanObjects(t *testing.T) {
	for _, c := range []struct {
		name, text string
		ok         bool
	}{
		{"usual", account + "---\n# c\n---\n" + account + "data:\n  kind: X\n  x: |\n    kind: Y\n", true},
		{"order and quotes", "kind: 'A'\nmetadata:\n    labels:\n        name: no\n    name: \"n\" # c\n    namespace: ns\napiVersion: x/v1\n", true},
		{"list", "apiVersion: v1\nkind: List\nitems:\n- {kind: A, apiVersion: v1, metadata: {name: n}}\n", false},
		{"flow", "{kind: A, apiVersion: v1, metadata: {name: n}}", false},
		{"JSON", `{"kind": "A", "apiVersion": "v1", "metadata": {"name": "n"}}`, false},
		{"flow metadata", "kind: A\napiVersion: v1\nmetadata: {name: n}\n", false},
		{"quoted keys", "\"kind\": A\napiVersion: v1\nmetadata:\n  name: n\n", false},
		{"anchor", "kind: A\napiVersion: v1\nmetadata:\n  name: &n n\n", false},
		{"merge", "kind: A\napiVersion: v1\nmetadata:\n  <<: {name: n}\n", false},
		{"CRLF", strings.ReplaceAll(account, "\n", "\r\n"), true},
		{"items at the margin", "kind: A\napiVersion: v1\nmetadata:\n  name: n\nlist:\n- a\n- b: c\n  name: no\n", true},
	} {
		refs, ok := scanObjects([]byte(c.text))
		if ok != c.ok {
			t.Errorf("%s: ok is %v", c.name, ok)
		}
		if want := parseObjects([]byte(c.text)); ok && !slices.Equal(refs, slices.DeleteFunc(want, func(r ObjectRef) bool { return r.Kind == "" })) {
			t.Errorf("%s: scanned %v, parsed %v", c.name, refs, want)
		}
	}
}
