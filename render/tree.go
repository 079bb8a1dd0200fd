package render

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
)

// maxLinks bounds how many symbolic links one path may go through, as Linux does (MAXSYMLINKS).
const maxLinks = 40

// Tree is one revision of a repository: rooted, read-only, never leaving the root, with in-memory edits laid over
// it. Names are relative to the root and use "/"; "." is the root.
//
// A Tree made by Recording notes every file read, directory listed and path probed in vain: what a source depends on
// is exactly what its Tree saw. A Tree is safe for use by several goroutines.
type Tree struct {
	dir   string // absolute, links resolved
	root  *disk
	edits map[string][]byte // by resolved name
	layer int64             // identifies edits: equal layers have equal edits; 0 for none
	rec   *recorder         // nil when nobody listens
	quota *quota            // nil for no bound

	remotes *remotes // copies of what is outside; nil for none

	mu    *sync.Mutex
	plain map[string]bool // resolved directories known not to be links
}

// OpenTree opens the tree below a directory.
func OpenTree(dir string) (*Tree, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", dir, err)
	}
	abs, err = filepath.EvalSymlinks(abs)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", dir, err)
	}
	root, err := openDisk(abs)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", dir, err)
	}
	return &Tree{dir: abs, root: root, mu: new(sync.Mutex), plain: map[string]bool{".": true}}, nil
}

// Close releases the directory. Trees made from this one by With and Recording can no longer be used either.
func (t *Tree) Close() error { return t.root.Close() }

// Dir is the root's absolute path on disk.
func (t *Tree) Dir() string { return t.dir }

// With returns a Tree in which the named files have other contents, on top of what t already lays over them.
// A nil content means the file does not exist.
func (t *Tree) With(edits map[string][]byte) *Tree {
	out := *t
	out.edits = make(map[string][]byte, len(t.edits)+len(edits))
	for k, v := range t.edits {
		out.edits[k] = v
	}
	for k, v := range edits {
		out.edits[t.place(k)] = v
	}
	out.layer = layers.Add(1)
	return &out
}

// place is where a file stands, or would stand: links are followed in as much of its name as is there. That is no look at
// the file.
func (t *Tree) place(name string) string {
	silent := *t
	silent.rec = nil
	t = &silent
	name = clean(name)
	rest := ""
	for dir := name; dir != "."; dir = path.Dir(dir) {
		if real, err := t.resolve(dir); err == nil {
			return path.Join(real, rest)
		}
		rest = path.Join(path.Base(dir), rest)
	}
	return name
}

// layers counts the sets of edits that this process has made.
var layers atomic.Int64

// overlaid returns a Tree with a complete set of edits whose names are resolved already.
func (t *Tree) overlaid(edits map[string][]byte) *Tree {
	out := *t
	out.edits = edits
	return &out
}

// Edits are the contents laid over the tree, by resolved name. The map must not be changed.
func (t *Tree) Edits() map[string][]byte { return t.edits }

// Recording returns a view of t that notes what is read through it.
func (t *Tree) Recording() *Tree {
	out := *t
	out.rec = newRecorder()
	return &out
}

// Seen is what was read through a Tree made by Recording.
func (t *Tree) Seen() ReadSet {
	if t.rec == nil {
		return ReadSet{}
	}
	return t.rec.set()
}

// LeavesRootError is returned for a name or link that leads out of the tree, or into a .git directory: that is no part of
// any revision, and may hold credentials.
type LeavesRootError struct{ Name, Target string }

func (e *LeavesRootError) Error() string {
	if e.Target == gitDir {
		return fmt.Sprintf("%s is git's own data, no part of the repository", e.Name)
	}
	if e.Target == "" || e.Target == e.Name {
		return fmt.Sprintf("%s is outside the repository", e.Name)
	}
	return fmt.Sprintf("%s is a link to %s, outside the repository", e.Name, e.Target)
}

const gitDir = ".git"

// isGitDir reports whether a name is the one git refuses to track, in any case (core.protectNTFS, core.protectHFS).
func isGitDir(base string) bool { return strings.EqualFold(base, gitDir) }

func clean(name string) string { return path.Clean(strings.TrimPrefix(filepath.ToSlash(name), "/")) }

// resolve follows symbolic links in every part of name and returns the name of what they lead to.
// It fails for names and links that leave the root, for loops, and when a part does not exist.
func (t *Tree) resolve(name string) (string, error) {
	real, _, err := t.resolveInfo(name)
	return real, err
}

// resolveInfo is resolve, with what it has seen of the file that name leads to, if anything.
func (t *Tree) resolveInfo(name string) (real string, info *fileInfo, err error) {
	if path.IsAbs(filepath.ToSlash(name)) {
		return "", nil, &LeavesRootError{Name: name}
	}
	todo := strings.Split(path.Clean(filepath.ToSlash(name)), "/")
	cur, links := ".", 0
	for len(todo) > 0 {
		part := todo[0]
		todo = todo[1:]
		switch part {
		case ".", "":
			continue
		case "..":
			if cur == "." {
				return "", nil, &LeavesRootError{Name: name}
			}
			cur, info = path.Dir(cur), nil
			continue
		}
		if isGitDir(part) {
			return "", nil, &LeavesRootError{Name: name, Target: gitDir}
		}
		next := path.Join(cur, part)
		target, at, err := t.link(next)
		if err != nil {
			return "", nil, err
		}
		if info = at; target == "" {
			cur = next
			continue
		}
		if links++; links > maxLinks {
			return "", nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("too many levels of symbolic links")}
		}
		t.rec.link(next)
		if filepath.IsAbs(target) {
			rel, err := filepath.Rel(t.dir, filepath.Clean(target))
			if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
				return "", nil, &LeavesRootError{Name: next, Target: target}
			}
			cur, target = ".", rel
		}
		if depth(cur, target) < 0 {
			return "", nil, &LeavesRootError{Name: next, Target: target}
		}
		todo = append(strings.Split(filepath.ToSlash(target), "/"), todo...)
	}
	return cur, info, nil
}

// depth is how deep below the root a relative walk from cur ends at its highest point: negative when it leaves.
func depth(cur, target string) int {
	d := 0
	if cur != "." {
		d = strings.Count(cur, "/") + 1
	}
	low := d
	for _, p := range strings.Split(filepath.ToSlash(target), "/") {
		switch p {
		case "", ".":
		case "..":
			d--
		default:
			d++
		}
		low = min(low, d)
	}
	return low
}

// link returns the target of a symbolic link, or "" for anything else, with what it had to look up of that. name's
// directory is resolved already.
func (t *Tree) link(name string) (target string, info *fileInfo, err error) {
	if _, ok := t.edits[name]; ok {
		return "", nil, nil
	}
	t.mu.Lock()
	known := t.plain[name]
	t.mu.Unlock()
	if known {
		return "", nil, nil
	}
	at, err := t.root.lstat(name)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			t.rec.missing(name)
			if t.addedDir(name) {
				return "", nil, nil
			}
		}
		return "", nil, pathError("open", name, err)
	}
	if at.isLink() {
		target, err = t.root.readlink(name)
		return target, nil, err
	}
	if at.isDir() {
		t.mu.Lock()
		t.plain[name] = true
		t.mu.Unlock()
	}
	return "", &at, nil
}

// addedDir reports whether name is a directory only because an edit adds a file below it.
func (t *Tree) addedDir(name string) bool {
	for k, v := range t.edits {
		if v != nil && strings.HasPrefix(k, name+"/") {
			return true
		}
	}
	return false
}

// pathError gives an error from the system the name within the tree.
func pathError(op, name string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// Resolve returns the name of the file or directory that name leads to through symbolic links.
func (t *Tree) Resolve(name string) (string, error) { return t.resolve(name) }
