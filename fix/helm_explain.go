package fix

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

// sharing is what patches of shared values may change beside the fields that findings name: the same field, to the same
// value, wherever else a template reads it.
type sharing struct {
	fields map[string][]any    // values by field below a container or pod
	rules  map[string][]string // by field: what asked for it
}

// sharingOf collects what the patches that reach a source may change.
func sharingOf(patches []*Patch, source string) *sharing {
	s := &sharing{fields: map[string][]any{}, rules: map[string][]string{}}
	for _, x := range patches {
		if !x.shared || !x.reaches(source) {
			continue
		}
		for i := range x.Resolves {
			f := &x.Resolves[i]
			for _, n := range needsOf(f) {
				field := fieldOf(n.path)
				if n.member {
					field += fmt.Sprintf("+=%v", n.value)
				}
				s.fields[field] = append(s.fields[field], n.value)
				s.rules[field] = append(s.rules[field], f.Rule.ID)
			}
		}
	}
	return s
}

// reaches reports whether a patch is known to change objects of a source.
func (p *Patch) reaches(source string) bool {
	for k := range p.reach {
		if strings.HasPrefix(k, source+"\x00") {
			return true
		}
	}
	return slices.ContainsFunc(p.Resolves, func(f check.Finding) bool { return f.Source == source })
}

// fieldOf is a path as it reads from its container or pod.
func fieldOf(p render.Path) string {
	for i := len(p) - 1; i >= 0; i-- {
		switch class(p[i].Key) {
		case security, resources, mounts, volumes:
			level := "pod"
			if i > 0 && p[i-1].IsIndex {
				level = "container"
			}
			return level + " " + p[i:].String()
		}
	}
	return p.String()
}

// explainAll looks at changes of objects that wants alone do not explain, and returns the problems that stay.
func (p *prover) explainAll(ctx context.Context, odd []oddity, patches []*Patch) ([]problem, error) {
	ids := map[string]bool{}
	for i := range odd {
		ids[odd[i].source] = true
	}
	if err := p.unpatchedAll(ctx, ids); err != nil {
		return nil, err
	}
	bySource := map[string]*sharing{}
	for id := range ids {
		bySource[id] = sharingOf(patches, id)
	}
	var out []problem
	for i := range odd {
		x := &odd[i]
		also, other := p.explained(x.source, x.index, &x.object, x.wants, bySource[x.source])
		if other != nil {
			if len(other) > 0 {
				x.problem.path = other
				x.problem.reason = fmt.Sprintf("it would also change %s of %s in %s", other, x.object.ID(), x.source)
			}
			out = append(out, x.problem)
			continue
		}
		for _, y := range patches {
			if y.shared && y.reach[x.problem.object] {
				y.Also = mergeNames(y.Also, also)
			}
		}
	}
	return out, nil
}

// mergeNames adds to a sorted list of names.
func mergeNames(list, more []string) []string {
	list = slices.Concat(list, more)
	slices.Sort(list)
	return slices.Compact(list)
}

// explained reports what differs between an object as expected and as rendered, and may: fields that share a value with
// one that a finding asked for. Not listed are what is never the same twice, and checksums of what was edited. other is
// the first field that may not differ, nil when there is none.
func (p *prover) explained(source string, i int, o *render.Object, wants []check.Want, shared *sharing) (also []string,
	other render.Path) {
	u := p.unpatched[source]
	if u == nil || i >= len(u.objects) {
		return nil, render.Path{}
	}
	want, err := expect(u.objects[i].JSON, wants)
	if err != nil {
		return nil, render.Path{}
	}
	var got any
	if json.Unmarshal(o.JSON, &got) != nil {
		return nil, render.Path{}
	}
	for _, d := range differences(want, got, render.Path{}) {
		switch {
		case u.masked(i, d.path), isChecksum(d):
		case p.mayShare(source, o, got, d, shared):
			also = append(also, fmt.Sprintf("%s of %s", d.path, o.ID()))
		default:
			return nil, d.path
		}
	}
	return also, nil
}

// isChecksum reports whether a difference is the value of an annotation that templates derive from other files.
func isChecksum(d difference) bool {
	n := len(d.path)
	if n < 2 || d.path[n-2].Key != "annotations" || d.old == nil || d.new == nil {
		return false
	}
	key := d.path[n-1].Key
	return strings.HasPrefix(key, "checksum/") || strings.HasPrefix(key, "checksum-") || strings.HasSuffix(key, "/checksum")
}

// mayShare reports whether a difference is the same change that a finding asked for elsewhere, and no contradiction to
// what the manifest says here.
func (p *prover) mayShare(source string, o *render.Object, got any, d difference, shared *sharing) bool {
	if d.old != nil && !isFlip(d) && !isGrown(d) {
		return false
	}
	return shared.asks(d) && !p.contradicts(source, o, got, d, shared.rules[d.field()])
}

// field is the changed field as sharing names it.
func (d *difference) field() string {
	if n := len(d.path); n > 0 && d.path[n-1].IsIndex {
		return fieldOf(d.path[:n-1]) + fmt.Sprintf("+=%v", d.new)
	}
	if list, ok := d.new.([]any); ok && len(list) > 0 {
		return fieldOf(d.path) + fmt.Sprintf("+=%v", list[len(list)-1])
	}
	return fieldOf(d.path)
}

// asks reports whether a change is one that a finding asked for, here or elsewhere.
func (s *sharing) asks(d difference) bool {
	wants := s.fields[d.field()]
	if len(wants) == 0 {
		return false
	}
	value := d.new
	if list, ok := value.([]any); ok && len(list) > 0 {
		value = list[len(list)-1]
	}
	return slices.ContainsFunc(wants, func(want any) bool {
		v, err := plainJSON(want)
		return err == nil && reflect.DeepEqual(v, value)
	})
}

// isFlip reports whether a boolean changed.
func isFlip(d difference) bool {
	_, a := d.old.(bool)
	_, b := d.new.(bool)
	return a && b
}

// isGrown reports whether a list got one more member at its end.
func isGrown(d difference) bool {
	a, oka := d.old.([]any)
	b, okb := d.new.([]any)
	return oka && okb && len(b) == len(a)+1 && reflect.DeepEqual(a, b[:len(a)])
}

// contradicts reports whether an object asks for something else than a shared change gives it: a finding of the same
// rule that only a person can decide, a finding that wants another value, an explicit value that nothing objects to, or
// a mount at the same place.
func (p *prover) contradicts(source string, o *render.Object, got any, d difference, rules []string) bool {
	asked := false
	for i := range p.before.Findings {
		f := &p.before.Findings[i]
		if f.Source != source || objectKey(f.Object) != objectKey(o) {
			continue
		}
		if f.Safety == check.FixManual && slices.Contains(rules, f.Rule.ID) && related(f.Path, d.path) {
			return true
		}
		for _, n := range needsOf(f) {
			if !n.path.Equal(d.path) && (n.other == nil || !n.other.Equal(d.path)) || n.member {
				continue
			}
			if v, err := plainJSON(n.value); err != nil || !reflect.DeepEqual(v, d.new) {
				return true
			}
			asked = true
		}
	}
	if isFlip(d) && !asked {
		return true
	}
	return doubles(got, d)
}

// related reports whether two fields concern the same container, or one of them the whole pod.
func related(a, b render.Path) bool {
	i, j := lastIndex(a), lastIndex(b)
	if i < 0 || j < 0 || len(b) == j+1 {
		return true
	}
	return a[:i+1].Equal(b[:min(i+1, len(b))])
}

// doubles reports whether a new mount or volume stands beside another one at the same place or of the same name.
func doubles(got any, d difference) bool {
	n := len(d.path)
	if n < 2 || !d.path[n-1].IsIndex {
		return false
	}
	key := unordered[d.path[n-2].Key]
	list, _ := lookupValue(got, d.path[:n-1])
	members, _ := list.([]any)
	m, _ := d.new.(map[string]any)
	if key == "" || m == nil {
		return false
	}
	same := 0
	for _, x := range members {
		if y, ok := x.(map[string]any); ok && y[key] == m[key] {
			same++
		}
	}
	return same != 1
}
