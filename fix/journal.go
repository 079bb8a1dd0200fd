package fix

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/syncgate/syncgate/render"
)

// journalName is the file at a tree's root that says which files are being replaced. It is there only while they are.
const journalName = ".syncgate-fix~"

// errBusy is what lock says of a file that another process has locked.
var errBusy = errors.New("another syncgate is writing here; run again when it is done")

// journal is the open, locked file.
type journal struct{ f *os.File }

// journalEntry is one file. Hashes tell what a dead writer has replaced from what was edited since.
type journalEntry struct {
	Name   string `json:"name"`   // relative to the root
	Before string `json:"before"` // "" for a file that was not there
	After  string `json:"after"`
}

// openJournal locks the journal. What a dead writer left in it must be recovered first.
func openJournal(root string) (*journal, error) {
	name := filepath.Join(root, journalName)
	f, err := openLocked(name, os.O_RDWR|os.O_CREATE)
	if errors.Is(err, errBusy) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("opening the journal %s: %w", journalName, unwrap(err))
	}
	here, err1 := f.Stat()
	there, err2 := os.Lstat(name)
	if err1 != nil || err2 != nil || !os.SameFile(here, there) {
		f.Close() // another writer removed it between the two calls
		return nil, errBusy
	}
	return &journal{f}, nil
}

// unwrap takes the system's name of the file out of an error, whose text names it in the tree already.
func unwrap(err error) error {
	switch e := err.(type) {
	case *fs.PathError:
		return e.Err
	case *os.LinkError:
		return e.Err
	}
	return err
}

// write notes what is about to be replaced, before any of it is.
func (j *journal) write(all []staged) error {
	if old, _, err := j.read(); err == nil && len(old) > 0 {
		return errInterrupted
	}
	var list []journalEntry
	root := filepath.Dir(j.f.Name())
	for _, s := range all {
		name, err := filepath.Rel(root, s.target)
		if err != nil {
			return err
		}
		e := journalEntry{Name: filepath.ToSlash(name), After: fileDigest(s.change.After)}
		if s.info != nil {
			e.Before = fileDigest(s.change.Before)
		}
		list = append(list, e)
	}
	text, err := json.Marshal(list)
	if err == nil {
		err = j.f.Truncate(0) // of what is no journal
	}
	if err == nil {
		_, err = j.f.WriteAt(text, 0)
	}
	if err == nil {
		err = j.f.Sync()
	}
	if err != nil {
		return fmt.Errorf("writing the journal %s: %w", journalName, unwrap(err))
	}
	syncDir(root)
	return nil
}

// errInterrupted says that a writer died.
var errInterrupted = errors.New("a fix was interrupted here, and its files may be half written: run `syncgate fix`, which puts the old ones back")

// doneMark stands behind the entries once all files are in their places: what stands beside them can go.
const doneMark = "\ndone\n"

// done writes the mark, or leaves the journal as it was.
func (j *journal) done() error {
	size, err := j.f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err = j.f.WriteString(doneMark); err == nil {
		err = j.f.Sync()
	}
	if err != nil {
		return errors.Join(err, j.f.Truncate(size))
	}
	return nil
}

func (j *journal) read() (list []journalEntry, done bool, err error) {
	if _, err := j.f.Seek(0, io.SeekStart); err != nil {
		return nil, false, err
	}
	text, err := io.ReadAll(j.f)
	if err != nil || len(text) == 0 {
		return nil, false, err
	}
	err = json.NewDecoder(bytes.NewReader(text)).Decode(&list) // what follows may be a part of the mark
	return list, bytes.HasSuffix(text, []byte(doneMark)), err
}

// close removes the journal and gives up the lock.
func (j *journal) close() error {
	if err := removeLocked(j.f); err != nil {
		return fmt.Errorf("removing the journal %s: %w", journalName, unwrap(err))
	}
	return nil
}

func fileDigest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Interrupted says whether a writer of this tree died, and left files half written.
func Interrupted(t *render.Tree) error {
	f, err := openLocked(filepath.Join(t.Dir(), journalName), os.O_RDONLY)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, errBusy):
		return err
	case err != nil:
		return fmt.Errorf("opening the journal %s: %w", journalName, unwrap(err))
	}
	f.Close()
	return errInterrupted
}

// Recover puts the files back that a dead writer of this tree was replacing. What was edited since stays as it is. said
// tells people what was done; it is empty when there was nothing to do.
func Recover(t *render.Tree) (said []string, err error) {
	if _, err := os.Lstat(filepath.Join(t.Dir(), journalName)); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	j, err := openJournal(t.Dir())
	if err != nil {
		return nil, err
	}
	list, done, err := j.read()
	if err != nil { // it died while writing the journal, before anything else
		list = nil
	}
	for _, e := range list {
		text, err := e.putBack(t, done)
		if err != nil {
			j.f.Close()
			return said, fmt.Errorf("putting back %s after an interrupted fix: %w", e.Name, unwrap(err))
		}
		if text != "" {
			said = append(said, text)
		}
	}
	return said, j.close()
}

// putBack gives one file its old content again, unless it has it, or was edited since, or all was done. What stands
// beside it goes.
func (e *journalEntry) putBack(t *render.Tree, done bool) (said string, err error) {
	if e.Before == "" {
		return e.takeBack(t, done)
	}
	real, err := t.Resolve(e.Name)
	if err == nil && real != e.Name || err != nil && !errors.Is(err, fs.ErrNotExist) { // a hostile journal
		return "", nil
	}
	target := filepath.Join(t.Dir(), filepath.FromSlash(e.Name))
	temp, backup := besides(target)
	var now []byte
	if err == nil {
		if now, err = t.ReadFile(e.Name); err != nil {
			return "", err
		}
	}
	switch sum := fileDigest(now); {
	case done, sum == e.Before:
	case err == nil && sum == e.After:
		if err := e.swapBack(t, backup, target); err != nil {
			return "", err
		}
		said = fmt.Sprintf("an interrupted fix had written %s: its old content is back", e.Name)
	case err != nil:
		said = fmt.Sprintf("an interrupted fix may have written %s, which was removed since: it stays so", e.Name)
	default:
		said = fmt.Sprintf("an interrupted fix may have written %s, which was edited since: it stays as it is", e.Name)
	}
	return said, errors.Join(removeBeside(t, temp), removeBeside(t, backup))
}

// swapBack puts the backup in the file's place. The tree reads it, so that a link of a hostile one leads nowhere.
func (e *journalEntry) swapBack(t *render.Tree, backup, target string) error {
	name := inTree(t, backup)
	if real, err := t.Resolve(name); err != nil || real != name {
		return fmt.Errorf("its old content is gone: there is no %s; see what git says of the file, then remove %s", name, journalName)
	}
	old, err := t.ReadFile(name)
	if err != nil {
		return err
	}
	if fileDigest(old) != e.Before {
		return fmt.Errorf("%s does not hold its old content; see what git says of the file, then remove %s", name, journalName)
	}
	return os.Rename(backup, target)
}

// takeBack removes a file that was not there before, unless it was edited since, or all was done.
func (e *journalEntry) takeBack(t *render.Tree, done bool) (said string, err error) {
	dir, err := t.Resolve(path.Dir(e.Name))
	if err != nil || path.Join(dir, path.Base(e.Name)) != e.Name { // a hostile journal
		return "", nil
	}
	target := filepath.Join(t.Dir(), filepath.FromSlash(e.Name))
	temp, _ := besides(target)
	os.Remove(temp)
	info, err := os.Lstat(target)
	if done || errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	now := []byte(nil)
	if info.Mode().IsRegular() {
		if now, err = os.ReadFile(target); err != nil {
			return "", err
		}
	}
	if fileDigest(now) != e.After {
		return fmt.Sprintf("an interrupted fix may have made %s, which was edited since: it stays as it is", e.Name), nil
	}
	return fmt.Sprintf("an interrupted fix had made %s: it is gone again", e.Name), os.Remove(target)
}
