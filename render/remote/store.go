// Package remote gets what a repository uses from outside of it: files by URL, bases in git repositories, charts of
// chart repositories and registries. It contacts allowed hosts only, checks what it gets against the repository's lock,
// and keeps it in a cache outside of the repository. Rendering itself has no network: see render.Fetch.
package remote

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/syncgate/syncgate/render"
)

// The bounds of what is fetched.
const (
	maxDownload = 64 << 20  // bytes of a file, a chart, or the index of a chart repository
	maxTree     = 256 << 20 // bytes of all files of a git repository at one commit
	maxPack     = 512 << 20 // bytes that git may store while it fetches one
	maxFiles    = 100_000   // files of a git repository at one commit
	maxRemotes  = 1000      // things to fetch in one run
)

// Options say where things may come from and where they go.
type Options struct {
	Hosts    []string // that may be contacted, with a port where it is not the scheme's own; none by default
	CacheDir string   // default DefaultCacheDir
	Update   bool     // fetch anew, whatever the lock says
}

// Store gives copies of remote things. It is used by one goroutine at a time.
type Store struct {
	hosts  hosts
	cache  cache
	before []Entry // the repository's lock
	lock   []Entry // what of it holds
	client *http.Client

	used    map[Entry]bool        // everything that was asked for, as it was found
	fetched int                   // from the network
	indexes map[string]chartIndex // of chart repositories, by URL
}

// Open makes a store for a repository, and reads its lock.
func Open(t *render.Tree, o Options) (*Store, error) {
	allowed, err := parseHosts(o.Hosts)
	if err != nil {
		return nil, err
	}
	s := &Store{hosts: allowed, used: map[Entry]bool{}, indexes: map[string]chartIndex{}}
	if s.before, err = readLock(t); err != nil {
		return nil, err
	}
	if !o.Update {
		s.lock = s.before
	}
	s.cache = cache{dir: o.CacheDir, repository: t.Dir(), verified: map[string]bool{}}
	s.client = newClient(allowed)
	return s, nil
}

// DefaultCacheDir is a directory of the user's own: $XDG_CACHE_HOME/syncgate/remote on Linux.
func DefaultCacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", &render.Error{Msg: "there is no place for remote bases and charts: " + err.Error(),
			Hint: "set HOME, or XDG_CACHE_HOME"}
	}
	return filepath.Join(dir, "syncgate", "remote"), nil
}

// Used says how many things were asked for and found.
func (s *Store) Used() int { return len(s.used) }

// Fetched says how many things came from the network.
func (s *Store) Fetched() int { return s.fetched }

// Fetch is a render.Fetch. What the lock names and the cache holds needs no network and no permission.
func (s *Store) Fetch(ctx context.Context, r render.Remote) (render.RemoteCopy, error) {
	if len(s.used) >= maxRemotes {
		return render.RemoteCopy{}, fmt.Errorf("more than %d remote bases and charts are used", maxRemotes)
	}
	source, locked, dir, err := s.look(r)
	if err != nil {
		return render.RemoteCopy{}, err
	}
	if dir != "" {
		s.used[locked] = true
		return source.copy(dir, locked), nil
	}
	dir, e, err := s.download(ctx, r, source, locked)
	if err != nil {
		return render.RemoteCopy{}, explain(r, err)
	}
	s.fetched++
	s.used[e] = true
	return source.copy(dir, e), nil
}

// Allows says why Fetch would not even try to get something: render.ErrOff, or an *Error that names the host to allow. It is nil
// for what is locked and in the cache.
func (s *Store) Allows(r render.Remote) error {
	_, _, _, err := s.look(r)
	return err
}

// look finds something in the cache, or says whether it may be fetched.
func (s *Store) look(r render.Remote) (source source, locked Entry, dir string, err error) {
	locked, isLocked := find(s.lock, r)
	if len(s.hosts) == 0 && !isLocked {
		return nil, locked, "", render.ErrOff
	}
	if source, err = s.source(r); err != nil {
		return nil, locked, "", err
	}
	if isLocked {
		if dir, ok, err := s.cache.get(source.identity(locked), locked); err != nil || ok {
			return source, locked, dir, err
		}
	}
	if !s.hosts.allow(source.url()) {
		err = refusal(r, source.url(), isLocked)
	}
	return source, locked, "", err
}

// source is where a remote thing comes from, by its kind.
type source interface {
	// url is the address that is contacted first.
	url() address
	// fetch writes the thing into an empty directory and says what it is. locked is what the lock says, if anything.
	fetch(ctx context.Context, dir string, locked Entry) (Entry, error)
	// identity names the thing an Entry is about in the cache, without credentials: nothing that was fetched from
	// elsewhere is ever taken for it.
	identity(Entry) string
	// copy describes a directory that fetch has filled.
	copy(dir string, e Entry) render.RemoteCopy
}

// download fetches something into the cache and holds it against the lock.
func (s *Store) download(ctx context.Context, r render.Remote, src source, locked Entry) (string, Entry, error) {
	tmp, err := s.cache.temp()
	if err != nil {
		return "", Entry{}, err
	}
	defer os.RemoveAll(tmp)
	e, err := src.fetch(ctx, tmp, locked)
	if err != nil {
		return "", e, err
	}
	e.Ref, e.Chart, e.Version = render.PublicURL(r.Ref), r.Chart, r.Version
	if e.Digest, err = digest(tmp, e.Kind); err != nil {
		return "", e, err
	}
	if locked.Digest != "" && (locked.Digest != e.Digest || locked.Kind != e.Kind) {
		return "", e, mismatch(locked, e)
	}
	dir, err := s.cache.put(src.identity(e), e, tmp)
	return dir, e, err
}

func mismatch(locked, got Entry) error {
	msg := fmt.Sprintf("is %s now, and %s says %s", got.Digest, render.LockFile, locked.Digest)
	if got.Commit != locked.Commit && got.Commit != "" && locked.Commit != "" {
		msg = fmt.Sprintf("is at commit %s now, and %s says %s", got.Commit, render.LockFile, locked.Commit)
	}
	return &render.Error{Msg: msg, Hint: "look at what changed, and run `syncgate vendor --update` if it is what you want"}
}

// refusal says why something is not fetched.
func refusal(r render.Remote, host address, isLocked bool) error {
	allow := "--allow-remote " + host.String()
	if isLocked {
		return &render.Error{Msg: r.Name() + " is in " + render.LockFile + ", but not in the cache, and " + host.String() + " is not an allowed host",
			Hint: "run `syncgate vendor " + allow + "`"}
	}
	return &render.Error{Msg: r.Name() + " is remote, and " + host.String() + " is not an allowed host",
		Hint: "vendor it, or allow its host with " + allow}
}

// explain gives an error the name of what was being fetched, and hides credentials.
func explain(r render.Remote, err error) error {
	out := &render.Error{Msg: err.Error()}
	var e *render.Error
	var h *hostError
	switch {
	case errors.As(err, &e):
		*out = *e
	case errors.As(err, &h):
		out.Msg = "is served by " + h.host.String() + ", which is not an allowed host"
		out.Hint = "vendor it, or allow that host too with --allow-remote " + h.host.String()
	case errors.Is(err, context.DeadlineExceeded):
		out.Msg = "took too long to fetch"
	}
	out.Msg = strings.TrimSpace(render.PublicURL("fetching " + r.Name() + ": " + out.Msg))
	if out.Hint == "" {
		out.Hint = "see whether the address is right and the host can be reached"
	}
	return out
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]*$`)

// source tells what kind of thing a Remote is.
func (s *Store) source(r render.Remote) (source, error) {
	switch r.Kind {
	case render.RemoteChart:
		return s.chartSource(r)
	case render.RemoteBase:
		return gitSourceOf(r.Ref)
	case render.RemoteFile:
		return s.fileSourceOf(r.Ref)
	}
	file, err := s.fileSourceOf(r.Ref)
	if err != nil {
		return nil, err
	}
	base, err := gitSourceOf(r.Ref)
	return eitherSource{file, base}, err
}
