//go:build !unix

package render

import (
	"io"
	"io/fs"
	"os"
)

// directory is an open directory below a root. The names it takes are those of its entries.
type directory struct{ root *os.Root }

func openDirectory(root *os.Root) (*directory, error) {
	return (&directory{root}).enter(".")
}

// enter opens a directory in d.
func (d *directory) enter(base string) (*directory, error) {
	at, err := d.root.OpenRoot(base)
	if err != nil {
		return nil, err
	}
	return &directory{at}, nil
}

func (d *directory) close() { d.root.Close() }

func (d *directory) lstat(base string) (fileInfo, error) {
	info, err := d.root.Lstat(base)
	if err != nil {
		return fileInfo{}, err
	}
	return fileInfo{mode: info.Mode().Type(), size: info.Size()}, nil
}

func (d *directory) list(base string) ([]fs.DirEntry, error) {
	f, err := d.root.Open(base)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.ReadDir(-1)
}

func (d *directory) read(base string, buf []byte) (n int, err error) {
	f, err := d.root.Open(base)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	switch n, err = io.ReadFull(f, buf); err {
	case io.EOF, io.ErrUnexpectedEOF:
		return n, nil
	case nil:
		return n, errGrown
	}
	return n, err
}

func (d *directory) readlink(base string) (string, error) { return d.root.Readlink(base) }
