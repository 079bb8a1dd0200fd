package fix

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
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
	o := check.Options{Policy: policy}
	if tree.Exists("kustomization.yaml") {
		o.Selection.Select, o.Remedies.LimitRange = []string{"workload/cpuLimit"}, true
	}
	v, err := Fix(context.Background(), tree, Options{Check: o})
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Files()) != 2 {
		t.Fatalf("%d files to fix, want 2", len(v.Files()))
	}
	return tree, v
}

// noLeftovers looks for what a writer makes below a directory for itself.
func noLeftovers(t *testing.T, dir string) {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(name string, x fs.DirEntry, err error) error {
		if err == nil && !x.IsDir() && (strings.HasPrefix(x.Name(), ".") || strings.HasSuffix(x.Name(), "~")) {
			names = append(names, x.Name())
		}
		return err
	})
	if err != nil || len(names) > 0 {
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

// writeKustomization makes a repository in which a fix edits one file and makes another.
func writeKustomization(t *testing.T, dir string) {
	t.Helper()
	for name, text := range map[string]string{"pod.yaml": strings.ReplaceAll(crashPod, "%s", "a"),
		"kustomization.yaml": "namespace: shop\nresources:\n- pod.yaml\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o640); err != nil {
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
	t.Run("edits", func(t *testing.T) { testWriteCrash(t, writePods) })
	t.Run("a file is made", func(t *testing.T) { testWriteCrash(t, writeKustomization) })
}

func testWriteCrash(t *testing.T, write func(*testing.T, string)) {
	crashes, puts := 0, 0
	for done := false; !done; crashes++ {
		dir := t.TempDir()
		write(t, dir)
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

// TestRecoverMade takes back a file that a dead writer has made, unless somebody edited it since.
func TestRecoverMade(t *testing.T) {
	for text, said := range map[string]string{"": "an interrupted fix had made limitrange.yaml: it is gone again",
		"edited: true\n": "an interrupted fix may have made limitrange.yaml, which was edited since: it stays as it is"} {
		dir := t.TempDir()
		writeKustomization(t, dir)
		tree, v := crashTree(t, dir)
		var all []staged
		for _, f := range v.files {
			s, err := NewWriter(tree).plan(f)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, s)
		}
		writeCrashJournal(t, dir, all)
		made := filepath.Join(dir, "limitrange.yaml")
		content := []byte(text)
		if text == "" {
			content = v.files[1].After
		}
		if err := os.WriteFile(made, content, 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := Recover(tree)
		if err != nil || len(got) != 1 || got[0] != said {
			t.Errorf("%q, %v, want %q", got, err, said)
		}
		if _, err := os.Lstat(made); (err == nil) != (text != "") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestWriteAppeared does not write over a file that has appeared.
func TestWriteAppeared(t *testing.T) {
	dir := t.TempDir()
	writeKustomization(t, dir)
	tree, v := crashTree(t, dir)
	made := filepath.Join(dir, "limitrange.yaml")
	if err := os.WriteFile(made, []byte("mine: true\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	err := NewWriter(tree).Write(v)
	if err == nil || !strings.Contains(err.Error(), "writing limitrange.yaml: the file has appeared since it was looked for; run again; nothing was changed") {
		t.Errorf("error is %v", err)
	}
	if data, _ := os.ReadFile(made); string(data) != "mine: true\n" {
		t.Errorf("it was written: %q", data)
	}
	if data, _ := os.ReadFile(filepath.Join(dir, "kustomization.yaml")); strings.Contains(string(data), "limitrange") {
		t.Errorf("kustomization.yaml was written: %q", data)
	}
}

// The diff of a file that is made is one that git takes.
func TestDiffMade(t *testing.T) {
	dir := t.TempDir()
	writeKustomization(t, dir)
	_, v := crashTree(t, dir)
	diff, masked := v.Diff()
	cmd := exec.Command("git", "apply", "-")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(diff)
	if out, err := cmd.CombinedOutput(); err != nil || masked {
		t.Fatalf("%v\n%s\n%s", err, out, diff)
	}
	for _, f := range v.files {
		if data, _ := os.ReadFile(filepath.Join(dir, f.Name)); string(data) != string(f.After) {
			t.Errorf("%s:\n%s", f.Name, data)
		}
	}
	whole := FileChange{Name: "x", After: []byte("a\n\nb")}
	if got, _ := whole.Diff(&check.Values{}); !strings.HasSuffix(got, "@@ -0,0 +1,3 @@\n+a\n+\n+b\n\\ No newline at end of file\n") {
		t.Errorf("%q", got)
	}
}
