package fix

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

const crashPod = "apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec:\n  containers:\n  - name: a\n    image: x\n"

// crashTree is a repository with two files to fix.
func crashTree(t *testing.T, dir string) (*render.Tree, *Verified) {
	t.Helper()
	tree, err := render.OpenTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	policy, err := check.NewPolicy("restricted", "latest", render.DefaultKubeVersion)
	if err != nil {
		t.Fatal(err)
	}
	v, err := Fix(context.Background(), tree, Options{Check: check.Options{Policy: policy}})
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Files()) != 2 {
		t.Fatalf("%d files to fix, want 2", len(v.Files()))
	}
	return tree, v
}

// noLeftovers looks for anything below a directory but the two files.
func noLeftovers(t *testing.T, dir string) {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(name string, x fs.DirEntry, err error) error {
		if err == nil && !x.IsDir() {
			names = append(names, filepath.Base(name))
		}
		return err
	})
	if slices.Sort(names); err != nil || len(names) != 2 || names[0] != "a.yaml" || names[1] != "b.yaml" {
		t.Errorf("leaves %v, %v", names, err)
	}
}

// isOld and isNew say what a file holds.
func isOld(t *testing.T, dir string, f FileChange) bool { return holdsText(t, dir, f.Name, f.Before) }
func isNew(t *testing.T, dir string, f FileChange) bool { return holdsText(t, dir, f.Name, f.After) }

func holdsText(t *testing.T, dir, name string, want []byte) bool {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	return err == nil && bytes.Equal(data, want)
}

func writePods(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"a", "b"} {
		text := strings.ReplaceAll(crashPod, "%s", name)
		if err := os.WriteFile(filepath.Join(dir, name+".yaml"), []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWriteCrash kills a writer before each change that it makes of the disk. What is found afterwards is the old tree,
// or the new one, or is put back to the old one.
func TestWriteCrash(t *testing.T) {
	if at := os.Getenv("SYNCGATE_TEST_CRASH_AT"); at != "" {
		n, _ := strconv.Atoi(at)
		tree, v := crashTree(t, os.Getenv("SYNCGATE_TEST_CRASH_DIR"))
		w := NewWriter(tree)
		w.step = func() {
			if n--; n < 0 {
				os.Exit(7)
			}
		}
		if err := w.Write(v); err != nil {
			t.Fatal(err)
		}
		return
	}
	crashes, puts := 0, 0
	for done := false; !done; crashes++ {
		dir := t.TempDir()
		writePods(t, dir)
		tree, v := crashTree(t, dir)
		cmd := exec.Command(os.Args[0], "-test.run", "^TestWriteCrash$")
		cmd.Env = append(os.Environ(), "SYNCGATE_TEST_CRASH_AT="+strconv.Itoa(crashes), "SYNCGATE_TEST_CRASH_DIR="+dir)
		out, err := cmd.CombinedOutput()
		if done = err == nil; !done && cmd.ProcessState.ExitCode() != 7 {
			t.Fatalf("%v\n%s", err, out)
		}
		said, err := Recover(tree)
		if err != nil {
			t.Fatalf("crash %d: %v", crashes, err)
		}
		puts += len(said)
		old, now := 0, 0
		for _, f := range v.Files() {
			switch data, _ := os.ReadFile(filepath.Join(dir, f.Name)); string(data) {
			case string(f.Before):
				old++
			case string(f.After):
				now++
			}
		}
		if old != 2 && now != 2 || done && now != 2 {
			t.Errorf("crash %d: %d old and %d new files", crashes, old, now)
		}
		noLeftovers(t, dir)
	}
	if crashes < 8 || puts == 0 {
		t.Errorf("%d crashes, %d files put back: the test does not reach what it is for", crashes, puts)
	}
}

// TestRecoverKeepsEdits leaves what was edited after a crash.
func TestRecoverKeepsEdits(t *testing.T) {
	dir := t.TempDir()
	writePods(t, dir)
	tree, v := crashTree(t, dir)
	w := NewWriter(tree)
	j, err := openJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []staged
	for _, f := range v.files {
		s, err := w.plan(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := j.write(all); err != nil {
		t.Fatal(err)
	}
	if err := w.Write(v); !errors.Is(err, errBusy) || !strings.Contains(err.Error(), "nothing was changed") {
		t.Errorf("a second writer: %v", err)
	}
	if _, err := Recover(tree); !errors.Is(err, errBusy) {
		t.Errorf("recovering beside a writer: %v", err)
	}
	j.f.Close() // it dies
	if err := Interrupted(tree); !errors.Is(err, errInterrupted) {
		t.Errorf("after a crash: %v", err)
	}
	if err := w.Write(v); !errors.Is(err, errInterrupted) {
		t.Errorf("writing after a crash: %v", err)
	}
	writePods(t, dir)
	writeCrashJournal(t, dir, all)
	if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte("edited: true\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	said, err := Recover(tree)
	if err != nil || len(said) != 1 || !strings.Contains(said[0], "a.yaml, which was edited since") {
		t.Errorf("%q, %v", said, err)
	}
	if data, _ := os.ReadFile(filepath.Join(dir, "a.yaml")); string(data) != "edited: true\n" {
		t.Errorf("a.yaml is %q", data)
	}
}

func writeCrashJournal(t *testing.T, dir string, all []staged) {
	t.Helper()
	os.Remove(filepath.Join(dir, journalName))
	j, err := openJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.write(all); err != nil {
		t.Fatal(err)
	}
	j.f.Close()
}
