package fix

import (
	"crypto/sha256"
	"fmt"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

// compareObjects holds the objects of one patched source against the expected ones.
func (p *prover) compareObjects(res *render.Result, before *check.SourceReport, wanted map[string][]check.Want) (
	out []problem, odd []oddity) {
	id := res.Source.ID
	if res.Err != nil {
		reason := fmt.Sprintf("%s does not render with it: %v", id, res.Err)
		return []problem{{reason: reason, source: id, read: before.Read}}, nil
	}
	old := p.objects[id]
	swap := swapsOf(id, wanted)
	if want := len(old) - len(swap.gone) + len(swap.planned); want != len(res.Objects) {
		reason := fmt.Sprintf("%s renders %d objects with it instead of %d", id, len(res.Objects), want)
		return []problem{{reason: reason, source: id, read: before.Read}}, nil
	}
	if res.Doubled > p.doubled[id] {
		out = append(out, problem{reason: fmt.Sprintf("%s would hold a key twice", id), source: id, read: before.Read})
	}
	i := -1 // in old
	for j := range res.Objects {
		o := &res.Objects[j]
		key := objectKey(o)
		if by := swap.planned[nameKey(o)]; by != nil {
			if reason := swap.arrives(o); reason != "" {
				out = append(out, problem{reason: reason, source: id, file: o.File, read: before.Read})
			}
			continue
		}
		if i = swap.next(old, i); i == len(old) {
			reason := fmt.Sprintf("%s renders %s with it, which nothing asked for", id, o.ID())
			return append(out, problem{reason: reason, source: id, read: before.Read}), odd
		}
		wants := wanted[id+"\x00"+key]
		bad := func(reason string) {
			pr := problem{reason: reason, source: id, file: o.File, object: id + "\x00" + key, read: before.Read}
			if old[i].id == key {
				pr.index, pr.got, pr.wants = i, o.JSON, wants
			}
			if o.Template && old[i].id == key {
				odd = append(odd, oddity{id, i, *o, wants, pr})
			} else {
				out = append(out, pr)
			}
		}
		changed := sha256.Sum256(o.JSON) != old[i].sum
		if changed && old[i].id == key {
			pr := problem{source: id, file: o.File, object: id + "\x00" + key, read: before.Read, index: i}
			if pr, refused := p.validate(pr, o); refused {
				out = append(out, pr)
				continue
			}
		}
		switch {
		case old[i].id != key:
			bad(fmt.Sprintf("%s renders other objects with it", id))
		case !changed:
		case len(wants) == 0 && p.onlyValues(o, &old[i]):
		case len(wants) == 0:
			bad(fmt.Sprintf("it would change %s of %s too, where nothing asked for it", o.ID(), id))
		default:
			if !p.asExpected(id, o, wants) {
				bad(fmt.Sprintf("it would change more of %s in %s than the finding asks", o.ID(), id))
			}
		}
	}
	return out, odd
}

// onlyValues reports whether an object differs from what it was only in values that it holds for other sources.
func (p *prover) onlyValues(o *render.Object, old *digest) bool {
	rest, ok := p.layers.rest(o)
	return ok && rest == old.rest
}

// asExpected reports whether a patched object is the old one with the wants met and nothing else.
func (p *prover) asExpected(source string, o *render.Object, wants []check.Want) bool {
	old := p.found[source+"\x00"+objectKey(o)]
	if old == nil {
		return false
	}
	want, err := expect(old.JSON, wants)
	if err != nil {
		return false
	}
	same, err := sameObject(want, o.JSON)
	return err == nil && same
}

// compareFindings looks for findings that should be gone and for new ones.
func (p *prover) compareFindings(after *check.Run, affected map[string]*check.SourceReport, patches []*Patch) []problem {
	now := map[findingKey]*check.Finding{}
	for i := range after.Findings {
		f := &after.Findings[i]
		now[keyOf(f)] = f
	}
	var out []problem
	for _, x := range patches {
		for i := range x.Resolves {
			f := &x.Resolves[i]
			if affected[f.Source] != nil && now[keyOf(f)] != nil {
				out = append(out, problem{reason: "the finding stays: something else sets the field", source: f.Source, finding: f})
			}
		}
	}
	for k, f := range now {
		if !p.known[k] {
			out = append(out, problem{reason: fmt.Sprintf("it would cause %s: %s", f.Rule.ID, f.Message), source: k.source,
				file: f.Object.File, read: affected[k.source].Read})
		}
	}
	for i := range after.Sources {
		if s := &after.Sources[i]; s.Err != nil {
			out = append(out, problem{reason: fmt.Sprintf("%s cannot be judged with it: %v", s.Source.ID, s.Err),
				source: s.Source.ID, read: s.Read})
		}
	}
	return out
}
