package check

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/syncgate/syncgate/render"
)

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
	o.beside(others)
	return nil
}

// beside takes in what sources outside of a run declare.
func (o *Options) beside(others *Declared) {
	o.Declared = o.Declared.clone()
	for id, x := range others.bySource {
		o.Declared.put(id, x)
	}
}

// declaredSame reports whether the sources that are not left declare for others what they declared at the revision.
func (s *Since) declaredSame(ctx context.Context, pool *render.Pool, left []render.Source, run *Run, o *Options) (bool, error) {
	was, err := s.before(o.Discover, nil)
	if err != nil {
		return false, err
	}
	was = maps.Clone(was)
	now := &Declared{bySource: map[string]*declarations{}}
	for i := range run.Sources {
		id := run.Sources[i].Source.ID
		now.put(id, run.Declared.bySource[id])
	}
	for _, src := range left {
		delete(was, src.ID)
		maps.DeleteFunc(was, func(id string, old render.Source) bool { return now.bySource[id] == nil && applies(&src, &old) })
	}
	before, err := Declare(ctx, s.Before, pool, slices.Collect(maps.Values(was)))
	if err != nil {
		return false, err
	}
	labels := o.auto() && o.Base == nil // else the base's labels count, which are not these
	return reflect.DeepEqual(before.forOthers(labels), now.forOthers(labels)), nil
}

// applies reports whether an Application's source is made of another one, which is then none of its own.
func applies(src, other *render.Source) bool {
	if src.Application == "" {
		return false
	}
	return other.Kind == src.Kind && other.Path == src.Path ||
		src.Kind == render.KindDirectory && other.Kind == render.KindPlain && (src.Path == "." || strings.HasPrefix(other.Path, src.Path+"/"))
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
