package remote

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/render"
)

const (
	lockVersion = 1
	maxLock     = 4 << 20
	lockHead    = "# What this repository uses from elsewhere, as `syncgate vendor` fetched it.\n"
)

// Entry is one remote thing in a lock. Equal things have equal entries; no entry holds a credential.
type Entry struct {
	Kind     render.RemoteKind `yaml:"kind"`
	Ref      string            `yaml:"ref"` // as written, see render.PublicURL
	Chart    string            `yaml:"chart,omitempty"`
	Version  string            `yaml:"version,omitempty"`  // as asked for
	Resolved string            `yaml:"resolved,omitempty"` // version of the chart that was fetched
	Commit   string            `yaml:"commit,omitempty"`
	Digest   string            `yaml:"digest"`
}

type lockFile struct {
	Version int     `yaml:"version"`
	Remotes []Entry `yaml:"remotes"`
}

var digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// readLock reads a repository's lock; a repository without one has an empty lock.
func readLock(t *render.Tree) ([]Entry, error) {
	data, err := t.ReadFile(render.LockFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	fail := func(err error) error { return fmt.Errorf("reading %s: %w", render.LockFile, err) }
	if err != nil {
		return nil, fail(err)
	}
	if len(data) > maxLock {
		return nil, fail(fmt.Errorf("it is larger than %d MB", maxLock>>20))
	}
	var l lockFile
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&l); err != nil {
		return nil, fail(err)
	}
	if l.Version != lockVersion {
		return nil, fail(fmt.Errorf("it has version %d, and this syncgate reads version %d", l.Version, lockVersion))
	}
	for i, e := range l.Remotes {
		if !digestForm.MatchString(e.Digest) || e.Ref == "" || e.Resolved != "" && !plainWord.MatchString(e.Resolved) {
			return nil, fail(fmt.Errorf("entry %d (%s) needs a ref, and a digest such as sha256:…", i+1, render.PublicURL(e.Ref)))
		}
	}
	return l.Remotes, nil
}

// find gives what a lock says of something.
func find(lock []Entry, r render.Remote) (Entry, bool) {
	for _, e := range lock {
		same := e.Kind == r.Kind || r.Kind == render.RemoteResource && e.Kind != render.RemoteChart
		if same && e.Ref == render.PublicURL(r.Ref) && e.Chart == r.Chart && e.Version == r.Version {
			return e, true
		}
	}
	return Entry{}, false
}

// Lock is the content of the lock for what was asked for; with keep, for all else that it held before too. It is nil
// when there is nothing to lock.
func (s *Store) Lock(keep bool) ([]byte, error) {
	l := lockFile{Version: lockVersion}
	for e := range s.used {
		l.Remotes = append(l.Remotes, e)
	}
	for _, e := range s.before {
		known := slices.ContainsFunc(l.Remotes, func(u Entry) bool { return u.thing() == e.thing() })
		if keep && !known {
			l.Remotes = append(l.Remotes, e)
		}
	}
	if len(l.Remotes) == 0 {
		return nil, nil
	}
	slices.SortFunc(l.Remotes, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Ref, b.Ref), cmp.Compare(a.Chart, b.Chart), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Kind, b.Kind))
	})
	text, err := yaml.Marshal(l)
	return append([]byte(lockHead), text...), err
}

// thing is what an entry is about, without what was found.
func (e Entry) thing() Entry {
	return Entry{Kind: e.Kind, Ref: e.Ref, Chart: e.Chart, Version: e.Version}
}

// WriteLock replaces a repository's lock, or removes it when data is nil, and reports whether that changed anything.
func WriteLock(dir string, data []byte) (changed bool, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return false, err
	}
	defer root.Close()
	old, err := root.ReadFile(render.LockFile)
	switch {
	case data == nil && err == nil:
		return true, root.Remove(render.LockFile)
	case data == nil || err == nil && bytes.Equal(old, data):
		return false, nil
	}
	tmp := render.LockFile + ".new"
	root.Remove(tmp)
	if err := root.WriteFile(tmp, data, 0o644); err != nil {
		return false, fmt.Errorf("writing %s: %w", render.LockFile, err)
	}
	if err := root.Rename(tmp, render.LockFile); err != nil {
		root.Remove(tmp)
		return false, fmt.Errorf("writing %s: %w", render.LockFile, err)
	}
	return true, nil
}
