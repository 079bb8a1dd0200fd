package apiserver

import (
	"os"
	"path/filepath"
	"testing"
)

// TestFixedDemo fixes a copy of the demo: the server denied some of its pods before, and accepts all of them now.
func TestFixedDemo(t *testing.T) {
	work := filepath.Join(t.TempDir(), "shop")
	if err := os.CopyFS(work, os.DirFS("../../testdata/demo")); err != nil {
		t.Fatal(err)
	}
	const namespace = "fixed"
	if err := server.namespace(namespace, policy{"restricted", "latest"}); err != nil {
		t.Fatal(err)
	}
	_, answers := createRendered(t, namespace, work)
	before := count(answers)
	if before.denied == 0 {
		t.Error("the server denies nothing in the demo, so nothing is shown by accepting what was fixed")
	}
	if _, err := syncgate("fix", "--root", work, work); err != nil {
		t.Fatal(err)
	}
	pods, answers := createRendered(t, namespace, work)
	for i, a := range answers {
		if a.verdict != allowed {
			t.Errorf("%s: after syncgate fix %s", pods[i].from, a)
		}
	}
	t.Logf("%d pods, %d of them denied before syncgate fix, %d after it", len(pods), before.denied, count(answers).denied)
}

// createRendered posts the pods of what syncgate renders below a directory.
func createRendered(t *testing.T, namespace, dir string) ([]*pod, []answer) {
	t.Helper()
	var set podSet
	if err := set.addRendered(dir); err != nil {
		t.Fatal(err)
	}
	answers, err := createAll(namespace, set.pods)
	if err != nil {
		t.Fatal(err)
	}
	return set.pods, answers
}

func count(answers []answer) (c counts) {
	for _, a := range answers {
		switch a.verdict {
		case allowed:
			c.allowed++
		case denied:
			c.denied++
		case refused:
			c.refused++
		}
	}
	return c
}
