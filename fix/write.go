package fix

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/syncgate/syncgate/render"
)

// Writer writes proven patches into a work tree: all files, or none.
//
// While it writes, a journal at the root says which files it replaces. A writer that dies leaves it, and Recover then
// puts the old files back. The journal is locked, so that two writers do not meet.
type Writer struct {
	tree *render.Tree
	step func() // called before each change of the disk, by tests
}

// NewWriter returns a Writer for the directory a tree stands on.
func NewWriter(t *render.Tree) *Writer { return &Writer{tree: t, step: func() {}} }

// staged is one file that is ready to take another's place.
type staged struct {
	change FileChange
	target string      // on disk
	temp   string      // beside it, holds the new content
	backup string      // beside it, holds the old content
	info   fs.FileInfo // nil for a file that is made
}

// Write replaces the files of v, each atomically, keeping modes and owners. When a file has changed since it was read,
// or one cannot be written, nothing is changed.
func (w *Writer) Write(v *Verified) (err error) {
	if len(v.files) == 0 {
		return nil
	}
	all := make([]staged, len(v.files))
	for i, f := range v.files {
		if all[i], err = w.plan(f); err != nil {
			return fmt.Errorf("writing %s: %w; nothing was changed", f.Name, err)
		}
	}
	w.step()
	j, err := openJournal(w.tree.Dir())
	if err != nil {
		return fmt.Errorf("%w; nothing was changed", err)
	}
	w.step()
	if err := j.write(all); err != nil {
		if errors.Is(err, errInterrupted) {
			j.f.Close()
			return err
		}
		return errors.Join(fmt.Errorf("%w; nothing was changed", err), j.close())
	}
	defer func() {
		if errors.Is(err, errInterrupted) { // what is left is needed to put the old files back
			j.f.Close()
			return
		}
		for _, s := range all {
			w.step()
			os.Remove(s.temp)
			os.Remove(s.backup)
		}
		err = errors.Join(err, j.close())
	}()
	for _, s := range all {
		if err := w.stage(&s); err != nil {
			return fmt.Errorf("writing %s: %w; nothing was changed", s.change.Name, err)
		}
	}
	if err := w.replace(all); err != nil {
		return err
	}
	w.step()
	return j.done()
}

// replace moves the new files into the places of the old ones.
func (w *Writer) replace(all []staged) error {
	for i, s := range all {
		w.step()
		if err := os.Rename(s.temp, s.target); err != nil {
			return errors.Join(fmt.Errorf("writing %s: %w", s.change.Name, err), restore(all[:i]))
		}
	}
	for _, s := range all {
		syncDir(filepath.Dir(s.target))
	}
	return nil
}

// plan looks at a file that is to be replaced, and chooses names beside it.
func (w *Writer) plan(f FileChange) (staged, error) {
	if f.Before == nil {
		return w.planNew(f)
	}
	real, err := w.tree.Resolve(f.Name)
	if err != nil {
		return staged{}, err
	}
	s := staged{change: f, target: filepath.Join(w.tree.Dir(), filepath.FromSlash(real))}
	if s.info, err = os.Lstat(s.target); err != nil {
		return s, err
	}
	if s.info.Mode().Perm()&0o200 == 0 {
		return s, errors.New("is read-only; make it writable first")
	}
	s.temp, s.backup = besides(s.target)
	return s, nil
}

// planNew looks at the place of a file that is to be made.
func (w *Writer) planNew(f FileChange) (staged, error) {
	dir, err := w.tree.Resolve(path.Dir(f.Name))
	if err != nil {
		return staged{}, err
	}
	s := staged{change: f, target: filepath.Join(w.tree.Dir(), filepath.FromSlash(dir), path.Base(f.Name))}
	s.temp, s.backup = besides(s.target)
	return s, s.absent()
}

// absent is an error when something stands where a file is to be made.
func (s *staged) absent() error {
	_, err := os.Lstat(s.target)
	if err == nil {
		return errors.New("the file has appeared since it was looked for; run again")
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// besides are the names of what stands beside a file while it is replaced. No command takes them for a manifest.
func besides(target string) (temp, backup string) {
	dir, name := filepath.Split(target)
	return filepath.Join(dir, ".syncgate-new-"+name+"~"), filepath.Join(dir, ".syncgate-old-"+name+"~")
}

// stage writes the new content beside a file, and the old one.
func (w *Writer) stage(s *staged) error {
	if s.info == nil {
		if err := s.absent(); err != nil {
			return err
		}
		w.step()
		return writeNew(s.temp, s.change.After)
	}
	now, err := os.ReadFile(s.target)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, s.change.Before) {
		return errors.New("the file has changed since it was read; run again")
	}
	w.step()
	if err := writeLike(s.temp, s.change.After, s.info); err != nil {
		return err
	}
	w.step()
	return writeLike(s.backup, s.change.Before, s.info)
}

// writeNew writes a new file with the mode that the user's new files have.
func writeNew(name string, data []byte) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(name)
	}
	return err
}

// writeLike writes a new file with the mode and owner of another. What a dead writer left under the name is replaced.
func writeLike(name string, data []byte, like fs.FileInfo) (err error) {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(name)
		}
	}()
	if err := f.Chmod(like.Mode().Perm()); err != nil {
		return err
	}
	if err := keepOwner(f, like); err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

// restore puts old contents back.
func restore(done []staged) error {
	var errs []error
	for _, s := range done {
		back := os.Rename
		if s.info == nil {
			back = func(_, target string) error { return os.Remove(target) }
		}
		if err := back(s.backup, s.target); err != nil {
			errs = append(errs, fmt.Errorf("putting back %s: %w", s.change.Name, err))
		}
	}
	if len(errs) == 0 {
		return errors.New("nothing was changed")
	}
	return errors.Join(append(errs, errInterrupted)...)
}

// syncDir makes renames in a directory last. Not every file system can.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		d.Close()
	}
}
