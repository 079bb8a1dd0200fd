package fix

import (
	"context"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

// TestNear fixes each source of the repositories of testdata/fix alone: what is done is the same whether the sources that
// have nothing to do with it are rendered or not, and some are not.
func TestNear(t *testing.T) {
	files, err := filepath.Glob("../testdata/fix/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	left := 0
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tree, o := treeOf(t, archive), optionsFor(t, archive)
		all, err := render.Discover(tree, render.DiscoverOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all.Sources {
			o.Check.Discover.Paths = []string{s.Path}
			near, whole := fixNear(t, tree, o, false), fixNear(t, tree, o, true)
			a, _ := near.verified.Diff()
			b, _ := whole.verified.Diff()
			if a, b = a+leftText(near.verified), b+leftText(whole.verified); a != b {
				t.Errorf("%s: fixing %s gives\n%s\nand with all sources\n%s", file, s.ID, a, b)
			}
			if n := len(whole.before.Sources) - len(near.before.Sources); n > 0 {
				left += n
				for _, other := range whole.before.Sources {
					all := other.Read.Files
					if !near.has(other.Source.ID) && (near.beyond(near.verified.files) || !near.beyond([]FileChange{{Name: all[0]}})) {
						t.Errorf("%s: an edit of %s would concern nobody beside %s", file, all[0], s.ID)
					}
				}
			}
		}
	}
	if left == 0 {
		t.Error("no source was left out: the test does not reach what it is for")
	}
}

type nearRun struct {
	*prover
	verified *Verified
}

func (r *nearRun) has(id string) bool {
	return slices.ContainsFunc(r.before.Sources, func(s check.SourceReport) bool { return s.Source.ID == id })
}

func fixNear(t *testing.T, tree *render.Tree, o Options, whole bool) nearRun {
	t.Helper()
	pool := render.NewPool(tree, o.Check.Render, o.Check.Limits)
	defer pool.Close()
	p := newProver(tree, pool, o)
	p.whole = whole
	v, err := p.fix(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return nearRun{p, v}
}
