package fix

import (
	"context"
	"slices"

	"github.com/syncgate/syncgate/check"
)

// rung is one way to find where findings can be mended.
type rung struct {
	// find returns candidate patches, of which the proof keeps those that hold, and the findings that it has nothing for.
	find func(context.Context, []check.Finding) ([]*Patch, []Left, error)
	// shared says that one patch can mend findings of several sources. Then find sees those of sources that the user
	// did not ask about as well: a base is mended for all of its overlays.
	shared bool
	// latest says that its reasons for leaving a finding count for more than those of the rungs before.
	latest bool
	// secrets says that it is for findings of values that must not be in git, and for no others.
	secrets bool
	// detour says that what it leaves is mended elsewhere just as well: its reasons are told as what was tried, and for no
	// finding that stays.
	detour bool
}

// ladder lists the rungs, the most local change first. What one rung does not resolve goes to the next.
func (p *prover) ladder() []rung {
	return []rung{
		{find: p.secrets, shared: true, secrets: true},
		{find: p.limitRanges, shared: true, detour: true},
		{find: p.documents, shared: true},
		{find: p.helmValues, shared: true},
		{find: p.helmOwnValues, shared: true},
		{find: p.helmOtherValues, shared: true},
		{find: p.helmTemplates, shared: true, latest: true},
		{find: p.helmLiterals, shared: true, latest: true},
		{find: p.helmPieces, shared: true, latest: true},
		{find: p.overlayPatches, shared: true},
		{find: p.ownPatch},
		{find: p.newPatch},
	}
}

// climb tries each rung on what the ones before it left.
func (p *prover) climb(ctx context.Context, findings []check.Finding, v *Verified) error {
	var kept []*Patch
	reasons, tried := map[findingKey]string{}, map[findingKey]bool{}
	v.tried = attempts{}
	others := p.outside()
	for _, try := range p.ladder() {
		if len(findings) == 0 {
			break
		}
		all := findings
		if try.shared {
			all = slices.Concat(findings, others)
		}
		all = slices.DeleteFunc(slices.Clone(all), func(f check.Finding) bool { return aboutSecret(&f) != try.secrets })
		patches, left, err := try.find(ctx, all)
		if err != nil {
			return err
		}
		asked := keysOf(findings)
		patches = slices.DeleteFunc(patches, func(x *Patch) bool { return !x.resolvesAny(asked) })
		var dropped []drop
		if kept, dropped, err = p.prove(ctx, kept, patches); err != nil {
			return err
		}
		p.kept = kept
		for _, l := range left {
			if try.latest && l.Reason != fromTemplate && !tried[keyOf(&l.Finding)] {
				reasons[keyOf(&l.Finding)] = l.Reason
			}
			if !try.detour {
				keepReason(reasons, &l.Finding, l.Reason)
			}
			v.tried.add(&l.Finding, l.Reason)
		}
		for _, d := range dropped {
			for i := range d.patch.Resolves {
				f := &d.patch.Resolves[i]
				k := keyOf(f)
				tried[k] = tried[k] || !try.detour
				v.tried.add(f, d.String())
				if try.detour {
					continue
				}
				if reasons[k] = d.reason; d.path != nil && d.object == f.Source+"\x00"+objectKey(f.Object) {
					p.blamed[k] = d.path
				}
			}
		}
		findings, others = unresolved(findings, kept), unresolved(others, kept)
	}
	for _, f := range findings {
		v.left = append(v.left, Left{f, reasons[keyOf(&f)]})
	}
	if err := p.documentDefaults(ctx, kept); err != nil {
		return err
	}
	files, _, err := p.edited(kept)
	if err != nil {
		return err
	}
	v.files = files
	edited := map[string]bool{}
	for i := range files {
		edited[files[i].Name] = true
	}
	for _, x := range kept {
		if slices.ContainsFunc(x.parts, func(p part) bool { return edited[p.file] }) {
			v.patches = append(v.patches, x)
		}
	}
	return nil
}

// outside are the findings of sources that the user did not ask about, as far as they can be mended.
func (p *prover) outside() []check.Finding {
	var out []check.Finding
	for _, f := range p.before.Findings {
		if !p.inScope[f.Source] && f.Exempt == nil && f.Safety != check.FixManual && len(f.Want) > 0 {
			out = append(out, f)
		}
	}
	return out
}

func (p *Patch) resolvesAny(of map[findingKey]bool) bool {
	return slices.ContainsFunc(p.Resolves, func(f check.Finding) bool { return of[keyOf(&f)] })
}

func keysOf(findings []check.Finding) map[findingKey]bool {
	out := map[findingKey]bool{}
	for i := range findings {
		out[keyOf(&findings[i])] = true
	}
	return out
}

// keepReason notes why a rung has nothing for a finding, unless an earlier rung came further with it.
func keepReason(reasons map[findingKey]string, f *check.Finding, reason string) {
	if k := keyOf(f); reasons[k] == "" || reasons[k] == fromTemplate {
		reasons[k] = reason
	}
}

func unresolved(findings []check.Finding, kept []*Patch) []check.Finding {
	done := map[findingKey]bool{}
	for _, x := range kept {
		for i := range x.Resolves {
			done[keyOf(&x.Resolves[i])] = true
		}
	}
	var out []check.Finding
	for _, f := range findings {
		if !done[keyOf(&f)] {
			out = append(out, f)
		}
	}
	return out
}
