package fix

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/syncgate/syncgate/render"
)

// Writer writes proven patches into a work tree: all files, or none.
type Writer struct{ tree *render.Tree }

// NewWriter returns a Writer for the directory a tree stands on.
func NewWriter(t *render.Tree) *Writer { return &Writer{tree: t} }

// staged is one file that is ready to take another's place.
type staged struct {
	change FileChange
	target string // on disk
	temp   string // beside it, holds the new content
	backup string // beside it, holds the old content
}

// Write replaces the files of v, each atomically, keeping modes and owners. When a file has changed since it was read,
// or one cannot be written, nothing is changed.
func (w *Writer) Write(v *Verified) (err error) {
	var all []staged
	defer func() {
		for _, s := range all {
			os.Remove(s.temp)
			os.Remove(s.backup)
		}
	}()
	for _, f := range v.files {
		s, err := w.stage(f)
		if err != nil {
			return fmt.Errorf("writing %s: %w; nothing was changed", f.Name, err)
		}
		all = append(all, s)
	}
	for i, s := range all {
		if err := os.Rename(s.temp, s.target); err != nil {
			return errors.Join(fmt.Errorf("writing %s: %w", s.change.Name, err), restore(all[:i]))
		}
	}
	return nil
}

// stage writes the new content beside a file, and a link to the old one.
func (w *Writer) stage(f FileChange) (staged, error) {
	real, err := w.tree.Resolve(f.Name)
	if err != nil {
		return staged{}, err
	}
	s := staged{change: f, target: filepath.Join(w.tree.Dir(), filepath.FromSlash(real))}
	info, err := os.Lstat(s.target)
	if err != nil {
		return s, err
	}
	if info.Mode().Perm()&0o200 == 0 {
		return s, errors.New("is read-only; make it writable first")
	}
	now, err := os.ReadFile(s.target)
	if err != nil {
		return s, err
	}
	if !bytes.Equal(now, f.Before) {
		return s, errors.New("the file has changed since it was read; run again")
	}
	if s.temp, err = writeBeside(s.target, f.After, info); err != nil {
		return s, err
	}
	if s.backup, err = writeBeside(s.target, f.Before, info); err != nil {
		os.Remove(s.temp)
	}
	return s, err
}

// writeBeside writes a temporary file into the directory of another, with that one's mode and owner.
func writeBeside(target string, data []byte, like fs.FileInfo) (name string, err error) {
	f, err := os.CreateTemp(filepath.Dir(target), ".syncgate-*")
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := f.Chmod(like.Mode().Perm()); err != nil {
		return "", err
	}
	if err := keepOwner(f, like); err != nil {
		return "", err
	}
	if _, err := f.Write(data); err != nil {
		return "", err
	}
	if err := f.Sync(); err != nil {
		return "", err
	}
	return f.Name(), f.Close()
}

// restore puts old contents back.
func restore(done []staged) error {
	var errs []error
	for _, s := range done {
		if err := os.Rename(s.backup, s.target); err != nil {
			errs = append(errs, fmt.Errorf("putting back %s: %w", s.change.Name, err))
		}
	}
	if len(errs) == 0 {
		return errors.New("nothing was changed")
	}
	return errors.Join(errs...)
}
