package render

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"sort"
	"strings"
	"sync"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// Follower knows objects that stand for sources of the repository, such as Argo CD's Applications.
type Follower interface {
	// Mentions reports whether a file can hold such an object, or make one: only sources that read one that does are
	// looked into.
	Mentions(data []byte) bool
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
func Explore(ctx context.Context, t *Tree, pool *Pool, o DiscoverOptions) (*Discovery, error) {
	found, err := Discover(t, o)
	if err != nil || o.Follow == nil {
		return found, err
	}
	all := found
	if len(o.Paths) > 0 && !(len(o.Paths) == 1 && o.Paths[0] == ".") {
		whole := o
		whole.Paths = nil
		if all, err = Discover(t, whole); err != nil {
			return nil, err
		}
	}
	e := &explorer{tree: t, pool: pool, o: o, inScope: map[string]bool{}, applied: map[string]string{}, keys: map[string]bool{},
		via: map[string][]*ReadSet{}, looked: map[string]*Looked{}}
	for _, s := range found.Sources {
		e.inScope[s.ID] = true
	}
	if err := e.paths(); err != nil {
		return nil, err
	}
	e.mention(all.listed)
	if err := e.explore(ctx, mergeSources(found.Sources, all.Sources)); err != nil {
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
	below   []string // DiscoverOptions.Paths, links followed
	marked  []string // files that mention what the Follower knows
	named   []namedSource
	keys    map[string]bool   // of named
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

// mention lists the files that can hold or make what the Follower knows: manifests and templates.
// listed are the directories that discovery has listed already.
func (e *explorer) mention(listed map[string][]Entry) {
	var names []string
	var walk func(dir string)
	walk = func(dir string) {
		entries, ok := listed[dir]
		if !ok {
			entries, _ = e.tree.ReadDir(dir)
		}
		for _, x := range entries {
			name := path.Join(dir, x.Name)
			switch {
			case x.Link || x.Dir && x.Name == "node_modules":
			case x.Dir:
				walk(name)
			case isYAMLName(x.Name) || path.Ext(x.Name) == ".tpl" || path.Ext(x.Name) == ".txt" || path.Ext(x.Name) == "":
				names = append(names, name)
			case path.Ext(x.Name) == ".tgz":
				e.marked = append(e.marked, name) // may hold anything
			}
		}
	}
	walk(".")
	e.marked = append(e.marked, e.tree.matching(names, maxIndexFile, e.o.Follow.Mentions)...)
	sort.Strings(e.marked)
}

// explore renders sources, follows their objects, and goes on with what these name.
func (e *explorer) explore(ctx context.Context, sources []Source) error {
	for depth := 0; len(e.marked) > 0 && len(sources) > 0; depth++ {
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
		var mu sync.Mutex
		var results []Result
		err := e.pool.Render(ctx, e.tree, look, func(r Result) {
			r.Objects = slices.DeleteFunc(r.Objects, func(o Object) bool { return !e.o.Follow.Stands(&o) })
			mu.Lock()
			defer mu.Unlock()
			results = append(results, r)
		})
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

// mayHold reports whether a source may read a file that mentions what the Follower knows.
func (e *explorer) mayHold(s *Source) bool {
	switch s.Kind {
	case KindPlain:
		return has(e.marked, s.Path)
	case KindKustomize:
		return e.kustomizationMayHold(s.Path, map[string]bool{}) || len(s.Kustomize.Components)+len(s.Kustomize.Patches) > 0
	case KindHelm, KindDirectory:
	default:
		return true
	}
	if s.Chart != nil {
		return true // it may hold anything
	}
	for _, l := range s.Helm.Values {
		if l.Encoding == EncodingInline || has(e.marked, l.File) {
			return true
		}
	}
	return e.markedBelow(s.Path)
}

func (e *explorer) markedBelow(dir string) bool {
	for _, m := range e.marked {
		if under(m, dir) {
			return true
		}
	}
	return false
}

// kustomizationMayHold looks at everything that a kustomization names, and what that names. What is not in the repository may
// hold anything.
func (e *explorer) kustomizationMayHold(dir string, seen map[string]bool) bool {
	if seen[dir] {
		return false
	}
	seen[dir] = true
	var root *yaml.Node
	for _, name := range kustomizationNames {
		if file := path.Join(dir, name); root == nil && e.tree.Exists(file) {
			root = readYAML(e.tree, file)
			if has(e.marked, file) {
				return true
			}
		}
	}
	for _, ref := range kustomizationRefs(root) {
		real, err := e.tree.Resolve(path.Join(dir, ref))
		switch {
		case err != nil && !strings.Contains(ref, "/"):
		case err != nil, has(e.marked, real):
			return true
		case e.tree.IsDir(real) && e.kustomizationMayHold(real, seen):
			return true
		}
	}
	for _, chart := range inflatedCharts(root) {
		if e.markedBelow(path.Join(dir, chart)) {
			return true
		}
	}
	return false
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
