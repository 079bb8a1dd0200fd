package check

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/syncgate/syncgate/render"
)

// revisionOf lays files in a new directory, and gives the tree and Since for what they were before.
func revisionOf(t *testing.T, was, is map[string]string) (*render.Tree, *Since) {
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
	return tree, &Since{Name: "REF", Changed: slices.Sorted(maps.Keys(edits)), Before: tree.With(edits)}
}

func checkTree(t *testing.T, tree *render.Tree, o Options) *Run {
	t.Helper()
	var err error
	if o.Policy.Level == "" {
		o.Policy, err = NewPolicy("restricted", "latest", render.DefaultKubeVersion)
	} else {
		o.Policy, err = NewPolicy(o.Policy.Level, "latest", render.DefaultKubeVersion)
	}
	if err != nil {
		t.Fatal(err)
	}
	o.Limits = render.Limits{Workers: 2}
	run, err := Check(context.Background(), tree, o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range run.Sources {
		if e := run.Sources[i].Err; e != nil && strings.Contains(e.Msg, "worker") {
			t.Fatal(e)
		}
	}
	return run
}

// bySource are the findings of each source, and its error, as text.
func bySource(run *Run) map[string]string {
	out := map[string]string{}
	for i := range run.Sources {
		s := &run.Sources[i]
		out[s.Source.ID] = fmt.Sprintf("%d objects, %v, %v\n", s.Objects, s.Err, s.Policies)
	}
	for i := range run.Findings {
		f := &run.Findings[i]
		out[f.Source] += fmt.Sprintf("%s %s %s %s %s %v\n", f.Rule.ID, f.Severity, f.Object.ID(), f.Path, f.Message, f.Origin)
	}
	return out
}

func demoFiles(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{
		"quotas/limits.yaml": "apiVersion: v1\nkind: LimitRange\nmetadata: {name: l, namespace: other}\nspec: {limits: [{type: Container, default: {cpu: 1}}]}\n",
		"quotas/ns.yaml":     "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: baseline}}\n",
		"other/pod.yaml":     "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: other}\nspec: {containers: [{name: a, image: x}]}\n",
	}
	root := os.DirFS("../testdata/demo")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(root, name)
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// change changes one file at random.
func change(r *rand.Rand, files map[string]string) map[string]string {
	out := maps.Clone(files)
	names := slices.Sorted(maps.Keys(files))
	name := names[r.IntN(len(names))]
	switch r.IntN(6) {
	case 0:
		delete(out, name)
	case 1:
		out[filepath.Dir(name)+"/moved-"+filepath.Base(name)] = out[name]
		delete(out, name)
	case 2:
		out[filepath.Dir(name)+"/copy.yaml"] = out[name]
	case 3:
		out[name] = strings.ReplaceAll(out[name], "name: ", "name: x")
	case 4:
		out[name] += "---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q, namespace: shop}\nspec: {hard: {limits.cpu: 1}}\n"
	default:
		out[name] += "# more\n"
	}
	return out
}

// TestSince changes a repository at random: what is judged has the findings that a run of everything has of it, and what is left
// out has those that it had before.
func TestSince(t *testing.T) {
	files := demoFiles(t)
	left := 0
	for seed := range uint64(24) {
		r := rand.New(rand.NewPCG(seed, 1))
		now := change(r, files)
		if seed%3 == 0 {
			now = change(r, now)
		}
		level := []string{"restricted", LevelAuto}[seed%2]
		o := Options{Policy: Policy{Level: level}}
		tree, since := revisionOf(t, files, now)
		before, after := bySource(checkTree(t, since.Before, o)), bySource(checkTree(t, tree, o))
		o.Since = since
		run := checkTree(t, tree, o)
		got := bySource(run)
		left += run.Unchanged
		for id, want := range after {
			text, judged := got[id]
			if !judged {
				text = before[id]
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
		if n := len(run.Sources) + run.Unchanged; n < len(after) || run.Unchanged > 0 && !slices.ContainsFunc(run.Skipped, func(s render.Skipped) bool {
			return s.Reason == "not rendered, unchanged since REF"
		}) {
			t.Errorf("seed %d: %d sources of %d are accounted for", seed, n, len(after))
		}
	}
	if left < 40 {
		t.Errorf("only %d sources were left out", left)
	}
}

// What sources declare for others makes their change everybody's; a source that becomes one by another's end is judged.
func TestSinceOthers(t *testing.T) {
	files := demoFiles(t)
	for name, c := range map[string]struct {
		level, file, old, new string
		judged                []string
		left                  int
	}{
		"a comment":         {"restricted", "quotas/limits.yaml", "\n", "\n# a\n", []string{"quotas/limits.yaml"}, 7},
		"a limit elsewhere": {"restricted", "other/pod.yaml", "image: x", "image: y", []string{"other/pod.yaml"}, 7},
		"a default":         {"restricted", "quotas/limits.yaml", "cpu: 1", "memory: 1", nil, 0},
		"a label":           {LevelAuto, "quotas/ns.yaml", "baseline", "restricted", nil, 0},
		"an unused label":   {"restricted", "quotas/ns.yaml", "baseline", "restricted", []string{"quotas/ns.yaml"}, 7},
		"an overlay's end": {"restricted", "apps/api/overlays/prod/kustomization.yaml", "../../base", "../staging",
			[]string{"apps/api/overlays/prod"}, 6},
	} {
		t.Run(name, func(t *testing.T) {
			now := maps.Clone(files)
			if now[c.file] = strings.Replace(now[c.file], c.old, c.new, 1); now[c.file] == files[c.file] {
				t.Fatal("nothing changed")
			}
			tree, since := revisionOf(t, files, now)
			run := checkTree(t, tree, Options{Policy: Policy{Level: c.level}, Since: since})
			var judged []string
			for i := range run.Sources {
				judged = append(judged, run.Sources[i].Source.ID)
			}
			if run.Unchanged != c.left || c.left > 0 && !slices.Equal(judged, c.judged) {
				t.Errorf("judged %v, %d left, want %v and %d", judged, run.Unchanged, c.judged, c.left)
			}
		})
	}
}
