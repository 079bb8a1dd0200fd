package render

import (
	"context"
	"errors"
	"net/url"
	"path"
	"regexp"
	"strings"
	"sync"
)

// RemoteKind says what a reference may lead to.
type RemoteKind string

// The kinds of remote things.
const (
	RemoteFile     RemoteKind = "file"     // one file at a URL
	RemoteBase     RemoteKind = "base"     // a directory of a git repository
	RemoteResource RemoteKind = "resource" // a URL that is a file, or a git repository where it is none: kustomize tries in that order
	RemoteChart    RemoteKind = "chart"    // a packaged chart of a chart repository or registry
)

// Remote is something outside the repository that a source needs.
type Remote struct {
	Kind    RemoteKind
	Ref     string // the URL as written, with credentials that may stand in it; the repository of a chart
	Chart   string // name of a chart
	Version string // version of a chart or a range, "" for the newest

	File string // where it is written, relative to the Tree's root
	Line int    // 0 when unknown
}

// Name is what a message calls it, without credentials.
func (r Remote) Name() string {
	if r.Kind != RemoteChart {
		return PublicURL(r.Ref)
	}
	return strings.TrimSpace("chart "+r.Chart+" "+r.Version) + " of " + PublicURL(r.Ref)
}

// Host is the host, with its port when one is written, that has to be allowed first; "" when only the user's
// configuration knows it (a chart repository's alias).
func (r Remote) Host() string {
	switch {
	case r.Kind == RemoteChart && !strings.Contains(r.Ref, "://"):
		return ""
	case r.Kind == RemoteChart:
		return chartHost(r.Ref)
	}
	if host := remoteHost(r.Ref); host != "" {
		return host
	}
	return gitHost(r.Ref)
}

// key is the Remote without the place where it is written: equal keys have equal copies.
func (r Remote) key() Remote {
	r.File, r.Line = "", 0
	return r
}

// RemoteCopy is a copy on disk of what a Remote names. It is outside the repository, and nothing changes it.
type RemoteCopy struct {
	Dir     string // absolute
	File    string // the one file in Dir, "" for a directory
	Base    string // the directory within Dir that a RemoteBase names, relative to Dir
	Version string // of a chart
}

// LockFile is where a repository says, at its root, what the things are that it uses from elsewhere.
const LockFile = ".syncgate.lock"

// Fetch gets a copy of something remote, or says why there is none: an *Error when there is something to do about it.
// It is called by one goroutine at a time, once for each thing, in the process that owns a Pool.
type Fetch func(context.Context, Remote) (RemoteCopy, error)

// WithRemotes returns a Tree whose sources may use what fetch gives. Rendering itself fetches nothing: it says what it
// needs (Error.Needs), the Pool has it fetched, and renders the source again.
func (t *Tree) WithRemotes(fetch Fetch) *Tree {
	out := *t
	out.remotes = &remotes{fetch: fetch, got: map[Remote]gotRemote{}, trees: map[string]*Tree{}}
	return &out
}

// remotes are the copies that a Tree's sources can use. A nil remotes has none.
type remotes struct {
	fetch Fetch

	mu    sync.Mutex
	got   map[Remote]gotRemote // by key
	list  []FetchedRemote      // of those that were got, in order
	trees map[string]*Tree     // of the directories of copies
}

type gotRemote struct {
	copy RemoteCopy
	err  error
}

// ErrOff is what a Fetch returns when nothing may be fetched at all: then what the render said stands.
var ErrOff = errors.New("network access is off")

// FetchedRemote is one thing and its copy, as it travels to a worker.
type FetchedRemote struct {
	Remote Remote
	Copy   RemoteCopy
}

// since gives what came after the first n copies, and how many there are now.
func (r *remotes) since(n int) ([]FetchedRemote, int) {
	if r == nil {
		return nil, n
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.list[n:], len(r.list)
}

// add makes copies known.
func (r *remotes) add(list []FetchedRemote) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range list {
		r.got[f.Remote.key()] = gotRemote{copy: f.Copy}
		r.list = append(r.list, f)
	}
}

// copyOf is the copy of something remote, when there is one. Which one that is depends on the lock.
func (t *Tree) copyOf(want Remote) (RemoteCopy, bool) {
	t.rec.probe(LockFile)
	r := t.remotes
	if r == nil {
		return RemoteCopy{}, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	g, ok := r.got[want.key()]
	return g.copy, ok && g.err == nil
}

// tree is the Tree of a copy's directory: nothing leads out of it, links neither. It bounds like t does, and reports
// nothing to t's ReadSet.
func (t *Tree) copyTree(dir string) (*Tree, error) {
	t.remotes.mu.Lock()
	defer t.remotes.mu.Unlock()
	copied := t.remotes.trees[dir]
	if copied == nil {
		var err error
		if copied, err = OpenTree(dir); err != nil {
			return nil, err
		}
		t.remotes.trees[dir] = copied
	}
	out := *t
	out.dir, out.root, out.mu, out.plain = copied.dir, copied.root, copied.mu, copied.plain
	out.edits, out.layer, out.rec = nil, 0, nil
	return &out, nil
}

// maxFetches bounds how often one source is rendered: a remote base can need further ones.
const maxFetches = 100

// complete renders a source, has fetched what it turns out to need, and renders it again, until nothing is missing or
// something is not to be had.
func (p *Pool) complete(ctx context.Context, t *Tree, src Source) Result {
	for range maxFetches {
		res := p.one(ctx, t, src)
		if res.Err == nil || len(res.Err.Needs) == 0 || t.remotes == nil || t.remotes.fetch == nil {
			return res
		}
		need, err := t.remotes.get(ctx, res.Err.Needs)
		if err != nil {
			if !errors.Is(err, ErrOff) {
				res.Err = fetchError(src, need, err)
			}
			return res
		}
	}
	return Result{Source: src, Err: &Error{Source: src.ID, File: src.Path, Limit: true,
		Msg: "remote bases need remote bases without end", Hint: "look for a base that uses itself at another revision"}}
}

// get has copies made. An error is about the thing that it returns.
func (r *remotes) get(ctx context.Context, needs []Remote) (Remote, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, need := range needs {
		g, ok := r.got[need.key()]
		if !ok {
			g.copy, g.err = r.fetch(ctx, need)
			r.got[need.key()] = g
			if g.err == nil {
				r.list = append(r.list, FetchedRemote{need.key(), g.copy})
			}
		}
		if g.err != nil {
			return need, g.err
		}
	}
	return Remote{}, nil
}

// fetchError says where what could not be fetched is written.
func fetchError(src Source, r Remote, err error) *Error {
	out := &Error{Msg: r.Name() + ": " + err.Error()}
	var e *Error
	if errors.As(err, &e) {
		*out = *e
	}
	out.Source, out.File, out.Line = src.ID, r.File, r.Line
	return out
}

var (
	userInfo    = regexp.MustCompile(`(://)[^/?#\s@]*(?:@[^/?#\s@]*)*@`)
	secretQuery = regexp.MustCompile(`(?i)([?&][^=&#\s]*(?:token|secret|passw|signature|sig|key|credential|auth)[^=&#\s]*=)[^&#\s]*`)
)

// PublicURL hides what may be a credential in a URL, or in a text that holds URLs: user and password, and query
// parameters with such names. The user of an SSH address is none (git@github.com:org/repo, ssh://git@host/repo).
func PublicURL(text string) string {
	text = userInfo.ReplaceAllStringFunc(text, func(s string) string {
		if user := strings.TrimSuffix(s[len("://"):], "@"); user == "git" {
			return s
		}
		return "://xxxxx@"
	})
	return secretQuery.ReplaceAllString(text, "${1}xxxxx")
}

// fileName is what a copy of the file at a URL is called: generators take their keys from it.
func (r Remote) fileName() string {
	u, err := url.Parse(r.Ref)
	if err != nil || path.Base(u.Path) == "/" || path.Base(u.Path) == "." {
		return "file"
	}
	return path.Base(u.Path)
}
