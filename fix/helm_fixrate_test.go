//go:build fixrate

package fix

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hexops/gotextdiff/myers"
	"github.com/hexops/gotextdiff/span"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

// drawnFixes is how many fixes TestFixrateLines draws.
const drawnFixes = 50

// TestFixrateLines mends the charts of all repositories below SYNCGATE_CORPUS, in memory, draws fixes at random and takes
// each line that they add out again: the proof must not hold without it. SYNCGATE_SEED repeats a draw.
func TestFixrateLines(t *testing.T) {
	repos, err := filepath.Glob(filepath.Join(os.Getenv("SYNCGATE_CORPUS"), "*", ""))
	if err != nil || len(repos) == 0 {
		t.Fatal("set SYNCGATE_CORPUS to a directory that holds repositories")
	}
	seed, err := strconv.ParseUint(os.Getenv("SYNCGATE_SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("SYNCGATE_SEED=%d", seed)
	var all []drawn
	for _, dir := range repos {
		all = append(all, chartFixes(t, dir)...)
	}
	r := rand.New(rand.NewPCG(seed, 0))
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	if len(all) < drawnFixes {
		t.Fatalf("only %d fixes", len(all))
	}
	lines := 0
	for _, d := range all[:drawnFixes] {
		lines += d.linesNeeded(t)
	}
	t.Logf("%d lines of %d fixes, drawn from %d", lines, drawnFixes, len(all))
}

// drawn is a fix of a chart, and the prover and fixes that it is from.
type drawn struct {
	dir   string
	p     *prover
	v     *Verified
	patch *Patch
}

// chartFixes mends a repository and lists the fixes of its charts.
func chartFixes(t *testing.T, dir string) (out []drawn) {
	if _, err := os.Stat(dir + "/."); err != nil {
		return nil
	}
	tree, err := render.OpenTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() })
	found, err := render.Discover(tree, render.DiscoverOptions{})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{}
	for _, s := range found.Sources {
		if s.Kind == render.KindHelm && s.Variant == "" {
			o.Check.Discover.Paths = append(o.Check.Discover.Paths, s.Path)
		}
	}
	if len(o.Check.Discover.Paths) == 0 {
		return nil
	}
	if o.Check.Policy, err = check.NewPolicy("restricted", "latest", render.DefaultKubeVersion); err != nil {
		t.Fatal(err)
	}
	pool := render.NewPool(tree, render.Options{}, render.Limits{})
	t.Cleanup(pool.Close)
	p := newProver(tree, pool, o)
	v, err := p.fix(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range v.patches {
		if x.Resolves[0].Object.Template {
			out = append(out, drawn{dir, p, v, x})
		}
	}
	return out
}

// linesNeeded takes out each line that stands in a file because of the fix, and returns how many there were.
func (d *drawn) linesNeeded(t *testing.T) (n int) {
	others := slices.DeleteFunc(slices.Clone(d.v.patches), func(x *Patch) bool { return x == d.patch })
	without, _, err := d.p.edited(others)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range d.v.files {
		if !slices.Contains(d.patch.files(), f.Name) || strings.HasSuffix(f.Name, ".md") {
			continue // a README explains; nothing renders it
		}
		before := f.Before
		for _, w := range without {
			if w.Name == f.Name {
				before = w.After
			}
		}
		lines := strings.SplitAfter(string(f.After), "\n")
		for _, at := range addedLines(f.Name, string(before), string(f.After)) {
			if strings.TrimSpace(lines[at]) == "" {
				continue
			}
			n++
			files := slices.Clone(d.v.files)
			files[i].After = []byte(strings.Join(slices.Delete(slices.Clone(lines), at, at+1), ""))
			problems, err := d.p.compare(context.Background(), files, d.v.patches, []string{f.Name})
			if err != nil {
				t.Fatal(err)
			}
			if len(problems) == 0 {
				t.Errorf("%s: %s: nothing misses this added line: %q", d.dir, f.Name, lines[at])
			}
		}
	}
	return n
}

// addedLines are the lines of b, from 0, that a does not have.
func addedLines(name, a, b string) (out []int) {
	shift := 0
	for _, e := range myers.ComputeEdits(span.URIFromPath(name), a, b) {
		deleted := e.Span.End().Line() - e.Span.Start().Line()
		added := strings.Count(e.NewText, "\n")
		for i := range added {
			out = append(out, e.Span.Start().Line()-1+shift+i)
		}
		shift += added - deleted
	}
	return out
}
