package argocd

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

func TestMain(m *testing.M) {
	render.RunIfWorker()
	os.Exit(m.Run())
}

// applicationFiles are repositories of the scripts: Applications and ApplicationSets of all kinds.
func applicationFiles(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, script := range []string{"applications", "applications_more", "applicationsets"} {
		a, err := txtar.ParseFile("../../testdata/script/" + script + ".txtar")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			if !strings.HasPrefix(f.Name, "want") {
				files[f.Name] = string(f.Data)
			}
		}
	}
	return files
}

// revision lays files in a new directory, and gives the tree and Since for what they were before.
func revision(t *testing.T, was, is map[string]string) (*render.Tree, *check.Since) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range is {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := render.OpenTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() })
	edits := map[string][]byte{}
	for name, text := range was {
		if now, ok := is[name]; !ok || now != text {
			edits[name] = []byte(text)
		}
	}
	for name := range is {
		if _, ok := was[name]; !ok {
			edits[name] = nil
		}
	}
	return tree, &check.Since{Name: "REF", Changed: slices.Sorted(maps.Keys(edits)), Before: tree.With(edits)}
}

// judge gives a run, and what it says of each source as text.
func judge(t *testing.T, tree *render.Tree, since *check.Since) (*check.Run, map[string]string) {
	t.Helper()
	policy, err := check.NewPolicy("restricted", "latest", render.DefaultKubeVersion)
	if err != nil {
		t.Fatal(err)
	}
	o := check.Options{Policy: policy, Since: since, Limits: render.Limits{Workers: 2}}
	o.Discover.Follow = NewResolver(func() *Repository { return &Repository{Dir: tree.Dir()} }, func(render.Remote) error { return render.ErrOff })
	run, err := check.Check(context.Background(), tree, o)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for i := range run.Sources {
		s := &run.Sources[i]
		out[s.Source.ID] = fmt.Sprintf("%d objects, %v, %v\n", s.Objects, s.Err, s.Policies)
	}
	for i := range run.Findings {
		f := &run.Findings[i]
		out[f.Source] += fmt.Sprintf("%s %s %s %s %s %v\n", f.Rule.ID, f.Severity, f.Object.ID(), f.Path, f.Message, f.Origin)
	}
	return run, out
}

// change changes one file at random.
func change(r *rand.Rand, files map[string]string) map[string]string {
	out := maps.Clone(files)
	names := slices.Sorted(maps.Keys(files))
	name := names[r.IntN(len(names))]
	dir := path.Dir(name)
	switch r.IntN(8) {
	case 0:
		delete(out, name)
	case 1:
		out[dir+"/moved-"+path.Base(name)] = out[name]
		delete(out, name)
	case 2:
		out[dir+"/new/"+path.Base(name)] = out[name]
	case 3:
		out[name] = strings.ReplaceAll(out[name], "name: ", "name: x")
	case 4:
		out[dir+"/.argocd-source.yaml"] = "helm: {releaseName: other}\n"
	case 5:
		out[dir+"/zChart.yaml"] = "apiVersion: v2\nname: z\nversion: 1.0.0\n"
	case 6:
		out[dir+"/pod.yaml"] = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: x}]}\n"
	default:
		out[name] += "# more\n"
	}
	return out
}

// formerly is what a source was found to be, also when it was called PATH@APPLICATION(FILE) then or is now: Applications of the same
// name have come or gone.
func formerly(before map[string]string, id string) string {
	alone, _, _ := strings.Cut(id, "(")
	if text, ok := before[id]; ok {
		return text
	}
	for other, text := range before {
		if name, _, _ := strings.Cut(other, "("); name == alone {
			return text
		}
	}
	return ""
}

// TestSince changes a repository of Applications at random: what is judged has the findings that a run of everything has of it,
// and what is left out has those that it had before.
func TestSince(t *testing.T) {
	files := applicationFiles(t)
	left, named := 0, 0
	for seed := range uint64(20) {
		now := change(rand.New(rand.NewPCG(seed, 2)), files)
		tree, since := revision(t, files, now)
		_, before := judge(t, since.Before, nil)
		_, after := judge(t, tree, nil)
		run, got := judge(t, tree, since)
		left += run.Unchanged
		for id, want := range after {
			text, judged := got[id]
			if !judged && strings.Contains(id, "@") {
				named++
			}
			if !judged {
				text = formerly(before, id)
			}
			if text != want {
				t.Errorf("seed %d, %s changed, %s: judged %v:\n%s\nwant:\n%s", seed, since.Changed, id, judged, text, want)
			}
		}
		for id := range got {
			if _, ok := after[id]; !ok {
				t.Errorf("seed %d: %s is judged, and is no source", seed, id)
			}
		}
	}
	if left < 350 || named < 300 {
		t.Errorf("only %d sources were left out, %d of Applications", left, named)
	}
	t.Logf("%d sources were left out, %d of Applications", left, named)
}
