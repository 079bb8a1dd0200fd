package fix

import (
	"context"
	"fmt"
	"slices"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

// helmTemplates is the rung for findings that no value reaches: the template itself is edited, where the container or
// pod stands. A new block reads a value of its own, with the default beside the chart's other ones.
func (p *prover) helmTemplates(ctx context.Context, findings []check.Finding) ([]*Patch, []Left, error) {
	return p.templatePatches(ctx, findings, false, byPod)
}

// helmLiterals edits templates like helmTemplates does, without new values: for what they do not prove for.
func (p *prover) helmLiterals(ctx context.Context, findings []check.Finding) ([]*Patch, []Left, error) {
	return p.templatePatches(ctx, findings, true, byPod)
}

// helmPieces tries one finding at a time what did not prove for a whole pod.
func (p *prover) helmPieces(ctx context.Context, findings []check.Finding) ([]*Patch, []Left, error) {
	return p.templatePatches(ctx, findings, true, byFinding)
}

// extent says how much goes into one patch.
type extent int

const (
	byPod     extent = iota // all that shares a place in a template
	byFinding               // each finding on its own
)

func (p *prover) templatePatches(ctx context.Context, findings []check.Finding, literal bool, by extent) (
	[]*Patch, []Left, error) {
	sources, left := p.helmSources(findings)
	if err := p.markAll(ctx, sources); err != nil {
		return nil, nil, err
	}
	t := &templating{prover: p, literal: literal || p.options.Remedies.LiteralTemplates, blocks: map[string]*placed{}}
	for _, h := range sources {
		for _, needs := range h.byFinding() {
			if reason := t.take(h, needs); reason != "" {
				left = append(left, Left{*needs[0].finding, reason})
			}
		}
	}
	var patches []*Patch
	for _, group := range t.groups(by) {
		x, reason := t.patch(group)
		if reason != "" {
			for _, m := range group {
				left = append(left, Left{m.finding, reason})
			}
			continue
		}
		patches = append(patches, x)
	}
	return patches, left, nil
}

// templating collects what findings ask of templates.
type templating struct {
	*prover
	literal bool
	mends   []*mend
	blocks  map[string]*placed // by place and key
}

// placed is a block that one or more findings ask for.
type placed struct {
	block
	source *helmSource
	object string
	path   render.Path // of the mapping that the block's key stands in
	id     string
}

// mend is what mends one finding: blocks in templates, and values for what values reach.
type mend struct {
	finding check.Finding
	source  *helmSource
	blocks  []*placed
	parts   []any // what of each block this finding asked for
	edits   []valueEdit
	reach   map[string]bool
}

// take plans one finding, or says why there is no place for it.
func (t *templating) take(h *helmSource, needs []need) string {
	m := &mend{finding: *needs[0].finding, source: h, reach: map[string]bool{h.source.ID + "\x00" + needs[0].object: true}}
	instead := false
	for i := range needs {
		n := &needs[i]
		if x := h.landed[landing{n.object, n.path.String()}]; x != nil && t.byValue(h, needs, n) {
			d := &draft{reach: map[string]bool{}}
			if reason := t.draftEdit(h, d, n, x); reason == "" {
				m.edits = append(m.edits, d.edits...)
				for k := range d.reach {
					m.reach[k] = true
				}
				continue
			}
		}
		reason := t.place(h, m, n, n.path)
		if reason != "" && n.other != nil && t.place(h, m, n, n.other) == "" {
			reason, instead = "", true
		}
		if reason != "" {
			return reason
		}
	}
	if len(m.blocks) == 0 {
		return "values reach it, but change more"
	}
	if instead {
		m.finding.Want = wantInstead(needs)
	}
	t.mends = append(t.mends, m)
	return ""
}

// byValue reports whether a value is to meet a need, where the template meets others of the same finding. Where values
// reach all of them, the value rungs have tried that in vain; then mounts go into the template, since lists of values
// often hold another kind of members.
func (t *templating) byValue(h *helmSource, needs []need, n *need) bool {
	partly := slices.ContainsFunc(needs, func(n need) bool { return h.landedAt(&n) == nil })
	mounted := slices.ContainsFunc(needs, func(n need) bool { return n.mount })
	blamed, _, _ := classOf(t.blamed[keyOf(n.finding)])
	switch {
	case mounted && (t.literal || !partly):
		return !n.mount && blamed != security
	case t.literal:
		return false
	}
	return partly
}

// place finds the block for a need. Needs of several findings that stand in one new mapping share its block.
func (t *templating) place(h *helmSource, m *mend, n *need, path render.Path) string {
	s, key, value, reason := h.spotFor(n, path)
	if reason != "" {
		return reason
	}
	id := fmt.Sprintf("%s %d %d %s", s.file, s.at, s.col, key)
	if s.item {
		id += fmt.Sprintf(" %v", value)
	}
	b := t.blocks[id]
	if b == nil {
		depth := len(path)
		for depth > 0 && path[depth-1].Key != key {
			depth--
		}
		b = &placed{block: block{spot: s, key: key}, source: h, object: n.object, path: path[:max(depth-1, 0)], id: id}
		t.blocks[id] = b
	}
	m.blocks, m.parts = append(m.blocks, b), append(m.parts, value)
	return ""
}
