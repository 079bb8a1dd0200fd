//go:build linux && nightly

package fix

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestWriteFull fills a small disk before each change that a writer makes of it: with bytes, then with files. What is
// found afterwards is the old tree, or the new one, and nothing else. A disk that is read-only changes nothing, either.
//
// It runs in a child that may mount: with namespaces of its own, which a kernel can forbid.
func TestWriteFull(t *testing.T) {
	const inChild = "SYNCGATE_TEST_FULL_DISK"
	if dir := os.Getenv(inChild); dir != "" {
		fullDisks(t, dir)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^TestWriteFull$", "-test.v")
	cmd.Env = append(os.Environ(), inChild+"="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("in namespaces of its own: %v\n%s", err, out)
	}
	t.Logf("%s", out)
}

func fullDisks(t *testing.T, dir string) {
	n := steps(t)
	for _, fill := range []struct {
		with string
		do   func(dir string) error
	}{{"bytes", fillBytes}, {"files", fillFiles}} {
		full := 0
		for at := range n {
			if err := fullDisk(t, dir, at, "", fill.do); errors.Is(err, syscall.ENOSPC) {
				full++
			} else if err != nil {
				t.Errorf("step %d, full of %s: %v", at, fill.with, err)
			}
		}
		t.Logf("full of %s: %d of %d writers failed", fill.with, full, n)
		if full < 4 {
			t.Errorf("full of %s: %d writers failed: the test does not reach what it is for", fill.with, full)
		}
	}
	// A journal that ends with a page cannot be marked as done.
	for _, short := range []int{0, 3} {
		failed := 0
		for at := range n {
			err := fullDisk(t, dir, at, deepName(t, short), fillBytes)
			if err != nil && strings.Contains(err.Error(), "writing the journal .syncgate-fix~: no space left on device; nothing was changed") {
				failed++
			}
		}
		if failed < 2 {
			t.Errorf("%d bytes left in the journal's page: %d writers failed there", short, failed)
		}
	}
	readOnlyDisk(t, dir)
}

// deepName is a directory for b.yaml that makes the journal end some bytes before the end of a page.
func deepName(t *testing.T, short int) string {
	t.Helper()
	sum := fileDigest(nil)
	text, err := json.Marshal([]journalEntry{{"a.yaml", sum, sum}, {"/b.yaml", sum, sum}})
	if err != nil {
		t.Fatal(err)
	}
	name := strings.Repeat(strings.Repeat("d", 99)+"/", os.Getpagesize()/100)
	return strings.TrimSuffix(name[:os.Getpagesize()-short-len(text)-1], "/") + "d"
}

// fullDisk is a writer on a disk that is full from a step on. It returns what the writer says.
func fullDisk(t *testing.T, dir string, at int, deep string, fill func(dir string) error) error {
	t.Helper()
	mount(t, dir, 0)
	defer unmount(t, dir)
	writePods(t, dir)
	if deep != "" {
		if err := os.MkdirAll(filepath.Join(dir, deep), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "b.yaml"), filepath.Join(dir, deep, "b.yaml")); err != nil {
			t.Fatal(err)
		}
	}
	tree, v := crashTree(t, dir)
	defer tree.Close()
	filled := filepath.Join(dir, "full")
	err := atStep(tree, at, func() {
		if err := os.Mkdir(filled, 0o755); err != nil {
			t.Error(err)
		}
		if err := fill(filled); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("filling the disk: %v", err)
		}
	}).Write(v)
	os.RemoveAll(filled)
	for _, f := range v.Files() {
		if err == nil && !isNew(t, dir, f) || err != nil && !isOld(t, dir, f) {
			t.Errorf("step %d: %s is neither old nor new: %v", at, f.Name, err)
		}
	}
	if err != nil && !strings.HasSuffix(err.Error(), "; nothing was changed") {
		t.Errorf("step %d: %v", at, err)
	}
	noLeftovers(t, dir)
	return err
}

// fillBytes leaves not a page.
func fillBytes(dir string) error {
	f, err := os.Create(filepath.Join(dir, "bytes"))
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return err
		}
	}
}

// fillFiles leaves no room for another file.
func fillFiles(dir string) error {
	for i := 0; ; i++ {
		f, err := os.Create(filepath.Join(dir, fmt.Sprint(i)))
		if err != nil {
			return err
		}
		f.Close()
	}
}

// readOnlyDisk is a writer on a disk that becomes read-only before it starts.
func readOnlyDisk(t *testing.T, dir string) {
	mount(t, dir, 0)
	defer unmount(t, dir)
	writePods(t, dir)
	tree, v := crashTree(t, dir)
	defer tree.Close()
	mount(t, dir, syscall.MS_REMOUNT|syscall.MS_RDONLY)
	err := NewWriter(tree).Write(v)
	if err == nil || err.Error() != "writing a.yaml: read-only file system; nothing was changed" {
		t.Errorf("on a read-only disk: %v", err)
	}
	if !isOld(t, dir, v.Files()[0]) || !isOld(t, dir, v.Files()[1]) {
		t.Error("on a read-only disk: the old tree is not there")
	}
	noLeftovers(t, dir)
}

func mount(t *testing.T, dir string, flags uintptr) {
	t.Helper()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", flags, "size=1m,nr_inodes=64"); err != nil {
		t.Fatalf("mounting a small disk: %v", err)
	}
}

func unmount(t *testing.T, dir string) {
	t.Helper()
	if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
		t.Fatal(err)
	}
}
