package fix

import (
	"fmt"
	"slices"

	"github.com/syncgate/syncgate/fix/yamledit"
	"github.com/syncgate/syncgate/render"
)

// valueLayer is one place where a source's values are written and the repository may change them.
type valueLayer struct {
	file string
	doc  int
	base render.Path // of the values in the document
	text bool        // the field at base is a string of YAML
	keys int         // how many leading keys of a value's path the layer leaves out, because it is a subchart's own
	tree *yamledit.File
}

// layersFor lists the layers that can hold a value, in order of precedence: the value of the last one wins.
func (p *prover) layersFor(h *helmSource, keys render.Path) []valueLayer {
	var out []valueLayer
	parts := slices.Clone(h.view.Parts)
	slices.SortStableFunc(parts, func(a, b render.ChartPart) int { return len(b.Keys) - len(a.Keys) })
	for _, part := range parts {
		if part.Foreign != "" || !keys.HasPrefix(render.Keys(part.Keys...)) {
			continue
		}
		for _, f := range part.Raw {
			if f.Name == "values.yaml" {
				out = append(out, valueLayer{file: f.File, keys: len(part.Keys)})
			}
		}
	}
	for _, l := range h.source.Helm.Values {
		if l.Encoding == render.EncodingInline || l.Encoding == render.EncodingChart {
			continue // no file holds it
		}
		out = append(out, valueLayer{file: l.File, doc: l.Doc, base: l.DocPath, text: l.Encoding == render.EncodingText})
	}
	out = append(out, h.inlineLayer()...)
	return slices.DeleteFunc(out, func(l valueLayer) bool { return p.parsed(&l) == nil })
}

// parsed is the file of a layer, nil when it cannot be edited.
func (p *prover) parsed(l *valueLayer) *yamledit.File {
	if l.tree == nil {
		if data, err := p.tree.ReadFile(l.file); err == nil {
			l.tree, _ = yamledit.Parse(data)
		}
	}
	return l.tree
}

// layerOf chooses the layer to write a value into: the one that holds it, else the one that holds most of the way to it.
// What every source of the chart reads goes before what only this one does.
func (p *prover) layerOf(h *helmSource, keys render.Path) (valueLayer, bool) {
	layers := p.layersFor(h, keys)
	best, most := -1, -1
	if n := len(layers) - 1; h.own[keys.String()] && n >= 0 && layers[n].keys == 0 {
		return layers[n], true
	}
	for i := range layers {
		l := &layers[i]
		depth := l.keys + l.depth(p, keys[l.keys:])
		if depth > most || depth == most && depth == len(keys) {
			best, most = i, depth
		}
	}
	if best < 0 {
		return valueLayer{}, false
	}
	return layers[best], true
}

// depth is how many keys of a path the layer holds.
func (l *valueLayer) depth(p *prover, keys render.Path) int {
	tree := p.parsed(l)
	doc, base := l.doc, l.base
	if l.text {
		node, ok := tree.Find(doc, base)
		if !ok {
			return 0
		}
		inner, err := yamledit.Parse([]byte(node.Value))
		if err != nil {
			return 0
		}
		tree, doc, base = inner, 0, nil
	}
	n := 0
	for n < len(keys) {
		at := append(base[:len(base):len(base)], keys[:n+1]...)
		if _, ok := tree.Find(doc, at); !ok {
			break
		}
		n++
	}
	return n
}

// valueEdit is one value to be written.
type valueEdit struct {
	file   string
	doc    int
	path   render.Path // in the document
	text   int         // when > 0: path[:text] is a string of YAML
	keys   render.Path // in the source's values
	value  any
	member bool
	fresh  bool // the template has no other place where it gets this value from: it can stand where it reads best
}

func (e *valueEdit) String() string {
	return fmt.Sprintf("%s %d %s %d %t %v", e.file, e.doc, e.path, e.text, e.member, e.value)
}

// op is the operation on a document that makes the edit; at is where in the document or text.
func (e *valueEdit) op(doc int, at render.Path) yamledit.Op {
	if e.member {
		return yamledit.Append{Doc: doc, Path: at, Value: e.value}
	}
	return yamledit.Set{Doc: doc, Path: at, Value: e.value}
}

// editFor is the edit that gives a value to a path of the source's values. text says how much of it leads to a string.
func (p *prover) editFor(h *helmSource, keys render.Path, text int, value any, member bool) (valueEdit, string) {
	within := keys
	if text > 0 {
		within = keys[:text]
	}
	l, ok := p.layerOf(h, within)
	if !ok {
		return valueEdit{}, h.noLayer()
	}
	e := valueEdit{file: l.file, doc: l.doc, keys: keys, value: value, member: member,
		path: append(l.base[:len(l.base):len(l.base)], keys[l.keys:]...)}
	switch {
	case l.text && text > 0:
		return e, "text within text is not edited"
	case l.text:
		e.text = len(l.base)
	case text > 0:
		e.text = len(l.base) + text - l.keys
	}
	return e, ""
}

// noLayer says why no value can be written.
func (h *helmSource) noLayer() string {
	if why := h.view.Parts[0].Foreign; why != "" {
		return why + ", and the repository keeps no values for it"
	}
	return h.source.Path + " has no values file that can be edited"
}

// operationsOf are the operations of edits by file, in the order in which the files first stand. Edits of one text
// become one operation.
func (p *prover) operationsOf(edits []valueEdit) ([]part, error) {
	var parts []part
	texts := map[string][]valueEdit{}
	for _, e := range edits {
		i := slices.IndexFunc(parts, func(x part) bool { return x.file == e.file })
		if i < 0 {
			i = len(parts)
			parts = append(parts, part{file: e.file})
		}
		if e.fresh {
			data, err := p.tree.ReadFile(e.file)
			if err != nil {
				return nil, err
			}
			if edit, ok := freshEdit(data, &e); ok {
				parts[i].edits = append(parts[i].edits, edit)
				continue
			}
		}
		if e.text == 0 {
			parts[i].ops = append(parts[i].ops, e.op(e.doc, e.path))
			continue
		}
		key := fmt.Sprintf("%s %d %s", e.file, e.doc, e.path[:e.text])
		texts[key] = append(texts[key], e)
		if len(texts[key]) > 1 {
			continue
		}
		all := slices.DeleteFunc(slices.Clone(edits), func(x valueEdit) bool {
			return x.text == 0 || fmt.Sprintf("%s %d %s", x.file, x.doc, x.path[:x.text]) != key
		})
		op, err := p.editText(all)
		if err != nil {
			return nil, err
		}
		parts[i].ops = append(parts[i].ops, op)
	}
	return parts, nil
}

// editText makes all edits of one string of YAML.
func (p *prover) editText(edits []valueEdit) (yamledit.Op, error) {
	e := edits[0]
	data, err := p.tree.ReadFile(e.file)
	if err != nil {
		return nil, err
	}
	file, err := yamledit.Parse(data)
	if err != nil {
		return nil, err
	}
	var ops []yamledit.Op
	for _, x := range edits {
		ops = append(ops, x.op(0, x.path[x.text:]))
	}
	old := ""
	if n, ok := file.Find(e.doc, e.path[:e.text]); ok {
		old = n.Value
	}
	planned, err := yamledit.Plan([]byte(old), ops...)
	if err != nil {
		return nil, err
	}
	text, err := yamledit.ApplyEdits([]byte(old), planned)
	return yamledit.Set{Doc: e.doc, Path: e.path[:e.text], Value: string(text)}, err
}
