package render

import (
	"iter"
	"maps"
	"path"
	"slices"
	"sort"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// Skipped is something that discovery passed over, and why.
type Skipped struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// Discovery is what a look through a tree found.
type Discovery struct {
	Sources []Source  // sorted by ID
	Skipped []Skipped // sorted by path
	Failed  []*Error  // what could not be looked at

	// Rendered are the IDs of the sources whose results Explore hands on until Wait returns, in no order.
	Rendered []string

	via    map[string][]*ReadSet // of Explore, by source
	looked map[string]*Looked    // of Explore
	by     *discoverer           // that found it
	wait   func() error
}

// list is a directory as it was listed, yaml the first document of a file as it was read. ok is false for what was not, and
// without a Discovery.
func (d *Discovery) list(dir string) (entries []Entry, ok bool) {
	if d == nil || d.by == nil {
		return nil, false
	}
	entries, ok = d.by.scan.listed[dir]
	return entries, ok
}

func (d *Discovery) yaml(file string) (n *yaml.Node, ok bool) {
	if d == nil || d.by == nil {
		return nil, false
	}
	n, ok = d.by.scan.parsed[file]
	return n, ok
}

// Wait waits for the last of the results that Explore hands on. Its error is that of the context.
func (d *Discovery) Wait() error {
	if d.wait == nil {
		return nil
	}
	return d.wait()
}

// Remaining are the sources that Explore has not handed on, and gone the IDs of those that it has, but that are none after
// all: they are judged as an Application applies them.
func (d *Discovery) Remaining() (rest []Source, gone []string) {
	had := map[string]bool{}
	for _, id := range d.Rendered {
		had[id] = true
	}
	for _, s := range d.Sources {
		if !had[s.ID] {
			rest = append(rest, s)
		}
		delete(had, s.ID)
	}
	return rest, slices.Sorted(maps.Keys(had))
}

// Looked is what Explore found out about a source that may hold objects that name others.
type Looked struct {
	Kind Kind
	Read *ReadSet
	Err  *Error // why it did not render, so that nobody knows what it names
}

// Via is what the renders looked at that led to a source which an object names, from the first one on; nil for other sources.
func (d *Discovery) Via(id string) []*ReadSet { return d.via[id] }

// Looked is what Explore found out about a source, nil when it did not look into it.
func (d *Discovery) Looked(id string) *Looked { return d.looked[id] }

// AllLooked are those of all sources, of those too that are no result because nobody asked for them.
func (d *Discovery) AllLooked() iter.Seq[*Looked] { return maps.Values(d.looked) }

// DiscoverOptions narrow or widen what counts as an entry point.
type DiscoverOptions struct {
	// Paths are files or directories relative to the root; what stands below them is found. A path that is itself
	// a kustomization, a chart or a file is taken even when something else uses it. Empty means the whole tree.
	Paths []string
	// All takes bases, components, subcharts and library charts as well.
	All bool
	// Helm holds for every chart that is found.
	Helm HelmOptions
	// Known, when set, is what was found in a tree that this one lays edits over, both unchanged since: it spares work.
	Known *Discovery
	// Declared are the sources that the configuration lists.
	Declared []Declared
	// Follow, when set, knows the objects that name further sources. Only Explore looks for them.
	Follow Follower
	// AllowUnresolved passes over what such objects name and nobody can find out, instead of failing.
	AllowUnresolved bool
}

// Discover finds the entry points of a repository: the sources that somebody would apply. What is only a part of
// another source (a base, a component, a subchart, a file that a kustomization or chart reads) is skipped, with the
// reason.
func Discover(t *Tree, o DiscoverOptions) (*Discovery, error) {
	d := &discoverer{tree: t, all: o.All, helm: o.Helm, declared: o.Declared}
	d.scan = newScan(t, o.Known)
	d.scan.walk(".")
	d.owners = findOwners(t, d.scan)
	return d.discovery(o.Paths)
}

// again is what is found below other paths.
func (d *Discovery) again(paths []string) (*Discovery, error) {
	by := *d.by
	by.sources, by.skipped, by.failed = nil, nil, nil
	return by.discovery(paths)
}

// discovery is what is found below paths.
func (d *discoverer) discovery(paths []string) (*Discovery, error) {
	if d.taken = map[string]bool{}; len(paths) == 0 {
		paths = []string{"."}
	}
	for _, p := range paths {
		if err := d.path(p); err != nil {
			return nil, err
		}
	}
	sort.Slice(d.sources, func(i, j int) bool { return d.sources[i].ID < d.sources[j].ID })
	sort.Slice(d.skipped, func(i, j int) bool { return d.skipped[i].Path < d.skipped[j].Path })
	return &Discovery{Sources: d.sources, Skipped: d.skipped, Failed: d.failed, by: d}, nil
}

type discoverer struct {
	tree     *Tree
	scan     *scan
	owners   *owners
	all      bool
	helm     HelmOptions
	declared []Declared
	taken    map[string]bool // paths decided already
	sources  []Source
	skipped  []Skipped
	failed   []*Error
}

// path takes one path that the user named.
func (d *discoverer) path(name string) error {
	real, err := d.tree.Resolve(name)
	if err != nil {
		return err
	}
	if !d.tree.IsDir(real) {
		if !d.tree.Exists(real) {
			return pathError("open", name, errNotThere)
		}
		d.file(real)
		return nil
	}
	if file, ok := d.scan.kustomizations[real]; ok {
		d.take(Source{Path: real, Kind: KindKustomize}, file)
	}
	if d.scan.charts[real] && !d.owners.library[real] {
		d.take(Source{Path: real, Kind: KindHelm}, path.Join(real, "Chart.yaml"))
	}
	d.below(real)
	return nil
}

// file takes one file that the user named.
func (d *discoverer) file(name string) {
	dir := path.Dir(name)
	switch {
	case d.scan.kustomizations[dir] == name:
		d.take(Source{Path: dir, Kind: KindKustomize}, name)
	case path.Base(name) == "Chart.yaml":
		d.take(Source{Path: dir, Kind: KindHelm}, name)
	case strings.HasSuffix(name, ".tgz"):
		d.take(Source{Path: name, Kind: KindHelm}, name)
	default:
		d.take(Source{Path: name, Kind: KindPlain}, name)
	}
}

func (d *discoverer) take(s Source, file string) {
	key := string(s.Kind) + " " + s.Path
	if d.taken[key] {
		return
	}
	d.taken[key] = true
	s.ID = s.Path
	if s.Kind == KindHelm {
		s.Helm = d.helm
	}
	if s.Kind == KindHelm && d.scan.kustomizations[s.Path] != "" {
		s.ID = path.Join(s.Path, path.Base(file)) // two sources in one directory
	}
	d.sources = append(d.sources, d.variants(s)...)
}

func (d *discoverer) skip(name, reason string) {
	key := "skip " + name
	if !d.taken[key] {
		d.taken[key] = true
		d.skipped = append(d.skipped, Skipped{Path: name, Reason: reason})
	}
}

// below takes all entry points in and below a directory.
func (d *discoverer) below(dir string) {
	d.takeDeclared(dir)
	for _, k := range d.scan.kustomizationDirs() {
		if !under(k, dir) || d.taken["kustomize "+k] {
			continue
		}
		if reason := d.owners.kustomization[k]; reason != "" && !d.all {
			d.skip(k, reason)
			continue
		}
		d.take(Source{Path: k, Kind: KindKustomize}, d.scan.kustomizations[k])
	}
	for _, c := range d.scan.chartDirs() {
		if !under(c, dir) || d.taken["helm "+c] {
			continue
		}
		reason := d.owners.chart[c]
		if d.owners.library[c] {
			reason = "library chart"
		}
		if reason != "" && (!d.all || d.owners.library[c]) {
			d.skip(c, reason)
			continue
		}
		d.take(Source{Path: c, Kind: KindHelm}, path.Join(c, "Chart.yaml"))
	}
	for _, f := range d.scan.manifests {
		if !under(f, dir) || d.taken["plain "+f] {
			continue
		}
		if reason := d.owners.file(f); reason != "" {
			d.skip(f, reason)
			continue
		}
		d.take(Source{Path: f, Kind: KindPlain}, f)
	}
	for _, e := range d.scan.broken {
		if reason := d.owners.file(e.File); reason != "" {
			d.skip(e.File, reason)
		} else if under(e.File, dir) && !d.taken["broken "+e.File] {
			d.taken["broken "+e.File] = true
			d.failed = append(d.failed, e)
		}
	}
	for _, e := range d.scan.failed {
		if under(e.File, dir) {
			d.failed = append(d.failed, e)
		}
	}
	for _, s := range d.scan.skipped {
		if under(s.Path, dir) {
			d.skip(s.Path, s.Reason)
		}
	}
}

// under reports whether name is dir or stands below it.
func under(name, dir string) bool {
	return dir == "." || name == dir || strings.HasPrefix(name, dir+"/")
}
