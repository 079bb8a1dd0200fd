package apiserver

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// TestFixedWorkloads fixes the bad examples of all rules, the repositories of testdata/fix and those of SYNCGATE_CORPUS.
// Pods that fix left nothing to find in are accepted by the server, except those that it refused before as well.
func TestFixedWorkloads(t *testing.T) {
	const namespace = "fixed-workloads"
	if err := server.namespace(namespace, policy{"restricted", "latest"}); err != nil {
		t.Fatal(err)
	}
	var sum fixedCounts
	for _, root := range fixable(t) {
		sum.add(fixAndCreate(t, namespace, root))
	}
	t.Logf("%d pods; denied before: %d; nothing left to find after: %d, of these accepted: %d, refused before and after: %d",
		sum.pods, sum.before, sum.clean, sum.accepted, sum.refused)
	if sum.before == 0 || sum.accepted == 0 {
		t.Error("the server denies nothing before, or accepts nothing after: nothing is shown")
	}
}

type fixedCounts struct{ pods, before, clean, accepted, refused int }

func (c *fixedCounts) add(o fixedCounts) {
	c.pods, c.before, c.clean = c.pods+o.pods, c.before+o.before, c.clean+o.clean
	c.accepted, c.refused = c.accepted+o.accepted, c.refused+o.refused
}

// fixable makes writable copies of repositories.
func fixable(t *testing.T) (roots []string) {
	archives, err := filepath.Glob("../../testdata/fix/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives in testdata/fix (%v)", err)
	}
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(t.TempDir(), strings.TrimSuffix(filepath.Base(name), ".txtar"))
		for _, f := range a.Files {
			write(t, filepath.Join(dir, f.Name), f.Data)
		}
		roots = append(roots, dir)
	}
	for _, root := range repositories() {
		dir := filepath.Join(t.TempDir(), filepath.Base(root))
		if err := copyFiles(dir, root); err != nil {
			t.Fatal(err)
		}
		roots = append(roots, dir)
	}
	return roots
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// copyFiles copies files and directories, which become writable, and leaves out links.
func copyFiles(to, from string) error {
	return filepath.WalkDir(from, func(p string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, p)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		switch {
		case d.IsDir():
			return os.MkdirAll(target, 0o755)
		case !d.Type().IsRegular():
			return nil
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o644)
	})
}

// fixAndCreate creates the pods of a repository before it is fixed, and after it those that are clean then.
func fixAndCreate(t *testing.T, namespace, root string) (sum fixedCounts) {
	t.Helper()
	old, answers := createRendered(t, namespace, root)
	refusedBefore := map[string]bool{}
	for i, a := range answers {
		if a.verdict == refused {
			refusedBefore[old[i].from] = true
		}
	}
	sum.pods, sum.before = len(old), count(answers).denied
	if _, err := syncgate("fix", "-q", "--format", "json", "--render-timeout", "2m", "--kube-version", kubeVersion, "--root", root, root); err != nil {
		t.Fatal(err)
	}
	pods, answers := createRendered(t, namespace, root)
	dir := t.TempDir()
	if err := writePods(dir, pods); err != nil {
		t.Fatal(err)
	}
	opinions, err := check(dir, pods, policy{"restricted", "latest"})
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range answers {
		if opinions[pods[i].name].denied || opinions[pods[i].name].failed != "" {
			continue
		}
		sum.clean++
		switch {
		case a.verdict == allowed:
			sum.accepted++
		case a.verdict == refused && refusedBefore[pods[i].from]:
			sum.refused++
		default:
			t.Errorf("%s: %s: after syncgate fix %s", filepath.Base(root), pods[i].from, a)
		}
	}
	return sum
}
