package fix

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/fix/yamledit"
	"github.com/syncgate/syncgate/render"
)

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
	if !t.literal && !b.spot.only {
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
	at, shift := b.spot.at, 0
	if raw, err := t.tree.ReadFile(b.spot.file); err == nil {
		shift = bomLength(string(raw))
	}
	at += shift
	if b.spot.only {
		x.add(b.spot.file, yamledit.Edit{Start: at, End: b.spot.drop[1] + shift, New: text})
		return nil, said
	}
	if at > 0 && at <= len(data) && data[at-1] != '\n' && b.spot.at == b.spot.mark.at {
		text += strings.Repeat(" ", b.spot.col)
	}
	x.add(b.spot.file, yamledit.Edit{Start: at, End: at, New: text})
	if d := b.spot.drop; d[1] > 0 {
		x.add(b.spot.file, yamledit.Edit{Start: d[0] + shift, End: d[1] + shift})
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
	p.parts[i].edits = append(p.parts[i].edits, e)
	sortEdits(p.parts[i].edits)
}
