package render

import (
	"io/fs"
	"os"
	"path"
	"sync"
)

// disk reaches files below a directory by resolved names, in which no part but the last may be a link. It keeps the
// directories of those names open, so that a file costs one system call, not one for each part of its name: a check of
// many charts spends a tenth of its time there otherwise. It is safe for use by several goroutines.
type disk struct {
	root *os.Root

	mu   sync.Mutex
	dirs map[string]*directory // by name
}

// maxOpenDirs bounds the directories that a disk keeps open.
const maxOpenDirs = 128

func openDisk(dir string) (*disk, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &disk{root: root, dirs: map[string]*directory{}}, nil
}

// fileInfo is what a disk tells of a file, directory or link.
type fileInfo struct {
	mode fs.FileMode // its type
	size int64
}

func (i fileInfo) isDir() bool     { return i.mode.IsDir() }
func (i fileInfo) isRegular() bool { return i.mode.IsRegular() }
func (i fileInfo) isLink() bool    { return i.mode&fs.ModeSymlink != 0 }

func (d *disk) lstat(name string) (fileInfo, error) {
	at, base, err := d.parent(name)
	if err != nil {
		return fileInfo{}, err
	}
	return at.lstat(base)
}

// list lists a directory, in no order.
func (d *disk) list(name string) ([]fs.DirEntry, error) {
	at, base, err := d.parent(name)
	if err != nil {
		return nil, err
	}
	return at.list(base)
}

// read reads into buf, which it grows when it must, a file of which lstat has said that it is regular and how large. It
// ends with errGrown when there is more.
func (d *disk) read(name string, size int64, buf []byte) ([]byte, error) {
	at, base, err := d.parent(name)
	if err != nil {
		return nil, err
	}
	if int64(cap(buf)) <= size {
		buf = make([]byte, size+1)
	}
	n, err := at.read(base, buf[:size+1])
	return buf[:n], err
}

func (d *disk) readlink(name string) (string, error) {
	at, base, err := d.parent(name)
	if err != nil {
		return "", err
	}
	return at.readlink(base)
}

// parent is the directory that holds name, and what name is called there.
func (d *disk) parent(name string) (*directory, string, error) {
	dir, base := path.Split(name)
	d.mu.Lock()
	defer d.mu.Unlock()
	at, err := d.directory(path.Clean(dir))
	return at, base, err
}

// directory is the open directory of a name. It is opened in the one around it: no part of the name is a link.
func (d *disk) directory(dir string) (*directory, error) {
	if at, ok := d.dirs[dir]; ok {
		return at, nil
	}
	var at *directory
	if dir == "." {
		top, err := openDirectory(d.root)
		if err != nil {
			return nil, err
		}
		at = top
	} else {
		around, err := d.directory(path.Dir(dir))
		if err != nil {
			return nil, err
		}
		if at, err = around.enter(path.Base(dir)); err != nil {
			return nil, err
		}
	}
	if len(d.dirs) >= maxOpenDirs {
		clear(d.dirs) // not closed: others may be using them; the collector does it
	}
	d.dirs[dir] = at
	return at, nil
}

// readInto reads a file of at most limit bytes into a buffer, which it grows when it must. ok is false when it cannot.
func (d *disk) readInto(name string, limit int, buf []byte) (data []byte, ok bool) {
	info, err := d.lstat(name)
	if err != nil || !info.isRegular() || info.size > int64(limit) {
		return buf, false
	}
	data, err = d.read(name, info.size, buf)
	if err != nil {
		return buf, false
	}
	return data, true
}

// Close releases the directories.
func (d *disk) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, at := range d.dirs {
		at.close()
	}
	clear(d.dirs)
	return d.root.Close()
}
