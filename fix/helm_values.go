package fix

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

// helmValues is the rung for findings in charts whose templates read a value for the field: the value is set, in the
// layer where it stands or that comes closest. Which value that is, probes tell.
func (p *prover) helmValues(ctx context.Context, findings []check.Finding) ([]*Patch, []Left, error) {
	sources, left := p.helmSources(findings)
	return p.valuesFor(ctx, sources, left)
}

// helmOwnValues is the rung for what the values that sources share did not prove for: sources with a layer of their own
// get the value there.
func (p *prover) helmOwnValues(ctx context.Context, findings []check.Finding) ([]*Patch, []Left, error) {
	sources, left := p.helmSources(findings)
	var own []*helmSource
	for _, h := range sources {
		if h.view == nil || len(h.source.Helm.Values) == 0 {
			continue
		}
		own = append(own, h)
		for i := range h.needs {
			if x := h.landedAt(&h.needs[i]); x != nil {
				h.own[append(x.node.keys[:len(x.node.keys):len(x.node.keys)], x.tail...).String()] = true
			}
		}
	}
	return p.valuesFor(ctx, own, left)
}

// helmOtherValues is the rung for what helmValues proposed in vain: another value may reach the same fields, hidden by
// the first one.
func (p *prover) helmOtherValues(ctx context.Context, findings []check.Finding) ([]*Patch, []Left, error) {
	sources, left := p.helmSources(findings)
	var again []*helmSource
	for _, h := range sources {
		if h.exclude(p.blamed) {
			again = append(again, h)
		}
	}
	return p.valuesFor(ctx, again, left)
}

// exclude takes the values that the needs of a source were to be met by out of the candidates, and forgets the probes.
// Where it is known which field changed that should not, only values that reach such a field are.
func (h *helmSource) exclude(blamed map[findingKey]render.Path) bool {
	n := len(h.excluded)
	for _, needs := range h.byFinding() {
		if slices.ContainsFunc(needs, func(n need) bool { return h.landedAt(&n) == nil }) {
			continue
		}
		to := blamed[keyOf(needs[0].finding)]
		for i := range needs {
			x := h.landedAt(&needs[i])
			if cl, _, ok := classOf(to); x.node.text == 0 && (!ok || x.node.class == cl || x.node.class == mounts && cl == volumes) {
				h.excluded[x.node.keys.String()] = true
			}
		}
	}
	if len(h.excluded) == n {
		return false
	}
	h.landed = nil
	return true
}

// valuesFor probes sources and makes the patches of what values reach.
func (p *prover) valuesFor(ctx context.Context, sources []*helmSource, left []Left) ([]*Patch, []Left, error) {
	chance, err := p.meetChance(ctx, sources)
	if err != nil {
		return nil, nil, err
	}
	if err := p.probeAll(ctx, sources); err != nil {
		return nil, nil, err
	}
	if err := p.learnChance(ctx, chance); err != nil {
		return nil, nil, err
	}
	drafts, missing := p.valueDrafts(sources)
	if disagree(drafts) {
		drafts, missing = p.valueDrafts(sources)
	}
	patches, more, err := p.valuePatches(drafts)
	return patches, slices.Concat(left, missing, more), err
}

// valueDrafts plans all findings of sources.
func (p *prover) valueDrafts(sources []*helmSource) (drafts []*draft, left []Left) {
	for _, h := range sources {
		for _, needs := range h.byFinding() {
			d, reason := p.valueDraft(h, needs)
			if reason != "" {
				left = append(left, Left{*needs[0].finding, reason})
				continue
			}
			drafts = append(drafts, d)
		}
	}
	return drafts, left
}

// disagree finds values that sources need to be different in the same place. Those sources that have a layer of their
// own are told to use it.
func disagree(drafts []*draft) bool {
	at := map[string]string{}
	wrong := map[string]bool{}
	place := func(e *valueEdit) string { return fmt.Sprintf("%s %d %s", e.file, e.doc, e.path) }
	for _, d := range drafts {
		for i := range d.edits {
			e := &d.edits[i]
			if old, ok := at[place(e)]; ok && !e.member && old != valueText(e.value) {
				wrong[place(e)] = true
			}
			at[place(e)] = valueText(e.value)
		}
	}
	found := false
	for _, d := range drafts {
		for i := range d.edits {
			if e := &d.edits[i]; wrong[place(e)] && len(d.source.source.Helm.Values) > 0 {
				d.source.own[e.keys.String()] = true
				found = true
			}
		}
	}
	return found
}

// byFinding groups the needs of a source, in the order of findings.
func (h *helmSource) byFinding() [][]need {
	var out [][]need
	for _, n := range h.needs {
		if last := len(out) - 1; last >= 0 && out[last][0].finding == n.finding {
			out[last] = append(out[last], n)
		} else {
			out = append(out, []need{n})
		}
	}
	return out
}

// draft is a patch in the making: what one finding asks of values.
type draft struct {
	source  *helmSource
	finding check.Finding // its Want may name another place than the rule did
	edits   []valueEdit
	reach   map[string]bool
}

// valueDraft finds the values for all that a finding needs, or says why there are none.
func (p *prover) valueDraft(h *helmSource, needs []need) (*draft, string) {
	d := &draft{source: h, finding: *needs[0].finding, reach: map[string]bool{}}
	instead := false
	for i := range needs {
		n := &needs[i]
		x := h.landedAt(n)
		if x == nil {
			return nil, fmt.Sprintf("no value of the chart reaches %s", n.path)
		}
		instead = instead || h.landed[landing{n.object, n.path.String()}] == nil
		if reason := p.draftEdit(h, d, n, x); reason != "" {
			return nil, reason
		}
	}
	if instead {
		d.finding.Want = wantInstead(needs)
	}
	return d, ""
}

// landedAt is the probe that stood where a need can be met, nil when none did.
func (h *helmSource) landedAt(n *need) *probe {
	x := h.landed[landing{n.object, n.path.String()}]
	if x == nil && n.other != nil {
		x = h.landed[landing{n.object, n.other.String()}]
	}
	return x
}

// draftEdit adds what gives a need its value through a probe's field.
func (p *prover) draftEdit(h *helmSource, d *draft, n *need, x *probe) string {
	if x.node.toggle != nil {
		e, reason := p.editFor(h, x.node.toggle, x.node.text, true, false)
		if reason != "" {
			return reason
		}
		d.add(e)
	}
	keys := append(x.node.keys[:len(x.node.keys):len(x.node.keys)], x.tail...)
	e, reason := p.editFor(h, keys, x.node.text, n.value, n.member)
	if reason != "" {
		return reason
	}
	d.add(e)
	for object := range h.reach[x.node] {
		d.reach[h.source.ID+"\x00"+object] = true
	}
	return ""
}

func (d *draft) add(e valueEdit) {
	same := func(x valueEdit) bool { return x.String() == e.String() }
	if !slices.ContainsFunc(d.edits, same) {
		d.edits = append(d.edits, e)
	}
}

// wantInstead is what a finding wants when its fields stand in the container instead of the pod.
func wantInstead(needs []need) []check.Want {
	var out []check.Want
	for _, n := range needs {
		at := n.path
		if n.other != nil {
			at = n.other
		}
		out = append(out, check.Set{Path: at, Value: n.value})
	}
	return out
}

// valuePatches makes one patch of the drafts with the same edits, and of those that edit the same text.
func (p *prover) valuePatches(drafts []*draft) (patches []*Patch, left []Left, err error) {
	byKey := map[string]*Patch{}
	edits := map[*Patch][]valueEdit{}
	for _, d := range drafts {
		key := d.key()
		x := byKey[key]
		if x == nil {
			first := d.edits[len(d.edits)-1]
			x = &Patch{Wants: d.finding.Want, How: "value " + d.names(), shared: true, reach: map[string]bool{},
				Place: render.Place{File: first.file, Doc: first.doc, Path: first.path}}
			byKey[key] = x
			patches = append(patches, x)
		}
		for _, e := range d.edits {
			if !slices.ContainsFunc(edits[x], func(o valueEdit) bool { return o.String() == e.String() }) {
				edits[x] = append(edits[x], e)
			}
		}
		x.Resolves = append(x.Resolves, d.finding)
		for k := range d.reach {
			x.reach[k] = true
		}
	}
	var kept []*Patch
	for _, x := range patches {
		parts, err := p.operationsOf(edits[x])
		if err != nil {
			for _, f := range x.Resolves {
				left = append(left, Left{f, err.Error()})
			}
			continue
		}
		x.parts = parts
		kept = append(kept, x)
	}
	return kept, left, nil
}

// key is equal for drafts that become one patch.
func (d *draft) key() string {
	var b strings.Builder
	for _, e := range d.edits {
		if e.text > 0 {
			return fmt.Sprintf("text %s %d %s", e.file, e.doc, e.path[:e.text])
		}
		b.WriteString(e.String() + "\n")
	}
	return b.String()
}

// names lists the values of a draft, by where they stand.
func (d *draft) names() string {
	var out []string
	for _, e := range d.edits {
		out = append(out, fmt.Sprintf("%s in %s", e.keys, e.file))
	}
	return strings.Join(out, ", ")
}
