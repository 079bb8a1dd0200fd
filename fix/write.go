package fix

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

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
			return fmt.Errorf("writing %s: %w; nothing was changed", f.Name, unwrap(err))
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
	for i := range all {
		if err := w.stage(&all[i]); err != nil {
			err = fmt.Errorf("writing %s: %w; nothing was changed", all[i].change.Name, unwrap(err))
			return errors.Join(err, w.clear(j, all))
		}
	}
	if err := w.replace(j, all); err != nil {
		if errors.Is(err, errInterrupted) { // what is left is needed to put the old files back
			j.f.Close()
			return err
		}
		return errors.Join(err, w.clear(j, all))
	}
	if err := w.clear(j, all); err != nil {
		return fmt.Errorf("all files are written, but %w", err)
	}
	return nil
}

// replace moves the new files into the places of the old ones, and notes that it is done. When that fails, the old ones
// are back.
func (w *Writer) replace(j *journal, all []staged) error {
	syncDirs(all) // no file goes before its old content is safe
	for i := range all {
		w.step()
		if err := all[i].swap(); err != nil {
			return fmt.Errorf("writing %s: %w; %w", all[i].change.Name, unwrap(err), restore(all[:i]))
		}
	}
	syncDirs(all)
	w.step()
	if err := j.done(); err != nil {
		return fmt.Errorf("writing the journal %s: %w; %w", journalName, unwrap(err), restore(all))
	}
	return nil
}

// clear removes what stands beside the files, and then the journal, which stays for the next run when it cannot.
func (w *Writer) clear(j *journal, all []staged) error {
	var errs []error
	for _, s := range all {
		w.step()
		errs = append(errs, removeBeside(w.tree, s.temp), removeBeside(w.tree, s.backup))
	}
	if err := errors.Join(errs...); err != nil {
		j.f.Close()
		return fmt.Errorf("%w; the next `syncgate fix` tries again", err)
	}
	w.step()
	return j.close()
}

// removeBeside removes a file that stands beside one that was to be replaced, if it is there.
func removeBeside(t *render.Tree, name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s could not be removed: %w", inTree(t, name), unwrap(err))
	}
	return nil
}

// inTree is a name on disk, relative to the root.
func inTree(t *render.Tree, name string) string {
	rel, err := filepath.Rel(t.Dir(), name)
	if err != nil {
		return name
	}
	return filepath.ToSlash(rel)
}

// errReadOnly says that a file must not be written. Root could, and whoever may write its directory could put another one
// into its place: neither was asked for.
var errReadOnly = errors.New("is read-only; make it writable first")

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
	s.temp, s.backup = besides(s.target)
	if s.info, err = os.Lstat(s.target); err != nil {
		return s, err
	}
	if !s.info.Mode().IsRegular() {
		return s, errChanged
	}
	if s.info.Mode().Perm()&0o200 == 0 {
		return s, errReadOnly
	}
	open, err := os.OpenFile(s.target, os.O_WRONLY|noFollow, 0)
	if errors.Is(err, fs.ErrPermission) {
		return s, errReadOnly
	}
	if err != nil {
		return s, err
	}
	return s, open.Close()
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

// errChanged says that a proof no longer holds, since it was made with another content.
var errChanged = errors.New("the file has changed since it was read; run again")

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
		return errChanged
	}
	w.step()
	if err := writeLike(s.temp, s.change.After, s.info); err != nil {
		return err
	}
	w.step()
	return writeLike(s.backup, s.change.Before, s.info)
}

// swap puts the new content into the file's place, unless somebody has touched that since Write looked at it.
func (s *staged) swap() error {
	if s.info == nil {
		if err := s.absent(); err != nil {
			return err
		}
		return os.Rename(s.temp, s.target)
	}
	now, err := os.Lstat(s.target)
	if err != nil {
		return err
	}
	if !os.SameFile(now, s.info) || now.Mode() != s.info.Mode() || now.Size() != s.info.Size() || !now.ModTime().Equal(s.info.ModTime()) {
		return errChanged
	}
	return os.Rename(s.temp, s.target)
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
		return fmt.Errorf("the new file cannot be made beside it: %w", unwrap(err))
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(name)
		}
	}()
	if err := keepOwner(f, like); err != nil { // before the mode: it takes bits of that away
		return err
	}
	if err := f.Chmod(like.Mode().Perm()); err != nil {
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

// restore puts old contents back, but for files that were edited since. The error that it returns says how that went.
func restore(done []staged) error {
	var failed []error
	var edited []string
	for _, s := range done {
		switch now, err := os.ReadFile(s.target); {
		case errors.Is(err, fs.ErrNotExist) && s.info == nil: // it was made, and somebody took it away
			continue
		case errors.Is(err, fs.ErrNotExist), err == nil && !bytes.Equal(now, s.change.After):
			edited = append(edited, s.change.Name)
			continue
		case err != nil:
			failed = append(failed, fmt.Errorf("putting back %s: %w", s.change.Name, unwrap(err)))
			continue
		}
		back := os.Rename
		if s.info == nil { // it was made
			back = func(_, target string) error { return os.Remove(target) }
		}
		if err := back(s.backup, s.target); err != nil {
			failed = append(failed, fmt.Errorf("putting back %s: %w", s.change.Name, unwrap(err)))
		}
	}
	switch {
	case len(failed) > 0:
		return errors.Join(append(failed, errInterrupted)...)
	case len(edited) > 0:
		return fmt.Errorf("%s: edited meanwhile, stays as it is; nothing else was changed", strings.Join(edited, ", "))
	}
	return errors.New("nothing was changed")
}

// syncDirs makes what was made and renamed in the files' directories last.
func syncDirs(all []staged) {
	last := map[string]bool{}
	for _, s := range all {
		if dir := filepath.Dir(s.target); !last[dir] {
			last[dir] = true
			syncDir(dir)
		}
	}
}

// syncDir makes renames in a directory last. Not every file system can.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		d.Close()
	}
}
