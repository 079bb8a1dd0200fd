package render

import (
	"path"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Footprint is what rendering a source may look at, found without rendering it: at least all of its ReadSet. Rendering is
// a pure function of what it looks at, so a source whose Footprint no change touches gives what it gave before.
type Footprint struct {
	unknown bool            // anything may be looked at
	names   map[string]bool // files, links, directories as such
	below   map[string]bool // these, and all that stands or could stand below them
	texts   []*fileText     // the files that are there
}

// Touches reports whether a change of the named files (added, changed or removed) can change what the source renders.
func (p *Footprint) Touches(changed []string) bool {
	for _, c := range changed {
		if p.unknown || p.names[c] || p.below["."] {
			return true
		}
		for d := c; d != "."; d = path.Dir(d) {
			if p.below[d] {
				return true
			}
		}
	}
	return false
}

// Covers reports whether all that a render has looked at is in the Footprint.
func (p *Footprint) Covers(s ReadSet) bool {
	if !slices.ContainsFunc(slices.Concat(s.Files, s.Probed, s.Links, s.Missing), func(name string) bool { return !p.Touches([]string{name}) }) {
		return !slices.ContainsFunc(s.Dirs, func(dir string) bool { return !p.Touches([]string{path.Join(dir, "new")}) })
	}
	return false
}

// MayHold reports whether the source may render an object of one of the kinds: a file of its Footprint names it, or is such that
// nobody can tell.
func (p *Footprint) MayHold(kinds ...string) bool {
	return p.unknown || slices.ContainsFunc(p.texts, func(t *fileText) bool { return t.mayHold(kinds) })
}

func newFootprint() *Footprint {
	return &Footprint{names: map[string]bool{}, below: map[string]bool{}}
}

// add takes in what another one holds.
func (p *Footprint) add(o *Footprint) {
	p.unknown = p.unknown || o.unknown
	for n := range o.names {
		p.names[n] = true
	}
	for n := range o.below {
		p.below[n] = true
	}
	p.texts = append(p.texts, o.texts...)
}

// Footprints finds the Footprint of a tree's sources. It keeps what it has read, and is for one goroutine.
type Footprints struct {
	tree  *Tree
	dirs  map[string]*kustomizationPrint
	trees map[string]*Footprint // of all that stands below a directory
	files map[string]*fileText
	index map[string]Entry      // all names, but for those below linked directories
	found map[string]*Footprint // by source
}

// NewFootprints looks at sources of a tree, which it lists as far as known has not done that; known may be nil.
func NewFootprints(t *Tree, known *Discovery) *Footprints {
	f := &Footprints{tree: t, dirs: map[string]*kustomizationPrint{}, trees: map[string]*Footprint{}, files: map[string]*fileText{},
		index: map[string]Entry{".": {Name: ".", Dir: true}}, found: map[string]*Footprint{}}
	f.list(".", known)
	f.readAhead()
	return f
}

// readAhead reads what most footprints need, several files at once.
func (f *Footprints) readAhead() {
	var names []string
	for name, e := range f.index {
		if !e.Link && !e.Dir && (isYAMLName(name) || isKustomizationName(e.Name)) {
			names = append(names, name)
		}
	}
	texts := make([]*fileText, len(names))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(names)); i = next.Add(1) - 1 {
				texts[i] = f.text(names[i])
			}
		})
	}
	wg.Wait()
	for i, name := range names {
		f.files[name] = texts[i]
	}
}

func (f *Footprints) list(dir string, known *Discovery) {
	entries, ok := known.list(dir)
	if !ok {
		var err error
		if entries, err = f.tree.ReadDir(dir); err != nil {
			return // what needs it fails
		}
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name)
		f.index[name] = e
		if e.Dir && !e.Link {
			f.list(name, known)
		}
	}
}

// resolve is what a name leads to, and notes the links on the way and what is not there.
func (f *Footprints) resolve(out *Footprint, name string) (real string, dir, ok bool) {
	e, ok := f.index[name]
	if ok && !e.Link {
		return name, e.Dir, true
	}
	missing := name
	for d := name; d != "."; d = path.Dir(d) {
		if f.index[d].Link {
			return f.follow(out, name)
		}
		if _, there := f.index[d]; !there {
			missing = d
		}
	}
	out.below[name], out.below[missing] = true, true
	return "", false, false
}

// follow resolves a name that leads through links.
func (f *Footprints) follow(out *Footprint, name string) (real string, dir, ok bool) {
	t := f.tree.Recording()
	real, err := t.Resolve(name)
	seen := t.Seen()
	for _, l := range seen.Links {
		out.names[l] = true
	}
	for _, m := range seen.Missing {
		out.below[m] = true
	}
	if err != nil {
		out.below[name] = true
		return "", false, false
	}
	return real, f.tree.IsDir(real), true
}

// Of is the Footprint of one source.
func (f *Footprints) Of(s Source) *Footprint {
	if p := f.found[s.ID]; p != nil {
		return p
	}
	out := newFootprint()
	f.found[s.ID] = out
	out.names[s.Path], out.names[LockFile] = true, true
	switch s.Kind {
	case KindPlain:
		f.reference(out, ".", s.Path)
	case KindHelm:
		f.reference(out, ".", s.Path)
		if e := f.index[s.Path]; e.Dir {
			f.wholly(out, s.Path)
		}
	case KindKustomize:
		f.closure(out, s.Path)
	case KindDirectory:
		f.wholly(out, s.Path)
	default:
		out.unknown = true
	}
	for _, ref := range namedIn(s) {
		if dir, ok := f.reference(out, ".", ref); ok && dir != s.Path {
			f.closure(out, dir)
		}
		if dir, ok := f.reference(out, s.Path, ref); ok && dir != s.Path {
			f.closure(out, dir)
		}
	}
	return out
}

// closure adds a kustomization and all that it leads to.
func (f *Footprints) closure(out *Footprint, dir string) {
	seen := map[string]bool{}
	todo := []string{dir}
	var plugins []string
	for len(todo) > 0 {
		dir := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[dir] {
			continue
		}
		seen[dir] = true
		k := f.kustomization(dir)
		out.add(&k.Footprint)
		todo = append(todo, k.uses...)
		plugins = append(plugins, k.plugins...)
		if len(todo) > 0 || len(plugins) == 0 {
			continue
		}
		// What a plugin's configuration names is meant from the directory of the kustomization that uses the plugin, which
		// need not be the one that lists the file.
		for d := range seen {
			for _, ref := range plugins {
				if used, ok := f.reference(out, d, ref); ok {
					todo = append(todo, used)
				}
			}
			f.wholly(out, path.Join(d, "charts"))
		}
		plugins = nil
	}
}

// reference adds what a path leads to, or would lead to if it were there. When that is a kustomization's directory, ok is
// true, and what the kustomization leads to is left to the caller.
func (f *Footprints) reference(out *Footprint, dir, ref string) (used string, ok bool) {
	name, ok := f.inTree(dir, ref)
	if !ok {
		return "", false
	}
	out.names[name] = true
	real, isDir, ok := f.resolve(out, name)
	switch {
	case !ok:
	case !isDir:
		out.names[real] = true
		if text := f.file(real); text != nil {
			out.texts = append(out.texts, text)
		}
	case f.kustomization(real).file != "":
		out.names[real] = true
		return real, true
	default:
		f.wholly(out, real)
	}
	return "", false
}

// wholly adds all that stands below a directory, and what links there lead to.
func (f *Footprints) wholly(out *Footprint, dir string) {
	known := f.trees[dir]
	if known == nil {
		known = newFootprint()
		f.trees[dir] = known
		f.walk(known, dir)
	}
	out.add(known)
}

func (f *Footprints) walk(out *Footprint, dir string) {
	out.below[dir] = true
	real, isDir, ok := f.resolve(out, dir)
	if !ok || !isDir || out.below[real] && real != dir {
		return
	}
	out.below[real] = true
	entries, err := f.tree.ReadDir(real)
	if err != nil {
		return
	}
	for _, e := range entries {
		name := path.Join(real, e.Name)
		target, isDir, ok := f.resolve(out, name)
		switch {
		case !ok:
		case isDir && !out.below[target]:
			f.walk(out, target)
		case !isDir:
			out.names[target] = true
			if text := f.file(target); text != nil {
				out.texts = append(out.texts, text)
			}
		}
	}
}
