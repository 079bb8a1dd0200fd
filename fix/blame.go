package fix

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

// blame says which patches may have caused problems: all of them when nothing points at one. Where one of several
// suspects is blamed for something else, the others are not: the next attempt, without that one, tells about them.
// explained is true when each problem has a suspect that is blamed.
func blame(problems []problem, patches []*Patch) (blamed map[*Patch]drop, explained bool) {
	blamed, explained = map[*Patch]drop{}, true
	suspect := newSuspects(patches)
	lists := make([][]*Patch, len(problems))
	for i := range problems {
		if lists[i] = suspect.of(&problems[i]); len(lists[i]) == 1 {
			accuse(blamed, lists[i], &problems[i])
		}
		explained = explained && len(lists[i]) > 0
	}
	for i := range problems {
		known := func(x *Patch) bool { _, ok := blamed[x]; return ok }
		if !slices.ContainsFunc(lists[i], known) {
			accuse(blamed, lists[i], &problems[i])
		}
	}
	if len(blamed) == 0 {
		accuse(blamed, patches, &problems[0])
	}
	return blamed, explained
}

func accuse(blamed map[*Patch]drop, suspects []*Patch, pr *problem) {
	for _, x := range suspects {
		if _, ok := blamed[x]; !ok {
			blamed[x] = drop{x, pr.reason, len(suspects) == 1, pr.path, pr.object}
		}
	}
}

// problem is one way in which the patched tree is not as wanted.
type problem struct {
	reason  string
	source  string
	file    string         // the file an object comes from, "" when the whole source is concerned
	object  string         // by source and objectKey, "" when the whole source is concerned
	read    render.ReadSet // of the source
	finding *check.Finding // a finding that should be gone
	path    render.Path    // what changed that should not, nil when that is unknown

	index   int             // of the object in the source
	got     json.RawMessage // the object, where it is another one than expected
	wants   []check.Want    // of the object
	differs []render.Path   // where it is another one, as far as known
}

// suspects finds the patches that may have caused a problem.
type suspects struct {
	patches   []*Patch
	byFile    map[string][]*Patch
	byObject  map[string][]*Patch
	byFinding map[findingKey][]*Patch
}

func newSuspects(patches []*Patch) *suspects {
	s := &suspects{patches: patches, byFile: map[string][]*Patch{}, byObject: map[string][]*Patch{},
		byFinding: map[findingKey][]*Patch{}}
	for _, x := range patches {
		for o := range x.reach {
			s.byObject[o] = append(s.byObject[o], x)
		}
		for _, f := range x.files() {
			s.byFile[f] = append(s.byFile[f], x)
		}
		for i := range x.Resolves {
			k := keyOf(&x.Resolves[i])
			s.byFinding[k] = append(s.byFinding[k], x)
		}
	}
	return s
}

func (s *suspects) of(pr *problem) []*Patch {
	if pr.finding != nil {
		return s.byFinding[keyOf(pr.finding)]
	}
	if list := s.byFile[pr.file]; pr.file != "" && len(list) > 0 {
		return touching(list, pr)
	}
	if list := s.byObject[pr.object]; pr.object != "" && len(list) > 0 {
		return list
	}
	var out []*Patch
	for file, list := range s.byFile {
		if pr.read.Affected([]string{file}) {
			out = append(out, list...)
		}
	}
	return out
}

// touching narrows the patches of a file to those that want something where the object differs: others stay out of
// suspicion. All of them are under it when that is unknown.
func touching(patches []*Patch, pr *problem) []*Patch {
	var out []*Patch
	for _, x := range patches {
		if slices.ContainsFunc(pr.differs, func(at render.Path) bool { return x.touches(pr, at) }) {
			out = append(out, x)
		}
	}
	if len(out) == 0 {
		return patches
	}
	return out
}

// touches reports whether a patch wants something at, above or below a path of an object, or, where it wants nothing of
// that object, at such a path of any other.
func (p *Patch) touches(pr *problem, at render.Path) bool {
	own, any := false, false
	for i := range p.Resolves {
		f := &p.Resolves[i]
		here := f.Source+"\x00"+objectKey(f.Object) == pr.object
		for _, w := range f.Want {
			if here && onOneWay(w, at, render.Path.String) {
				return true
			}
			any = any || onOneWay(w, at, keysIn)
		}
		own = own || here
	}
	return any && !own
}

// onOneWay reports whether a want and a path lie on one way.
func onOneWay(w check.Want, at render.Path, text func(render.Path) string) bool {
	var paths []render.Path
	switch w := w.(type) {
	case check.Set:
		paths = []render.Path{w.Path}
	case check.Add:
		paths = []render.Path{w.Path}
	case check.Mount:
		paths = []render.Path{w.Container.Key("volumeMounts"), w.Pod.Key("volumes")}
	case check.Beside:
		return false
	default:
		return true
	}
	return slices.ContainsFunc(paths, func(p render.Path) bool {
		n := min(len(p), len(at))
		return text(p[:n]) == text(at[:n])
	})
}

// keysIn is a path without the numbers of list items.
func keysIn(p render.Path) string {
	keys := slices.Clone(p)
	for i := range keys {
		keys[i].Index = 0
	}
	return keys.String()
}

// locateAll finds where the objects differ that are not as expected. For objects without findings, their sources are
// rendered without any patch.
func (p *prover) locateAll(ctx context.Context, problems []problem) error {
	unknown := map[string]bool{}
	for i := range problems {
		if pr := &problems[i]; pr.got != nil && p.found[pr.object] == nil {
			unknown[pr.source] = true
		}
	}
	if err := p.unpatchedAll(ctx, unknown); err != nil {
		return err
	}
	for i := range problems {
		pr := &problems[i]
		if pr.got == nil {
			continue
		}
		old := p.found[pr.object]
		if u := p.unpatched[pr.source]; old == nil && u != nil && pr.index < len(u.objects) {
			old = &u.objects[pr.index]
		}
		var got any
		if old == nil || json.Unmarshal(pr.got, &got) != nil {
			continue
		}
		want, err := expect(old.JSON, pr.wants)
		if err != nil {
			continue
		}
		for _, d := range differences(want, got, nil) {
			pr.differs = append(pr.differs, d.path)
		}
	}
	return nil
}
