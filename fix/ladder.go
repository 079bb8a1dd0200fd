package fix

import (
	"context"
	"slices"

	"github.com/syncgate/syncgate/check"
)

// rung is one way to find where findings can be mended. It returns candidate patches, of which the proof keeps those
// that hold, and the findings that it has nothing for.
type rung func(context.Context, []check.Finding) ([]*Patch, []Left, error)

// ladder lists the rungs, the most local change first. What one rung does not resolve goes to the next.
func (p *prover) ladder() []rung {
	return []rung{p.documents, p.overlayPatches, p.entryPatch}
}

// climb tries each rung on what the ones before it left.
func (p *prover) climb(ctx context.Context, findings []check.Finding, v *Verified) error {
	var kept []*Patch
	reasons := map[findingKey]string{}
	for _, try := range p.ladder() {
		if len(findings) == 0 {
			break
		}
		patches, left, err := try(ctx, findings)
		if err != nil {
			return err
		}
		var dropped []drop
		if kept, dropped, err = p.prove(ctx, kept, patches); err != nil {
			return err
		}
		for _, l := range left {
			keepReason(reasons, &l.Finding, l.Reason)
		}
		for _, d := range dropped {
			for i := range d.patch.Resolves {
				reasons[keyOf(&d.patch.Resolves[i])] = d.reason
			}
		}
		findings = unresolved(findings, kept)
	}
	for _, f := range findings {
		v.left = append(v.left, Left{f, reasons[keyOf(&f)]})
	}
	files, _, err := p.edited(kept)
	if err != nil {
		return err
	}
	v.files = files
	for _, x := range kept {
		edits := func(f FileChange) bool { return slices.Contains(x.files(), f.Name) }
		if slices.ContainsFunc(files, edits) {
			v.patches = append(v.patches, x)
		}
	}
	return nil
}

// keepReason notes why a rung has nothing for a finding, unless an earlier rung came further with it.
func keepReason(reasons map[findingKey]string, f *check.Finding, reason string) {
	if k := keyOf(f); reasons[k] == "" {
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
