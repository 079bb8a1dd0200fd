package check

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path"
	"reflect"
	"slices"
	"strings"
	"sync"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/render"
)

// Since says what a run may leave out: the sources that nothing has changed since a revision.
type Since struct {
	Name    string       // of the revision, for reports
	Changed []string     // files that differ between the revision and the tree, resolved names
	Before  *render.Tree // the revision; it stands on the same directory as the tree
	// Compared, when set, returns when Changed, Before and All are known.
	Compared func() error
	// All is why every source counts, "" when only some do: a change of what the run itself goes by.
	All string

	was    map[string]render.Source // the revision's sources, once they are known, but for those that objects name
	failed []*render.Error          // what could not be looked at there
	prints *render.Footprints       // of the tree

	affected map[*render.ReadSet]bool
}

// Split tells the sources that have to be looked at from those that render what they rendered at the revision. A source that the
// revision did not have, or had in another way, has to be looked at, whatever its files.
func (s *Since) Split(t *render.Tree, found *render.Discovery, o render.DiscoverOptions) (look, left []render.Source, err error) {
	if s.Compared != nil {
		if err := s.Compared(); err != nil {
			return nil, nil, err
		}
	}
	if s.All != "" {
		return found.Sources, nil, nil
	}
	touched := make([]bool, len(found.Sources))
	var wg sync.WaitGroup
	wg.Go(func() {
		s.prints = render.NewFootprints(t, found)
		for i, src := range found.Sources {
			touched[i] = s.touches(t, found, src)
		}
	})
	was, err := s.before(o, found)
	if wg.Wait(); err != nil {
		return nil, nil, err
	}
	applied := s.appliedBefore(t, found, o.Follow)
	for i, src := range found.Sources {
		old, same := was[src.ID]
		same = same && reflect.DeepEqual(old, src) && !applied(src.Path)
		if via := found.Via(src.ID); via != nil {
			same = s.namedAlike(t, src, via)
		}
		if same && !touched[i] && !s.hides(found, src) {
			left = append(left, src)
		} else {
			look = append(look, src)
		}
	}
	return look, left, nil
}

// hides reports whether a source does not render and holds Applications: which nobody knows, and what they apply may be what has
// changed. What is only not fetched counts as left alone.
func (s *Since) hides(found *render.Discovery, src render.Source) bool {
	l := found.Looked(src.ID)
	return l != nil && l.Err != nil && len(l.Err.Needs) == 0 && s.prints.Of(src).MayHold("Application")
}

// touches reports whether a change can change what a source renders.
func (s *Since) touches(t *render.Tree, found *render.Discovery, src render.Source) bool {
	l := found.Looked(src.ID)
	switch {
	case l != nil && s.overridden():
		return true // it may hold Applications
	case l != nil && len(src.Input) > 0: // of a kind that has no Footprint
		return s.affects(t, l.Read)
	}
	return s.prints.Of(src).Touches(s.Changed)
}

// affects reports whether a render that looked at something in the tree may have seen something else at the revision.
func (s *Since) affects(t *render.Tree, read *render.ReadSet) bool {
	known, ok := s.affected[read]
	if ok {
		return known
	}
	if s.affected == nil {
		s.affected = map[*render.ReadSet]bool{}
	}
	s.affected[read] = slices.ContainsFunc(s.Changed, func(c string) bool {
		if t.Exists(c) == s.Before.Exists(c) && t.IsDir(c) == s.Before.IsDir(c) { // a list of names stays as it is
			return has(read.Files, c) || has(read.Probed, c) || has(read.Links, c) || has(read.Missing, c)
		}
		return read.Affected([]string{c}) || listsAbove(read, c)
	})
	return s.affected[read]
}

func has(sorted []string, name string) bool { _, ok := slices.BinarySearch(sorted, name); return ok }

// appliedBefore tells the places of which an object may have been in charge at the revision, such as an Application that is
// gone: what stands there was no source of its own then, and was not judged as one.
func (s *Since) appliedBefore(t *render.Tree, found *render.Discovery, follow render.Follower) func(place string) bool {
	if follow == nil {
		return func(string) bool { return false }
	}
	everything := func(string) bool { return true }
	for l := range found.AllLooked() {
		if l.Kind != render.KindPlain && l.Kind != render.KindDirectory && s.affects(t, l.Read) {
			return everything // it makes the objects
		}
	}
	var places []string
	for _, c := range s.Changed {
		data, err := s.Before.ReadFile(c)
		if err != nil || !slices.ContainsFunc(follow.Marks(), func(mark string) bool { return bytes.Contains(data, []byte(mark)) }) {
			continue
		}
		named, ok := applicationPaths(data)
		if !ok {
			return everything
		}
		places = append(places, named...)
	}
	return func(place string) bool {
		return slices.ContainsFunc(places, func(p string) bool { return p == "." || place == p || strings.HasPrefix(place, p+"/") })
	}
}

// applicationPaths are the paths that the Applications in a file of manifests name; ok is false when it may hold more.
func applicationPaths(data []byte) (out []string, ok bool) {
	type source struct {
		Path string `yaml:"path"`
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var o struct {
			Kind string `yaml:"kind"`
			Spec struct {
				Source         source   `yaml:"source"`
				Sources        []source `yaml:"sources"`
				SourceHydrator struct {
					DrySource source `yaml:"drySource"`
				} `yaml:"sourceHydrator"`
			} `yaml:"spec"`
		}
		switch err := dec.Decode(&o); {
		case err == io.EOF:
			return out, true
		case err != nil, o.Kind == "ApplicationSet", o.Kind == "", strings.HasSuffix(o.Kind, "List"):
			return nil, false
		}
		for _, x := range append(o.Spec.Sources, o.Spec.Source, o.Spec.SourceHydrator.DrySource) {
			if x.Path != "" {
				out = append(out, path.Clean(x.Path))
			}
		}
	}
}

// overridden reports whether a file has changed that is merged into Applications: their manifests are judged by it.
func (s *Since) overridden() bool {
	return slices.ContainsFunc(s.Changed, func(c string) bool { return strings.HasPrefix(path.Base(c), ".argocd-source") })
}

// namedAlike reports whether a source was named in the same way at the revision: nothing has changed that the renders looked at
// which led to it, nor the directory by which its kind is told.
func (s *Since) namedAlike(t *render.Tree, src render.Source, via []*render.ReadSet) bool {
	return !slices.ContainsFunc(s.Changed, func(c string) bool { return path.Dir(c) == src.Path }) &&
		!slices.ContainsFunc(via, func(read *render.ReadSet) bool { return s.affects(t, read) })
}

// listsAbove reports whether a directory was listed in which a file's own, or one above it, can have appeared or gone.
func listsAbove(read *render.ReadSet, file string) bool {
	for d := path.Dir(file); d != "."; d = path.Dir(d) {
		if has(read.Dirs, path.Dir(d)) {
			return true
		}
	}
	return false
}

// before are the revision's sources. A path that it did not have holds none.
func (s *Since) before(o render.DiscoverOptions, now *render.Discovery) (map[string]render.Source, error) {
	if s.was != nil {
		return s.was, nil
	}
	some := len(o.Paths) > 0
	o.Paths = slices.DeleteFunc(slices.Clone(o.Paths), func(p string) bool { return !s.Before.Exists(p) })
	s.was = map[string]render.Source{}
	if some && len(o.Paths) == 0 {
		return s.was, nil
	}
	o.Known = now
	found, err := render.Discover(s.Before, o)
	if err != nil {
		return nil, err
	}
	s.failed = found.Failed
	for _, src := range found.Sources {
		s.was[src.ID] = src
	}
	return s.was, nil
}

// Skipped are sources that are left out, as reports list them.
func (s *Since) Skipped(left []render.Source) []render.Skipped {
	var out []render.Skipped
	for _, src := range left {
		if path.Base(src.Path) != ConfigFile {
			out = append(out, render.Skipped{Path: src.ID, Reason: "not rendered, unchanged since " + s.Name})
		}
	}
	return out
}

// checkSince judges the sources that Options.Since leaves. Their findings are those that a run of all sources has of them:
// what the others declare is taken in. When what is declared for others has changed as well, all sources are judged.
func checkSince(ctx context.Context, t *render.Tree, pool *render.Pool, found *render.Discovery, o Options) (*Run, error) {
	since := o.Since
	look, left, err := since.Split(t, found, o.Discover)
	if err != nil {
		return nil, err
	}
	others, err := declaring(ctx, t, pool, since.prints, left, &o)
	if err != nil {
		return nil, err
	}
	// What a source would declare that does not render is not known either.
	look, left = since.undeclared(look, left, others, &o)
	notices := since.sameFailures(found, left, others)
	narrow := o
	narrow.beside(others)
	run, err := Sources(ctx, t, pool, look, narrow)
	if err != nil {
		return nil, err
	}
	run.Say(notices...)
	if len(left) == 0 {
		return run, nil
	}
	same, err := since.declaredSame(ctx, pool, left, run, &o)
	if err != nil {
		return nil, err
	}
	if !same {
		return Sources(ctx, t, pool, found.Sources, o)
	}
	run.Unchanged = len(left)
	run.Skipped = append(run.Skipped, since.Skipped(left)...)
	return run, nil
}

// undeclared moves sources that do not render to those that are looked at, where the labels of namespaces decide.
func (s *Since) undeclared(look, left []render.Source, others *Declared, o *Options) (more, fewer []render.Source) {
	for _, src := range left {
		if others.failed[src.ID] != nil && o.auto() && s.prints.Of(src).MayHold("Namespace", "Application") {
			look = append(look, src)
		} else {
			fewer = append(fewer, src)
		}
	}
	return look, fewer
}

// sameFailures takes out of what could not be looked at what failed in the same way at the revision, and says so, as of
// sources that are left out and known not to render.
func (s *Since) sameFailures(found *render.Discovery, left []render.Source, others *Declared) (out []Notice) {
	all := 0
	sources := map[Notice]int{} // by their one reason, without how many they are
	say := func(e *render.Error) {
		all++
		sources[Notice{Kind: NoticeUnchanged, File: e.File, Line: e.Line, Text: e.Msg}]++
	}
	found.Failed = slices.DeleteFunc(slices.Clone(found.Failed), func(e *render.Error) bool {
		same := !slices.Contains(s.Changed, e.File) &&
			slices.ContainsFunc(s.failed, func(old *render.Error) bool { return reflect.DeepEqual(old, e) })
		if same {
			say(e)
		}
		return same
	})
	for _, src := range left {
		if e := others.failed[src.ID]; e != nil {
			say(e)
		} else if l := found.Looked(src.ID); l != nil && l.Err != nil {
			say(l.Err)
		}
	}
	for n, count := range sources {
		what := "is not judged"
		if count > 1 {
			what = fmt.Sprintf("keeps %d sources from being judged", count)
		}
		n.Text = what + ", as at " + s.Name + ": " + n.Text
		out = append(out, n)
	}
	sortNotices(out)
	if len(out) > maxSameFailures {
		out = append(out[:maxSameFailures], Notice{Kind: NoticeUnchanged,
			Text: fmt.Sprintf("%d sources in all are not judged, as at %s", all, s.Name)})
	}
	return out
}

// maxSameFailures is how many reasons for failures of a revision's own are said one by one.
const maxSameFailures = 5
