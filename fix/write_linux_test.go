package fix

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// nobody is a user who is not root, and owns nothing else.
const nobody = 65534

// asNobody runs a function with the rights that nobody has on files: root has no use for permissions. Another user stays
// who he is.
func asNobody(do func()) {
	if os.Getuid() != 0 {
		do()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()    // and never given back: the thread ends with the goroutine
		_ = unix.Setfsgid(nobody) // without it, what must fail succeeds
		_ = unix.Setfsuid(nobody)
		do()
	}()
	<-done
}

// TestWriteForbidden cannot write one of two files, or the journal: nothing changes, and nothing is left behind.
func TestWriteForbidden(t *testing.T) {
	for _, tt := range []struct {
		name   string
		forbid func(t *testing.T, dir string)
		root   bool   // what it needs can only root set up
		want   string // "" when it can be written
	}{
		{name: "nothing", forbid: func(*testing.T, string) {}},
		{name: "read-only file", want: "writing sub/b.yaml: is read-only; make it writable first; nothing was changed",
			forbid: func(t *testing.T, dir string) { chmod(t, dir, "sub/b.yaml", 0o440) }},
		{name: "read-only directory", want: "writing sub/b.yaml: the new file cannot be made beside it: permission denied; nothing was changed",
			forbid: func(t *testing.T, dir string) { chmod(t, dir, "sub", 0o555) }},
		{name: "read-only root", want: "opening the journal .syncgate-fix~: permission denied; nothing was changed",
			forbid: func(t *testing.T, dir string) { chmod(t, dir, ".", 0o555) }},
		{name: "another's file", root: true, want: "writing sub/b.yaml: is read-only; make it writable first; nothing was changed",
			forbid: func(t *testing.T, dir string) { chown(t, dir, "sub/b.yaml", 0) }},
		{name: "another's file that anybody may write", root: true,
			want: "writing sub/b.yaml: belongs to another user or group, which a new file in its place would not; run as its owner; nothing was changed",
			forbid: func(t *testing.T, dir string) {
				chown(t, dir, "sub/b.yaml", 0)
				chmod(t, dir, "sub/b.yaml", 0o666)
			}},
	} {
		if tt.root && os.Getuid() != 0 {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			writePods(t, dir)
			if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(filepath.Join(dir, "b.yaml"), filepath.Join(dir, "sub/b.yaml")); err != nil {
				t.Fatal(err)
			}
			tree, v := crashTree(t, dir)
			chmod(t, dir, "..", 0o755)
			if os.Getuid() == 0 {
				for _, name := range []string{".", "a.yaml", "sub", "sub/b.yaml"} {
					chown(t, dir, name, nobody)
				}
			}
			tt.forbid(t, dir)
			var err error
			asNobody(func() { err = NewWriter(tree).Write(v) })
			chmod(t, dir, ".", 0o755)
			chmod(t, dir, "sub", 0o755)
			switch {
			case tt.want == "" && err == nil:
				if !isNew(t, dir, v.Files()[0]) || !isNew(t, dir, v.Files()[1]) {
					t.Error("the new tree is not there")
				}
			case tt.want == "" || err == nil || err.Error() != tt.want:
				t.Errorf("error %v, want %q", err, tt.want)
			case !isOld(t, dir, v.Files()[0]) || !isOld(t, dir, v.Files()[1]):
				t.Error("the old tree is not there")
			}
			noLeftovers(t, dir)
		})
	}
}

// TestWriteKeepsOwner has root write a file of somebody else, which stays his.
func TestWriteKeepsOwner(t *testing.T) {
	dir := t.TempDir()
	writePods(t, dir)
	tree, v := crashTree(t, dir)
	want := os.Getuid()
	if want == 0 {
		want = nobody
		chown(t, dir, "a.yaml", nobody)
	}
	if err := NewWriter(tree).Write(v); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "a.yaml"))
	if err != nil || int(info.Sys().(*syscall.Stat_t).Uid) != want || info.Mode().Perm() != 0o640 {
		t.Errorf("owner and mode are %v, %v", info, err)
	}
}

// TestRecoverForbidden cannot remove what stands beside a file: the journal stays for the next run.
func TestRecoverForbidden(t *testing.T) {
	dir := t.TempDir()
	writePods(t, dir)
	tree, v := crashTree(t, dir)
	chmod(t, dir, "..", 0o755)
	if os.Getuid() == 0 {
		for _, name := range []string{".", "a.yaml", "b.yaml"} {
			chown(t, dir, name, nobody)
		}
	}
	last := steps(t) - 3 // both files are in their places
	var err error
	asNobody(func() {
		err = atStep(tree, last, func() { chmodNow(dir, 0o555) }).Write(v)
	})
	if err == nil || !strings.Contains(err.Error(), "all files are written, but .syncgate-old-a.yaml~ could not be removed: permission denied") {
		t.Errorf("error %v", err)
	}
	chmodNow(dir, 0o755)
	if said, err := Recover(tree); err != nil || len(said) > 0 {
		t.Errorf("recovering: %q, %v", said, err)
	}
	if !isNew(t, dir, v.Files()[0]) || !isNew(t, dir, v.Files()[1]) {
		t.Error("the new tree is not there")
	}
	noLeftovers(t, dir)
}

func chmodNow(dir string, mode os.FileMode) { _ = os.Chmod(dir, mode) }

func chmod(t *testing.T, dir, name string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
		t.Fatal(err)
	}
}

func chown(t *testing.T, dir, name string, id int) {
	t.Helper()
	if err := os.Lchown(filepath.Join(dir, name), id, id); err != nil {
		t.Fatal(err)
	}
}
