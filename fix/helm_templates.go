package fix

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strings"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/fix/yamledit"
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
	t := &templating{prover: p, literal: literal || p.literalTemplates, blocks: map[string]*placed{}}
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

// groups divides the mends into those that become one patch each.
func (t *templating) groups(by extent) [][]*mend {
	var out [][]*mend
	at := map[*placed]int{}
	alike := map[string]int{}
	for _, m := range t.mends {
		if by == byFinding {
			var ids []string
			for _, b := range m.blocks {
				ids = append(ids, b.id)
			}
			key := fmt.Sprint(ids, m.parts, m.edits)
			if i, ok := alike[key]; ok {
				out[i] = append(out[i], m)
				continue
			}
			alike[key] = len(out)
			out = append(out, []*mend{m})
			continue
		}
		into := -1
		for _, b := range m.blocks {
			i, ok := at[b]
			switch {
			case !ok || i == into:
			case into < 0:
				into = i
			default: // the mend joins two groups
				out[into] = append(out[into], out[i]...)
				out[i] = nil
				for b, j := range at {
					if j == i {
						at[b] = into
					}
				}
			}
		}
		if into < 0 {
			into = len(out)
			out = append(out, nil)
		}
		out[into] = append(out[into], m)
		for _, b := range m.blocks {
			at[b] = into
		}
	}
	return slices.DeleteFunc(out, func(g []*mend) bool { return len(g) == 0 })
}

// patch makes the patch of a group.
func (t *templating) patch(group []*mend) (*Patch, string) {
	x := &Patch{shared: true, reach: map[string]bool{}}
	values := map[*placed]any{}
	var order []*placed
	var edits []valueEdit
	for _, m := range group {
		x.Resolves = append(x.Resolves, m.finding)
		for k := range m.reach {
			x.reach[k] = true
		}
		for _, w := range m.finding.Want {
			if !slices.ContainsFunc(x.Wants, func(o check.Want) bool { return o.String() == w.String() }) {
				x.Wants = append(x.Wants, w)
			}
		}
		for _, e := range m.edits {
			if !slices.ContainsFunc(edits, func(o valueEdit) bool { return o.String() == e.String() }) {
				edits = append(edits, e)
			}
		}
		for i, b := range m.blocks {
			v, ok := unite(values[b], m.parts[i])
			if !ok {
				return nil, fmt.Sprintf("sources of %s need different values there", b.spot.file)
			}
			if _, seen := values[b]; !seen {
				order = append(order, b)
			}
			values[b] = v
		}
	}
	var how []string
	for _, b := range order {
		b.value = values[b]
		more, said := t.write(x, b)
		edits = append(edits, more...)
		if !slices.Contains(how, said) {
			how = append(how, said)
		}
	}
	parts, err := t.operationsOf(edits)
	if err != nil {
		return nil, err.Error()
	}
	x.parts = append(x.parts, parts...)
	x.How = strings.Join(how, "; ")
	x.Place = render.Place{File: order[0].spot.file}
	return x, ""
}

// unite merges what findings ask of one block; false when they contradict each other.
func unite(a, b any) (any, bool) {
	if a == nil {
		return deepCopy(b), true
	}
	x, okx := a.(map[string]any)
	y, oky := b.(map[string]any)
	if okx && oky {
		for k, v := range y {
			u, ok := unite(x[k], v)
			if !ok {
				return nil, false
			}
			x[k] = u
		}
		return x, true
	}
	l, okl := a.([]any)
	m, okm := b.([]any)
	if okl && okm {
		for _, v := range m {
			if !slices.ContainsFunc(l, func(o any) bool { return reflect.DeepEqual(o, v) }) {
				l = append(l, v)
			}
		}
		return l, true
	}
	return a, reflect.DeepEqual(a, b)
}

// write adds the edit of a block to a patch, and returns the values that it reads and how it was done.
func (t *templating) write(x *Patch, b *placed) ([]valueEdit, string) {
	data := b.source.textOf(b.spot.mark)
	text, said := b.literal(data), "template line in "+b.spot.file
	var edits []valueEdit
	if !t.literal {
		if keys, e, ok := t.newValue(b); ok {
			text = b.reference(keys)
			said = fmt.Sprintf("template line in %s, new value %s in %s", b.spot.file, e.keys, e.file)
			own := strings.Split(keys, ".")
			edits = append(append(edits, e), schemaEdits(b.spot.mark.part, own)...)
			if file, row, ok := readmeEdit(b.spot.mark.part, own, b.value); ok {
				x.add(file, row)
			}
		}
	}
	if strings.Contains(data, "\r\n") {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	at := b.spot.at
	if raw, err := t.tree.ReadFile(b.spot.file); err == nil {
		at += bomLength(string(raw))
	}
	if at > 0 && at <= len(data) && data[at-1] != '\n' && b.spot.at == b.spot.mark.at {
		text += strings.Repeat(" ", b.spot.col)
	}
	x.add(b.spot.file, yamledit.Edit{Start: at, End: at, New: text})
	if d := b.spot.drop; d[1] > 0 {
		x.add(b.spot.file, yamledit.Edit{Start: d[0], End: d[1]})
	}
	return edits, said
}

// add adds an edit of bytes to a patch.
func (p *Patch) add(file string, e yamledit.Edit) {
	i := slices.IndexFunc(p.parts, func(x part) bool { return x.file == file })
	if i < 0 {
		i = len(p.parts)
		p.parts = append(p.parts, part{file: file})
	}
	edits := append(p.parts[i].edits, e)
	sort.SliceStable(edits, func(a, b int) bool { return edits[a].Start < edits[b].Start })
	p.parts[i].edits = edits
}
