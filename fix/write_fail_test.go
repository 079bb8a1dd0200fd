package fix

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/syncgate/syncgate/render"
)

// atStep makes a writer that does something before one of its changes of the disk.
func atStep(tree *render.Tree, n int, do func()) *Writer {
	w := NewWriter(tree)
	w.step = func() {
		if n == 0 {
			do()
		}
		n--
	}
	return w
}

// steps counts the changes of the disk that writing two files takes.
func steps(t *testing.T) int {
	t.Helper()
	dir := t.TempDir()
	writePods(t, dir)
	tree, v := crashTree(t, dir)
	w, n := NewWriter(tree), 0
	w.step = func() { n++ }
	if err := w.Write(v); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestWriteChanged writes nothing when one of the files has changed since it was read, and keeps modes.
func TestWriteChanged(t *testing.T) {
	dir := t.TempDir()
	writePods(t, dir)
	tree, v := crashTree(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "b.yaml"), []byte("other: true\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	err := NewWriter(tree).Write(v)
	if err == nil || !strings.Contains(err.Error(), "writing b.yaml: the file has changed since it was read; run again; nothing was changed") {
		t.Errorf("error is %v", err)
	}
	if !isOld(t, dir, v.Files()[0]) {
		t.Error("a.yaml was written")
	}
	writePods(t, dir)
	if err := NewWriter(tree).Write(v); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, "a.yaml")); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode is %v, %v", info.Mode(), err)
	}
	noLeftovers(t, dir)
}

// TestWriteMeanwhile edits one file, or both, before each change that a writer makes of the disk. The edits are there
// afterwards, and the other file is the old one, or the new one where the writer succeeded.
func TestWriteMeanwhile(t *testing.T) {
	said := map[string]int{}
	for n := range steps(t) {
		for _, edited := range [][]int{{0}, {1}, {0, 1}} {
			dir := t.TempDir()
			writePods(t, dir)
			tree, v := crashTree(t, dir)
			const text = "edited: true\n"
			err := atStep(tree, n, func() {
				for _, i := range edited {
					if err := os.WriteFile(filepath.Join(dir, v.Files()[i].Name), []byte(text), 0o640); err != nil {
						t.Error(err)
					}
				}
			}).Write(v)
			for i, f := range v.Files() {
				switch {
				case slices.Contains(edited, i):
					if !holdsText(t, dir, f.Name, []byte(text)) {
						t.Errorf("step %d: the edit of %s is gone: %v", n, f.Name, err)
					}
				case err == nil && !isNew(t, dir, f), err != nil && !isOld(t, dir, f):
					t.Errorf("step %d: %s, which nobody edited, is neither old nor new: %v", n, f.Name, err)
				}
			}
			if err != nil {
				_, text, _ := strings.Cut(err.Error(), ": ")
				said[text]++
			}
			noLeftovers(t, dir)
		}
	}
	for _, want := range []string{"the file has changed since it was read; run again; nothing was changed",
		"the file has changed since it was read; run again; a.yaml: edited meanwhile, stays as it is; nothing else was changed"} {
		if said[want] == 0 {
			t.Errorf("no writer says %q, but %v", want, said)
		}
	}
}

// TestWriteRestores loses files of the writer's own while it writes. Either the old tree is back, or nothing goes on until
// somebody has looked.
func TestWriteRestores(t *testing.T) {
	restored, stuck := 0, 0
	for n := range steps(t) {
		for _, lost := range []string{".syncgate-new-b.yaml~", ".syncgate-old-a.yaml~ .syncgate-new-b.yaml~"} {
			dir := t.TempDir()
			writePods(t, dir)
			tree, v := crashTree(t, dir)
			a, b := v.Files()[0], v.Files()[1]
			err := atStep(tree, n, func() {
				for _, name := range strings.Fields(lost) {
					os.Remove(filepath.Join(dir, name))
				}
			}).Write(v)
			switch {
			case errors.Is(err, errInterrupted):
				stuck++
				for range 2 {
					_, err := Recover(tree)
					if err == nil || !strings.Contains(err.Error(), "putting back a.yaml after an interrupted fix: its old content is gone: there is no "+
						".syncgate-old-a.yaml~; see what git says of the file, then remove .syncgate-fix~") {
						t.Errorf("step %d: recovering without a backup: %v", n, err)
					}
				}
				if !isNew(t, dir, a) || !isOld(t, dir, b) {
					t.Errorf("step %d: recovering without a backup has changed files", n)
				}
			case err != nil:
				restored++
				if !isOld(t, dir, a) || !isOld(t, dir, b) || !strings.Contains(err.Error(), "; nothing was changed") {
					t.Errorf("step %d: %v, and the old tree is not back", n, err)
				}
				noLeftovers(t, dir)
			default:
				if !isNew(t, dir, a) || !isNew(t, dir, b) {
					t.Errorf("step %d: the new tree is not there", n)
				}
				noLeftovers(t, dir)
			}
		}
	}
	if restored == 0 || stuck == 0 {
		t.Errorf("%d trees restored, %d stuck: the test does not reach what it is for", restored, stuck)
	}
}

// TestTwoWriters lets a second writer, and a recovery, come in before each change that a writer makes of the disk. One of
// the two has written everything at the end.
func TestTwoWriters(t *testing.T) {
	busy := 0
	for n := range steps(t) {
		dir := t.TempDir()
		writePods(t, dir)
		tree, v := crashTree(t, dir)
		var second error
		first := atStep(tree, n, func() {
			second = NewWriter(tree).Write(v)
			if said, err := Recover(tree); len(said) > 0 || err != nil && !errors.Is(err, errBusy) {
				t.Errorf("step %d: recovering beside a writer: %q, %v", n, said, err)
			}
		}).Write(v)
		switch {
		case first == nil && errors.Is(second, errBusy):
			busy++
		case first != nil && second == nil && errors.Is(first, errChanged):
		default:
			t.Errorf("step %d: the first writer says %v, the second %v", n, first, second)
		}
		if !isNew(t, dir, v.Files()[0]) || !isNew(t, dir, v.Files()[1]) {
			t.Errorf("step %d: the new tree is not there", n)
		}
		noLeftovers(t, dir)
	}
	if busy == 0 {
		t.Error("no writer met another one")
	}
}

// TestRecoverOdd clears a journal that is none, one whose file is gone, and follows no link of a hostile one.
func TestRecoverOdd(t *testing.T) {
	entry := `[{"name":"a.yaml","before":"` + fileDigest([]byte("old\n")) + `","after":"` + fileDigest([]byte("new\n")) + `"}]`
	for _, tt := range []struct{ name, journal, file, said, err string }{
		{"half a journal", entry[:40], "new\n", "", ""},
		{"half a mark", entry + "\ndo", "old\n", "", ""},
		{"removed since", entry, "", "an interrupted fix may have written a.yaml, which was removed since: it stays so", ""},
		{"done, then removed", entry + doneMark, "", "", ""},
		{"a link for a backup", entry, "new\n", "", "its old content is gone"},
		{"a name that leads out", strings.Replace(entry, "a.yaml", "../a.yaml", 1), "new\n", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			write := func(name, text string) {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			write(journalName, tt.journal)
			write("secret", "old\n")
			if tt.file != "" {
				write("a.yaml", tt.file)
			}
			if err := os.Symlink("secret", filepath.Join(dir, ".syncgate-old-a.yaml~")); err != nil {
				t.Fatal(err)
			}
			tree, err := render.OpenTree(dir)
			if err != nil {
				t.Fatal(err)
			}
			said, err := Recover(tree)
			if strings.Join(said, "\n") != tt.said {
				t.Errorf("says %q, want %q", said, tt.said)
			}
			if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
			if _, err := os.Lstat(filepath.Join(dir, journalName)); (err == nil) != (tt.err != "") {
				t.Errorf("the journal: %v", err)
			}
			if tt.file != "" && !holdsText(t, dir, "a.yaml", []byte(tt.file)) || !holdsText(t, dir, "secret", []byte("old\n")) {
				t.Error("files have changed")
			}
		})
	}
}
