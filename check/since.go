package check

import (
	"context"
	"maps"
	"path"
	"reflect"
	"slices"
	"sync"

	"github.com/syncgate/syncgate/render"
)

// Since says what a run may leave out: the sources that nothing has changed since a revision.
type Since struct {
	Name    string       // of the revision, for reports
	Changed []string     // files that differ between the revision and the tree, resolved names
	Before  *render.Tree // the revision; it stands on the same directory as the tree
	// All is why every source counts, "" when only some do: a change of what the run itself goes by.
	All string

	was    map[string]render.Source // the revision's sources, once they are known
	prints *render.Footprints       // of the tree
}

// Split tells the sources that have to be looked at from those that render what they rendered at the revision. A source that the
// revision did not have, or had in another way, has to be looked at, whatever its files.
func (s *Since) Split(t *render.Tree, found *render.Discovery, o render.DiscoverOptions) (look, left []render.Source, err error) {
	if s.All != "" {
		return found.Sources, nil, nil
	}
	touched := make([]bool, len(found.Sources))
	var wg sync.WaitGroup
	wg.Go(func() {
		s.prints = render.NewFootprints(t, found)
		for i, src := range found.Sources {
			touched[i] = s.prints.Of(src).Touches(s.Changed)
		}
	})
	was, err := s.before(o, found)
	if wg.Wait(); err != nil {
		return nil, nil, err
	}
	for i, src := range found.Sources {
		if old, ok := was[src.ID]; ok && reflect.DeepEqual(old, src) && !touched[i] {
			left = append(left, src)
		} else {
			look = append(look, src)
		}
	}
	return look, left, nil
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
			out = append(out, render.Skipped{Path: src.ID, Reason: "unchanged since " + s.Name})
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
	narrow := o
	if err := narrow.Beside(ctx, t, pool, since.prints, left); err != nil {
		return nil, err
	}
	run, err := Sources(ctx, t, pool, look, narrow)
	if err != nil || len(left) == 0 {
		return run, err
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

// kindsThatDeclare are the kinds of objects that bear on how other sources' objects are judged.
func (o *Options) kindsThatDeclare() []string {
	kinds := []string{"LimitRange", "ResourceQuota", "automountServiceAccountToken"}
	if o.auto() {
		kinds = append(kinds, "Namespace", "Application")
	}
	return kinds
}

// declaring renders the sources that may declare something for others.
func declaring(ctx context.Context, t *render.Tree, pool *render.Pool, prints *render.Footprints, sources []render.Source,
	o *Options) (*Declared, error) {
	var may []render.Source
	for _, src := range sources {
		if prints.Of(src).MayHold(o.kindsThatDeclare()...) {
			may = append(may, src)
		}
	}
	return Declare(ctx, t, pool, may)
}

// Beside makes options for a run that leaves sources out as if it did not: of those, the ones that may declare something for
// others are rendered, and what they declare is taken in.
func (o *Options) Beside(ctx context.Context, t *render.Tree, pool *render.Pool, prints *render.Footprints, left []render.Source) error {
	others, err := declaring(ctx, t, pool, prints, left, o)
	if err != nil {
		return err
	}
	o.Declared = o.Declared.clone()
	for id, x := range others.bySource {
		o.Declared.put(id, x)
	}
	return nil
}

// declaredSame reports whether the sources that are not left declare for others what they declared at the revision.
func (s *Since) declaredSame(ctx context.Context, pool *render.Pool, left []render.Source, run *Run, o *Options) (bool, error) {
	was, err := s.before(o.Discover, nil)
	if err != nil {
		return false, err
	}
	was = maps.Clone(was)
	for _, src := range left {
		delete(was, src.ID)
	}
	before, err := Declare(ctx, s.Before, pool, slices.Collect(maps.Values(was)))
	if err != nil {
		return false, err
	}
	now := &Declared{bySource: map[string]*declarations{}}
	for i := range run.Sources {
		id := run.Sources[i].Source.ID
		now.put(id, run.Declared.bySource[id])
	}
	labels := o.auto() && o.Base == nil // else the base's labels count, which are not these
	return reflect.DeepEqual(before.forOthers(labels), now.forOthers(labels)), nil
}

// forOthers is all that sources declare for more than themselves.
func (d *Declared) forOthers(labels bool) map[string]map[string]any {
	out := map[string]map[string]any{}
	for id, x := range d.bySource {
		says := map[string]any{}
		for k := range x.gives {
			says["gives "+k] = true
		}
		for k, quota := range x.demands {
			says["demands "+k] = quota
		}
		if labels {
			for ns, l := range x.labels {
				says["labels "+ns] = l
			}
		}
		if len(says) > 0 {
			out[id] = says
		}
	}
	return out
}
