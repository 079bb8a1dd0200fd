package fix

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

var update = flag.Bool("update", false, "rewrite the wanted diffs")

// TestFix fixes the repositories of testdata/fix, each a txtar archive whose file want.diff holds the wanted diff and
// whose comment may select rules: "select: pss/runAsNonRoot". The result is fed back in: a second fix finds nothing.
// And no added line is there in vain: without it, a finding comes back or the source breaks.
func TestFix(t *testing.T) {
	files, err := filepath.Glob("../testdata/fix/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { testFix(t, file) })
	}
}

func testFix(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	tree := treeOf(t, archive)
	o := optionsFor(t, archive)
	v, err := Fix(context.Background(), tree, o)
	if err != nil {
		t.Fatal(err)
	}
	diff, _ := v.Diff()
	got := diff + leftText(v)
	i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "want.diff" })
	if i < 0 {
		archive.Files, i = append(archive.Files, txtar.File{Name: "want.diff"}), len(archive.Files)
	}
	if *update {
		archive.Files[i].Data = []byte(got)
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want := string(archive.Files[i].Data); got != want {
		t.Errorf("fix gives\n%s\nwant\n%s", got, want)
	}
	for _, f := range v.Files() {
		if len(f.Before) > 0 && bytes.HasSuffix(f.Before, []byte("\n")) != bytes.HasSuffix(f.After, []byte("\n")) {
			t.Errorf("%s ends otherwise than it did", f.Name)
		}
	}
	fixed := tree.With(contentsOf(v))
	again, err := Fix(context.Background(), fixed, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Files()) > 0 {
		diff, _ := again.Diff()
		t.Errorf("a second fix finds more to do:\n%s", diff)
	}
	noLineInVain(t, tree, v, o)
}

// noLineInVain takes each added line out again: something must then be missing, or broken.
func noLineInVain(t *testing.T, tree *render.Tree, v *Verified, o Options) {
	t.Helper()
	for _, f := range v.Files() {
		if ext := filepath.Ext(f.Name); ext == ".md" || ext == ".json" {
			continue // a README explains, and a schema spreads a value over lines
		}
		before, after := strings.SplitAfter(string(f.Before), "\n"), strings.SplitAfter(string(f.After), "\n")
		for i, line := range after {
			if slices.Contains(before, line) || strings.TrimSpace(line) == "" {
				continue
			}
			contents := contentsOf(v)
			contents[f.Name] = []byte(strings.Join(slices.Delete(slices.Clone(after), i, i+1), ""))
			run, err := check.Check(context.Background(), tree.With(contents), o.Check)
			if err != nil {
				t.Fatal(err)
			}
			if run.Errors() == 0 && len(run.Findings) <= len(v.Left()) && !reordered(t, tree.With(contents), v) {
				t.Errorf("%s: this added line is not needed: %q", f.Name, line)
			}
		}
	}
}

// reordered reports whether objects of a source render otherwise than with the whole fix.
func reordered(t *testing.T, tree *render.Tree, v *Verified) bool {
	t.Helper()
	whole := tree.With(contentsOf(v))
	for _, s := range v.Before().Sources {
		a, b := render.Render(tree, s.Source, render.Options{}), render.Render(whole, s.Source, render.Options{})
		if len(a.Objects) != len(b.Objects) {
			return true
		}
		for i := range a.Objects {
			if string(a.Objects[i].JSON) != string(b.Objects[i].JSON) {
				return true
			}
		}
	}
	return false
}

func contentsOf(v *Verified) map[string][]byte {
	out := map[string][]byte{}
	for _, f := range v.Files() {
		out[f.Name] = f.After
	}
	return out
}

func leftText(v *Verified) string {
	var lines []string
	for _, l := range v.Left() {
		lines = append(lines, "left: "+l.Finding.Rule.ID+" "+l.Finding.Object.ID()+": "+l.Reason+"\n")
	}
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), "")
}

// treeOf lays an archive's files over an empty directory.
func treeOf(t *testing.T, a *txtar.Archive) *render.Tree {
	t.Helper()
	dir := t.TempDir()
	for _, f := range a.Files {
		if f.Name == "want.diff" {
			continue
		}
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := render.OpenTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() })
	return tree
}

// optionsFor reads "key: value" lines of an archive's comment: select, only, templates, path.
func optionsFor(t *testing.T, a *txtar.Archive) Options {
	t.Helper()
	policy, err := check.NewPolicy("restricted", "latest", render.DefaultKubeVersion)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Check: check.Options{Policy: policy}}
	for line := range strings.Lines(string(a.Comment)) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		switch key {
		case "select":
			o.Check.Selection.Select = strings.Split(value, ",")
		case "only":
			o.OnlySafe = value == "safe"
		case "templates":
			o.Check.Remedies.LiteralTemplates = value == "literal"
		case "path":
			o.Check.Discover.Paths = strings.Split(value, ",")
		default:
			t.Fatalf("%s means nothing in an archive's comment", key)
		}
	}
	return o
}
