package render

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTreeLinks(t *testing.T) {
	tree := writeRepo(t, map[string]string{
		"dir/f": "text", "dir/sub/g": "g", ".git/config": "token", "dir/.GIT/x": "token",
		"file": "-> dir/f", "up": "-> dir/../dir/f", "chain": "-> file", "to": "-> dir", "dir/back": "-> ../dir/sub",
		"out": "-> ../x", "abs": "-> /etc/hostname", "deepout": "-> dir/../../x", "gone": "-> dir/nobody",
		"loop": "-> pool", "pool": "-> loop", "self": "-> self", "git": "-> .git",
	})
	absolute := filepath.Join(tree.Dir(), "dir", "f")
	if err := os.Symlink(absolute, filepath.Join(tree.Dir(), "absin")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"dir/f": "dir/f", "./dir//f": "dir/f", "file": "dir/f", "up": "dir/f", "chain": "dir/f",
		"to/f": "dir/f", "dir/back/g": "dir/sub/g", "to/back/g": "dir/sub/g", "absin": "dir/f", ".": ".", "dir/../file": "dir/f"} {
		if got, err := tree.Resolve(name); got != want || err != nil {
			t.Errorf("%s leads to %q, %v; want %s", name, got, err, want)
		}
	}
	for _, name := range []string{"out", "abs", "deepout", "../x", "/etc/hostname", "dir/../../x", "out/x", ".git", ".git/config", "git/config",
		"dir/.GIT/x", ".Git/config"} {
		var leaves *LeavesRootError
		if _, err := tree.ReadFile(name); !errors.As(err, &leaves) {
			t.Errorf("%s: %v, want a LeavesRootError", name, err)
		}
		if tree.Exists(name) || tree.IsDir(name) {
			t.Errorf("%s is there", name)
		}
	}
	for _, name := range []string{"loop", "self", "loop/x"} {
		if _, err := tree.ReadFile(name); err == nil || !strings.Contains(err.Error(), "too many levels of symbolic links") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := tree.ReadFile("gone"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("gone: %v", err)
	}
}

func TestTreeReadDir(t *testing.T) {
	tree := writeRepo(t, map[string]string{"b": "", "a/x": "", "l": "-> a", "bad": "-> nobody", ".git/x": "", "c/only": ""})
	over := tree.With(map[string][]byte{"b": nil, "new": []byte("1"), "a/y": []byte("2"), "fresh/deep/z": []byte("3"), "c/only": nil, "l/viaLink": []byte("4")})
	for _, c := range []struct {
		tree      *Tree
		dir, want string
	}{
		{tree, ".", "a/ b bad@ c/ l/@"},
		{over, ".", "a/ bad@ c/ fresh/ l/@ new"},
		{over, "a", "viaLink x y"},
		{over, "l", "viaLink x y"},
		{over, "fresh", "deep/"},
		{over, "fresh/deep", "z"},
		{over, "c", ""},
	} {
		entries, err := c.tree.ReadDir(c.dir)
		if err != nil {
			t.Errorf("%s: %v", c.dir, err)
		}
		var got []string
		for _, e := range entries {
			name := e.Name
			if e.Dir {
				name += "/"
			}
			if e.Link {
				name += "@"
			}
			got = append(got, name)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s holds %s, want %s", c.dir, s, c.want)
		}
	}
	if _, err := tree.ReadDir("nobody"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory that is not there: %v", err)
	}
}

func TestTreeEdits(t *testing.T) {
	tree := writeRepo(t, map[string]string{"a": "old", "gone": "x", "link": "-> a", "dir/f": "f"})
	first := tree.With(map[string][]byte{"link": []byte("new"), "gone": nil, "dir2/g": []byte("g")})
	second := first.With(map[string][]byte{"a": []byte("newer"), "gone": []byte("back")})
	for _, c := range []struct {
		tree       *Tree
		name, want string
	}{{tree, "a", "old"}, {first, "a", "new"}, {first, "link", "new"}, {second, "link", "newer"}, {second, "gone", "back"},
		{first, "dir2/g", "g"}, {second, "dir2/g", "g"}, {first, "dir/f", "f"}} {
		if got, err := c.tree.ReadFile(c.name); string(got) != c.want || err != nil {
			t.Errorf("%s holds %q, %v; want %q", c.name, got, err, c.want)
		}
	}
	if _, err := first.ReadFile("gone"); !errors.Is(err, fs.ErrNotExist) || first.Exists("gone") {
		t.Errorf("a deleted file: %v, there: %v", err, first.Exists("gone"))
	}
	if !first.IsDir("dir2") || !first.Exists("dir2/g") || tree.Exists("dir2") || first.IsDir("dir2/g") {
		t.Error("a directory that an edit makes is not as expected")
	}
	if first.layer == second.layer || first.layer == tree.layer {
		t.Error("different edits have the same layer")
	}
}

func TestTreeRefusesWhatIsNoFile(t *testing.T) {
	tree := writeRepo(t, map[string]string{"dir/f": "x", "big": ""})
	if err := os.Truncate(filepath.Join(tree.Dir(), "big"), MaxFileSize+1<<20); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"dir": "is a directory", "big": "is 33 MiB, more than the 32 MiB that are read"} {
		if _, err := tree.ReadFile(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	if _, err := tree.readUpTo("dir/f", 0); err == nil {
		t.Error("a file over the limit was read")
	}
}

func TestTreeRecords(t *testing.T) {
	tree := writeRepo(t, map[string]string{"a/f": "x", "a/g": "y", "l": "-> a"})
	rec := tree.Recording()
	rec.ReadFile("l/f")
	rec.Exists("a/g")
	rec.Exists("a/missing")
	rec.ReadFile("no/where")
	rec.ReadDir("l")
	tree.ReadFile("a/g") // not recorded
	want := ReadSet{Files: []string{"a/f"}, Probed: []string{"a/g"}, Dirs: []string{"a"}, Links: []string{"l"}, Missing: []string{"a/missing", "no"}}
	wantEqual(t, rec.Seen(), want)
	wantEqual(t, tree.Seen(), ReadSet{})
}

func TestAffected(t *testing.T) {
	set := ReadSet{Files: []string{"a/f"}, Probed: []string{"p"}, Dirs: []string{"d"}, Links: []string{"l"}, Missing: []string{"m/x", "n"}}
	for name, want := range map[string]bool{"a/f": true, "a/g": false, "p": true, "d/new": true, "d/deep/new": false, "l": true, "l/x": true,
		"m/x": true, "m/x/y": true, "m": false, "n/a/b": true, "other": false} {
		if got := set.Affected([]string{"unrelated", name}); got != want {
			t.Errorf("a change of %s affects: %v, want %v", name, got, want)
		}
	}
	if set.Affected(nil) {
		t.Error("no change affects nothing")
	}
	merged := ReadSet{Files: []string{"z"}, Probed: []string{"a/f"}}
	merged.Merge(set)
	wantEqual(t, merged.Files, []string{"a/f", "z"})
	wantEqual(t, merged.Probed, []string{"p"})
}
