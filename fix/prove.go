package fix

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/fix/yamledit"
	"github.com/syncgate/syncgate/render"
)

// prove adds patches to those proven before, as far as they hold in every source, and in charts with the values of their
// ci folders.
func (p *prover) prove(ctx context.Context, proven, patches []*Patch) (kept []*Patch, dropped []drop, err error) {
	kept, dropped, err = p.proveSources(ctx, proven, patches)
	if err != nil {
		return nil, nil, err
	}
	var again []drop
	for {
		fresh := slices.DeleteFunc(slices.Clone(kept), func(x *Patch) bool { return slices.Contains(proven, x) })
		problems, err := p.testedProblems(ctx, kept, fresh)
		if err != nil || len(problems) == 0 {
			kept, more, err2 := p.oneByOne(ctx, kept, again)
			return kept, slices.Concat(dropped, more), cmp.Or(err, err2)
		}
		blamed, _ := blame(problems, fresh)
		for _, x := range fresh {
			if d, ok := blamed[x]; ok {
				again = append(again, d)
			}
		}
		fresh = slices.DeleteFunc(fresh, func(x *Patch) bool { _, ok := blamed[x]; return ok })
		var more []drop
		if kept, more, err = p.settle(ctx, proven, fresh); err != nil {
			return nil, nil, err
		}
		dropped = append(dropped, more...)
	}
}

// testedProblems is compareTested for all patches, of which some are fresh.
func (p *prover) testedProblems(ctx context.Context, all, fresh []*Patch) ([]problem, error) {
	files, _, err := p.edited(all)
	if err != nil {
		return nil, err
	}
	return p.compareTested(ctx, files, all, filesOf(fresh))
}

// oneByOne tries what was dropped together with others, for the values of a ci folder, alone.
func (p *prover) oneByOne(ctx context.Context, kept []*Patch, try []drop) (_ []*Patch, dropped []drop, err error) {
	for _, d := range try {
		if d.alone {
			dropped = append(dropped, d)
			continue
		}
		with, more, err := p.settle(ctx, kept, []*Patch{d.patch})
		if err != nil {
			return nil, nil, err
		}
		if dropped = append(dropped, more...); len(more) > 0 {
			continue
		}
		problems, err := p.testedProblems(ctx, with, []*Patch{d.patch})
		if err != nil {
			return nil, nil, err
		}
		if len(problems) > 0 {
			dropped = append(dropped, drop{d.patch, problems[0].reason, true, problems[0].path, problems[0].object})
		} else {
			kept = with
		}
	}
	return kept, dropped, nil
}

// proveSources adds patches to those proven before: all at once, then without those that break the proof, until the rest
// holds. What was dropped together with others is tried again: with those that reach the same objects, then alone, as
// long as that gets further (one value may replace a default that another one needs).
func (p *prover) proveSources(ctx context.Context, proven, patches []*Patch) (kept []*Patch, dropped []drop, err error) {
	patches, unread := p.withoutUnread(patches)
	patches, dropped = withoutConflicts(proven, patches)
	dropped = append(dropped, unread...)
	first, out, err := p.settle(ctx, proven, patches)
	if err != nil {
		return nil, nil, err
	}
	held := p.components.set(first)
	try := together(out)
	for pass := 0; len(try) > 0; pass++ {
		n := held.n
		var failed []drop
		for _, group := range try {
			key := held.key(group[0])
			again, bad, err := p.settle(ctx, held.at[key], group)
			if err != nil {
				return nil, nil, err
			}
			held.put(key, again)
			failed = append(failed, bad...)
		}
		singles := !slices.ContainsFunc(try, func(g []*Patch) bool { return len(g) > 1 })
		try = nil
		for _, d := range failed {
			if singles && (held.n == n || pass > maxPasses) || !d.patch.shared {
				dropped = append(dropped, d)
			} else {
				try = append(try, []*Patch{d.patch})
			}
		}
	}
	for _, d := range out {
		if d.alone {
			dropped = append(dropped, d)
		}
	}
	return held.all(), dropped, nil
}

// maxPasses bounds how often what was dropped is tried again.
const maxPasses = 3

// together groups what was dropped with others: patches that reach a common object, each other one alone.
func together(out []drop) (groups [][]*Patch) {
	at := map[string]int{}
	for _, d := range out {
		if d.alone {
			continue
		}
		into := -1
		for o := range d.patch.reach {
			if i, ok := at[o]; ok {
				into = max(into, i)
			}
		}
		if into < 0 {
			into = len(groups)
			groups = append(groups, nil)
		}
		groups[into] = append(groups[into], d.patch)
		for o := range d.patch.reach {
			at[o] = into
		}
	}
	return groups
}

// withoutConflicts drops patches that want another value where an earlier one has been.
func withoutConflicts(proven, patches []*Patch) (kept []*Patch, dropped []drop) {
	at := map[string]string{}
	for i, x := range slices.Concat(proven, patches) {
		clash := ""
		for key, value := range x.values() {
			if old, ok := at[key]; ok && old != value {
				clash = fmt.Sprintf("another source that reads %s needs another value: %s", x.Place.File, old)
			} else {
				at[key] = value
			}
		}
		switch {
		case i < len(proven):
		case clash != "":
			dropped = append(dropped, drop{x, clash, true, nil, ""})
		default:
			kept = append(kept, x)
		}
	}
	return kept, dropped
}

// values are the fields that a patch sets, and to what.
func (p *Patch) values() map[string]string {
	out := map[string]string{}
	for _, part := range p.parts {
		for _, op := range part.ops {
			if s, ok := op.(yamledit.Set); ok {
				out[fmt.Sprintf("%s %d %s", part.file, s.Doc, s.Path)] = valueText(s.Value)
			}
		}
	}
	return out
}

// drop is a patch that was taken out.
type drop struct {
	patch  *Patch
	reason string
	alone  bool        // no other patch can be to blame
	path   render.Path // what changed that should not, nil when that is unknown
	object string      // that it changed in, by source and objectKey
}

// settle takes patches out until the others hold together with the proven ones. Only sources that read what the new
// patches edit are rendered.
func (p *prover) settle(ctx context.Context, proven, patches []*Patch) (kept []*Patch, dropped []drop, err error) {
	names := filesOf(patches)
	for {
		all := slices.Concat(proven, patches)
		files, refused, err := p.edited(all)
		if err != nil {
			return nil, nil, err
		}
		for x, reason := range refused {
			dropped = append(dropped, drop{x, reason, true, nil, ""})
		}
		names = slices.Concat(names, filesOf(slices.Collect(maps.Keys(refused))))
		patches = slices.DeleteFunc(slices.Clone(patches), func(x *Patch) bool { return refused[x] != "" })
		if len(patches) == 0 {
			return proven, dropped, nil
		}
		problems, err := p.compare(ctx, files, slices.Concat(proven, patches), names)
		if err != nil {
			return nil, nil, err
		}
		if len(problems) == 0 {
			return slices.Concat(proven, patches), dropped, nil
		}
		blamed, explained := blame(problems, patches)
		for _, x := range patches {
			if d, ok := blamed[x]; ok {
				dropped = append(dropped, d)
			}
		}
		if names = filesOf(patches); explained { // then what does not read these files renders as it just did
			names = filesOf(slices.Collect(maps.Keys(blamed)))
		}
		patches = slices.DeleteFunc(patches, func(x *Patch) bool { _, ok := blamed[x]; return ok })
	}
}

func filesOf(patches []*Patch) []string {
	var out []string
	for _, x := range patches {
		out = append(out, x.files()...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// findingKey identifies a finding within a run.
type findingKey struct{ source, print, place string }

func keyOf(f *check.Finding) findingKey {
	return findingKey{f.Source, f.Fingerprint(), placeKey(f.Object)}
}

// compare renders and judges, with all files edited, every source that reads one of the named ones, and says what is
// not as wanted.
func (p *prover) compare(ctx context.Context, files []FileChange, patches []*Patch, names []string) ([]problem, error) {
	overlay := map[string][]byte{}
	for _, f := range files {
		overlay[f.Name] = f.After
	}
	affected := map[string]*check.SourceReport{}
	var sources []render.Source
	linked := p.linked(patches, names)
	for i := range p.before.Sources {
		s := &p.before.Sources[i]
		if (linked[s.Source.ID] || s.Read.Affected(names)) && s.Err == nil {
			affected[s.Source.ID] = s
			sources = append(sources, s.Source)
		}
	}
	wanted := p.wantsByObject(patches)
	var mu sync.Mutex
	var problems []problem
	var odd []oddity
	o := p.options
	o.Progress = nil
	o.Observe = func(res *render.Result) {
		p.stableNames(res.Source.ID, res.Objects)
		found, more := p.compareObjects(res, affected[res.Source.ID], wanted)
		mu.Lock()
		problems, odd = append(problems, found...), append(odd, more...)
		mu.Unlock()
	}
	after, err := check.Sources(ctx, p.tree.With(overlay), p.pool, sources, o)
	if err != nil {
		return nil, err
	}
	unexplained, err := p.explainAll(ctx, odd, patches)
	if err != nil {
		return nil, err
	}
	if err := p.locateAll(ctx, problems); err != nil {
		return nil, err
	}
	return slices.Concat(problems, unexplained, p.compareFindings(after, affected, patches)), nil
}

// linked are the sources that have to be judged together when one of them is: those that an object in another one of them
// gives something to.
func (p *prover) linked(patches []*Patch, names []string) map[string]bool {
	out := map[string]bool{}
	for _, x := range patches {
		if _, ok := x.Resolves[0].Want[0].(check.Beside); !ok {
			continue
		}
		reaches := x.Reaches()
		if slices.ContainsFunc(p.before.Sources, func(s check.SourceReport) bool {
			return slices.Contains(reaches, s.Source.ID) && s.Read.Affected(names)
		}) {
			for _, id := range reaches {
				out[id] = true
			}
		}
	}
	return out
}

// oddity is a change of an object that wants alone do not explain, and the problem that it is unless something else does.
type oddity struct {
	source  string
	index   int
	object  render.Object
	wants   []check.Want
	problem problem
}

// wantsByObject collects what the patches ask of each object of each source.
func (p *prover) wantsByObject(patches []*Patch) map[string][]check.Want {
	out := map[string][]check.Want{}
	for _, x := range patches {
		for i := range x.Resolves {
			f := &x.Resolves[i]
			key := f.Source + "\x00" + objectKey(f.Object)
			out[key] = append(out[key], f.Want...)
		}
	}
	return out
}
