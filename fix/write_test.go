package fix

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
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
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) != 2 {
			t.Errorf("crash %d: leaves %v", crashes, entries)
		}
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
	if data, _ := os.ReadFile(filepath.Join(dir, "a.yaml")); string(data) != strings.ReplaceAll(crashPod, "%s", "a") {
		t.Errorf("a.yaml was written: %q", data)
	}
	writePods(t, dir)
	if err := NewWriter(tree).Write(v); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, "a.yaml")); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode is %v, %v", info.Mode(), err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("leaves %v", entries)
	}
}
