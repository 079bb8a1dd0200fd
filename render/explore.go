package render

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"sync"
)

// Follower knows objects that stand for sources of the repository, such as Argo CD's Applications.
type Follower interface {
	// Marks are texts that all stand in what a source reads that renders such an object, in one file or several: only
	// sources where none is missing are looked into.
	Marks() []string
	// Stands reports whether an object stands for sources.
	Stands(o *Object) bool
	// Follow says what an object of a rendered source stands for; ok is false for every other object.
	Follow(t *Tree, o *Object) (f Followed, ok bool)
	// Missed reports whether an object is one that stands for sources and was never followed in a tree.
	Missed(t *Tree, o *Object) bool
}

// Followed is what an object stands for.
type Followed struct {
	Name       string   // of the object, for messages: "Application web"
	Sources    []Source // their IDs need be unique only among them
	Unresolved []*Error // what it stands for and could not be found out
}

// The bounds of what objects of objects may name.
const (
	maxFollowed    = 10_000
	maxFollowDepth = 16
)

// Explore finds entry points as Discover does, and then those that objects of the entry points name, and theirs, until there
// is nothing new. To see the objects it renders, with a pool on t's directory, the sources that may hold some. What such an
// object applies is judged as the object says: its chart, kustomization or manifests are no entry points of their own, but
// with DiscoverOptions.All.
//
// A source that an object names is taken when the object is found in one of DiscoverOptions.Paths, and when the source
// stands there itself.
//
// each, when it is not nil, gets what is rendered of entry points on the way, from several goroutines at once and until
// Discovery.Wait returns: Discovery.Rendered lists them. Not all of them stay entry points.
func Explore(ctx context.Context, t *Tree, pool *Pool, o DiscoverOptions, each func(Result)) (*Discovery, error) {
	found, err := Discover(t, o)
	if err != nil || o.Follow == nil {
		return found, err
	}
	all := found
	if len(o.Paths) > 0 && !(len(o.Paths) == 1 && o.Paths[0] == ".") {
		if all, err = found.again(nil); err != nil {
			return nil, err
		}
	}
	e := &explorer{tree: t, pool: pool, o: o, each: each, inScope: map[string]bool{}, applied: map[string]string{},
		keys: map[string]bool{}, entry: map[string]bool{}, via: map[string][]*ReadSet{}, looked: map[string]*Looked{}}
	for _, s := range found.Sources {
		e.inScope[s.ID], e.entry[s.ID] = true, each != nil
	}
	if err := e.paths(); err != nil {
		return nil, err
	}
	e.early = startEarly(ctx, e, found.Sources)
	e.mark(all)
	if err := e.explore(ctx, mergeSources(found.Sources, all.Sources)); err != nil {
		e.early.end()
		return nil, err
	}
	return e.discovery(found), nil
}

// mergeSources joins two lists of sources by their IDs.
func mergeSources(a, b []Source) []Source {
	seen := map[string]bool{}
	var out []Source
	for _, s := range append(a[:len(a):len(a)], b...) {
		if !seen[s.ID] {
			seen[s.ID] = true
			out = append(out, s)
		}
	}
	return out
}

// explorer collects what objects name.
type explorer struct {
	tree    *Tree
	pool    *Pool
	o       DiscoverOptions
	below   []string  // DiscoverOptions.Paths, links followed
	marks   []*marker // the Follower's, the rarest first
	named   []namedSource
	keys    map[string]bool // of named
	each    func(Result)    // for results of entry points, nil when nobody asks for them
	entry   map[string]bool // IDs of entry points that each is for
	handed  []string        // IDs of those that it has had or gets
	early   *early
	inScope map[string]bool   // sources, by ID or key
	applied map[string]string // file or directory -> what applies it
	via     map[string][]*ReadSet
	looked  map[string]*Looked // by ID or key
	failed  []*Error
	skipped []Skipped
}

// namedSource is a source that an object names.
type namedSource struct {
	Source
	key  string // unique
	file string // that the object comes from
}

func (e *explorer) paths() error {
	for _, p := range e.o.Paths {
		real, err := e.tree.Resolve(p)
		if err != nil {
			return err
		}
		e.below = append(e.below, real)
	}
	return nil
}

// asked reports whether the user's paths hold a file or directory.
func (e *explorer) asked(name string) bool {
	for _, p := range e.below {
		if under(name, p) {
			return true
		}
	}
	return len(e.below) == 0
}

// explore renders sources, follows their objects, and goes on with what these name.
func (e *explorer) explore(ctx context.Context, sources []Source) error {
	for depth := 0; len(sources) > 0; depth++ {
		if depth > maxFollowDepth {
			e.failed = append(e.failed, &Error{Source: sources[0].ID, File: sources[0].Path, Limit: true,
				Msg:  fmt.Sprintf("Applications of Applications, more than %d deep", maxFollowDepth),
				Hint: "look for one that leads back to itself"})
			return nil
		}
		var look []Source
		for _, s := range sources {
			if e.mayHold(&s) {
				look = append(look, s)
			}
		}
		results, err := e.render(ctx, look)
		if err != nil {
			return err
		}
		sort.Slice(results, func(i, j int) bool { return results[i].Source.ID < results[j].Source.ID })
		sources = nil
		for i := range results {
			more, err := e.follow(&results[i])
			if err != nil {
				e.failed = append(e.failed, err)
				return nil
			}
			sources = append(sources, more...)
		}
	}
	return nil
}

// render renders sources, but what is early, and keeps those of their objects that stand for others.
func (e *explorer) render(ctx context.Context, sources []Source) ([]Result, error) {
	begun, rest := e.early.halt(sources)
	for _, s := range rest {
		if e.entry[s.ID] {
			e.handed = append(e.handed, s.ID)
		}
	}
	var mu sync.Mutex
	var results []Result
	err := e.pool.Render(ctx, e.tree, rest, func(r Result) {
		r = e.hand(r)
		mu.Lock()
		defer mu.Unlock()
		results = append(results, r)
	})
	return append(results, e.early.results(begun)...), err
}

// hand hands an entry point's result on, and returns what it holds of objects that stand for sources.
func (e *explorer) hand(r Result) Result {
	if e.entry[r.Source.ID] {
		e.each(r)
	}
	var stand []Object
	for i := range r.Objects {
		if e.o.Follow.Stands(&r.Objects[i]) {
			stand = append(stand, r.Objects[i])
		}
	}
	r.Objects = stand
	return r
}

// follow takes what the objects of one source name. Its error is a bound that was hit.
func (e *explorer) follow(r *Result) (next []Source, limit *Error) {
	e.looked[r.Source.ID] = &Looked{r.Source.Kind, &r.Read, r.Err}
	via := append(e.via[r.Source.ID][:len(e.via[r.Source.ID]):len(e.via[r.Source.ID])], &r.Read)
	for i := range r.Objects {
		o := &r.Objects[i]
		f, ok := e.o.Follow.Follow(e.tree, o)
		if !ok {
			continue
		}
		scope := e.inScope[r.Source.ID] || e.asked(o.File) && o.File != ""
		for _, u := range f.Unresolved {
			e.unresolved(u, f.Name, o, scope)
		}
		for _, s := range f.Sources {
			e.apply(&s, f.Name)
			n := namedSource{Source: s, file: o.File, key: namedKey(&s, o)}
			if e.keys[n.key] { // an Application of Applications often holds itself
				e.inScope[n.key] = e.inScope[n.key] || scope
				continue
			}
			if e.keys[n.key] = true; len(e.named) >= maxFollowed {
				return nil, &Error{Source: r.Source.ID, File: o.File, Limit: true, Hint: "look for generators that multiply",
					Msg: fmt.Sprintf("Applications name more than %d sources", maxFollowed)}
			}
			n.From = append(n.From[:len(n.From):len(n.From)], r.Read.Files...)
			n.Source.ID, e.via[n.key] = n.key, via
			e.inScope[n.key] = scope || e.asked(s.Path)
			e.named = append(e.named, n)
			next = append(next, n.Source)
		}
	}
	return next, nil
}

// namedKey is the same for sources that are rendered in the same way for an object of the same name and file.
func namedKey(s *Source, o *Object) string {
	raw, err := json.Marshal(s)
	if err != nil {
		raw = []byte(fmt.Sprintf("%+v", s))
	}
	return fmt.Sprintf("%s\x00%s\x00%s\x00%x", s.ID, o.File, o.ID(), sha256.Sum256(raw))
}

// unresolved notes what an object stands for and nobody found out.
func (e *explorer) unresolved(u *Error, name string, o *Object, scope bool) {
	if !scope {
		return
	}
	x := *u
	if x.Source == "" {
		x.Source = name
	}
	if x.File == "" {
		x.File = o.File
	}
	if !e.o.AllowUnresolved {
		e.failed = append(e.failed, &x)
		return
	}
	e.skipped = append(e.skipped, Skipped{Path: x.File, Reason: name + ": " + x.Msg})
}

// apply notes that an object applies what a source is made of.
func (e *explorer) apply(s *Source, by string) {
	e.applied[string(s.Kind)+" "+s.Path] = by
	if s.Kind == KindDirectory {
		files, err := directoryFiles(e.tree, s.Path, s.Directory)
		if err != nil {
			return // rendering says so
		}
		for _, f := range files {
			if real, err := e.tree.Resolve(f); err == nil {
				e.applied[string(KindPlain)+" "+real] = by
			}
		}
	}
}

// discovery is what was found statically, without what objects apply, and what they apply.
func (e *explorer) discovery(found *Discovery) *Discovery {
	out := &Discovery{Skipped: append(found.Skipped, e.skipped...), Failed: append(found.Failed, e.failed...),
		Rendered: append(e.handed, e.early.ids()...), by: found.by, wait: e.early.end,
		via: map[string][]*ReadSet{}, looked: e.looked}
	for _, s := range found.Sources {
		if by := e.applied[string(s.Kind)+" "+s.Path]; by != "" && !e.o.All && !e.declared(s.Path) {
			out.Skipped = append(out.Skipped, Skipped{Path: s.ID, Reason: "judged as the " + by + " applies it"})
			continue
		}
		out.Sources = append(out.Sources, s)
	}
	for _, s := range e.identified() {
		if out.via[s.ID] = e.via[s.key]; e.looked[s.key] != nil {
			out.looked[s.ID] = e.looked[s.key]
		}
		if e.inScope[s.key] {
			out.Sources = append(out.Sources, s.Source)
		}
	}
	sort.Slice(out.Sources, func(i, j int) bool { return out.Sources[i].ID < out.Sources[j].ID })
	sort.SliceStable(out.Skipped, func(i, j int) bool { return out.Skipped[i].Path < out.Skipped[j].Path })
	return out
}

// declared reports whether the configuration lists a source at a path.
func (e *explorer) declared(p string) bool {
	for _, d := range e.o.Declared {
		if d.Source.Path == p {
			return true
		}
	}
	return false
}

// identified are the named sources with IDs of their own: PATH@APPLICATION, with the file of the Application where two have
// the same name.
func (e *explorer) identified() []namedSource {
	plain := func(n *namedSource) string { id, _, _ := strings.Cut(n.key, "\x00"); return id }
	count := map[string]int{}
	for i := range e.named {
		count[plain(&e.named[i])]++
	}
	seen := map[string]int{}
	out := make([]namedSource, len(e.named))
	for i, n := range e.named {
		if n.Source.ID = plain(&n); count[n.Source.ID] > 1 {
			n.Source.ID += "(" + n.file + ")"
		}
		if seen[n.Source.ID]++; seen[n.Source.ID] > 1 {
			n.Source.ID += fmt.Sprintf("#%d", seen[n.Source.ID])
		}
		out[i] = n
	}
	return out
}
