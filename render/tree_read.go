package render

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"
)

// MaxFileSize is the largest file a Tree reads, in bytes. The API server refuses objects of more than about 3 MiB
// (etcd's limit is lower still), so a manifest of this size is never one that somebody means to apply.
const MaxFileSize = 32 << 20

// ReadFile returns a file's content. The caller must not change it. Files over MaxFileSize and things that are no
// regular files are errors.
func (t *Tree) ReadFile(name string) ([]byte, error) { return t.readUpTo(name, MaxFileSize) }

// readUpTo reads a file of at most limit bytes.
func (t *Tree) readUpTo(name string, limit int64) ([]byte, error) {
	real, info, err := t.resolveInfo(name)
	if err != nil {
		return nil, err
	}
	if data, ok := t.edits[real]; ok {
		t.rec.file(real)
		if data == nil {
			return nil, pathError("open", real, fs.ErrNotExist)
		}
		return data, t.quota.take(real, len(data))
	}
	// A device or pipe would notice that it is opened: look before opening.
	if info == nil {
		at, err := t.root.lstat(real)
		if err != nil {
			return nil, pathError("open", real, err)
		}
		info = &at
	}
	switch {
	case info.isDir():
		return nil, pathError("read", real, errors.New("is a directory"))
	case !info.isRegular():
		return nil, pathError("read", real, fmt.Errorf("is no regular file (%s)", info.mode.Type()))
	case info.size > limit:
		return nil, pathError("read", real, fmt.Errorf("is %d MiB, more than the %d MiB that are read",
			info.size>>20, limit>>20))
	}
	if err := t.quota.take(real, int(info.size)); err != nil {
		return nil, err
	}
	t.rec.file(real)
	data, err := t.root.read(real, info.size, nil)
	if err != nil {
		return nil, pathError("read", real, err)
	}
	return data, nil
}

// errGrown is for a file that is larger than it was a moment ago.
var errGrown = errors.New("grew while it was read")

// holding are, for each text, those of the named files that hold it, in no order: files of at most limit bytes that are no
// links, by names in which no directory is one. It looks at several at once, and notes nothing.
func (t *Tree) holding(names []string, limit int, texts []string) [][]string {
	out := make([][]string, len(texts))
	var mu sync.Mutex
	var wg sync.WaitGroup
	for part := range slices.Chunk(names, len(names)/runtime.GOMAXPROCS(0)+1) {
		wg.Go(func() {
			var buf []byte
			for _, name := range part {
				data, ok := t.edits[name]
				if !ok {
					if buf, ok = t.root.readInto(name, limit, buf); !ok {
						continue
					}
					data = buf
				}
				for i, text := range texts {
					if bytes.Contains(data, []byte(text)) {
						mu.Lock()
						out[i] = append(out[i], name)
						mu.Unlock()
					}
				}
			}
		})
	}
	wg.Wait()
	return out
}

// Entry is one name in a directory of a Tree.
type Entry struct {
	Name string
	Dir  bool // a directory, or a link to one
	Link bool // a symbolic link
}

// ReadDir lists a directory in byte order of names, without .git. A link that leads nowhere or out of the tree is listed as
// a file.
func (t *Tree) ReadDir(name string) ([]Entry, error) {
	real, err := t.resolve(name)
	if err != nil {
		return nil, err
	}
	t.rec.dir(real)
	byName := map[string]Entry{}
	list, err := t.root.list(real)
	if err != nil && !t.addedDir(real) {
		return nil, pathError("open", real, err)
	}
	for _, d := range list {
		if isGitDir(d.Name()) {
			continue
		}
		e := Entry{Name: d.Name(), Dir: d.IsDir(), Link: d.Type()&fs.ModeSymlink != 0}
		if e.Link {
			e.Dir = t.IsDir(path.Join(real, e.Name))
		}
		byName[e.Name] = e
	}
	t.overlayDir(real, byName)
	out := make([]Entry, 0, len(byName))
	for _, e := range byName {
		out = append(out, e)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out, nil
}

// overlayDir adds to and removes from a directory's entries what the edits add and remove.
func (t *Tree) overlayDir(dir string, byName map[string]Entry) {
	for k, v := range t.edits {
		rel := k
		if dir != "." {
			var ok bool
			if rel, ok = strings.CutPrefix(k, dir+"/"); !ok {
				continue
			}
		}
		first, _, deeper := strings.Cut(rel, "/")
		switch {
		case v == nil && !deeper:
			delete(byName, first)
		case v != nil:
			if _, ok := byName[first]; !ok {
				byName[first] = Entry{Name: first, Dir: deeper}
			}
		}
	}
}

// IsDir reports whether name leads to a directory inside the tree.
func (t *Tree) IsDir(name string) bool {
	real, err := t.resolve(name)
	if err != nil {
		return false
	}
	if _, ok := t.edits[real]; ok {
		return false
	}
	info, err := t.root.lstat(real)
	if err != nil {
		return t.addedDir(real)
	}
	t.rec.probe(real)
	return info.isDir()
}

// Exists reports whether name leads to something inside the tree.
func (t *Tree) Exists(name string) bool {
	real, err := t.resolve(name)
	if err != nil {
		return false
	}
	if v, ok := t.edits[real]; ok {
		t.rec.probe(real)
		return v != nil
	}
	t.rec.probe(real)
	_, err = t.root.lstat(real)
	return err == nil || t.addedDir(real)
}
