package yamledit

import (
	"encoding/json"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

const defaultStep = 2 // of kyaml's own encoder, whose sequences are not indented under their key

// habits counts how a document is written, so that what is added looks the same.
type habits struct {
	steps          map[int]int // columns from a key to those of the mapping under it
	seqs           map[int]int // columns from a key to the dashes under it
	single, double int         // quoted scalars
	json           bool
}

func (f *File) habits(d *document) *habits {
	h := &habits{steps: map[int]int{}, seqs: map[int]int{}}
	h.count(d.root)
	h.json = f.isJSON(d)
	if len(h.steps) > 0 && len(h.seqs) > 0 && h.single+h.double > 0 {
		return h
	}
	whole := &habits{steps: map[int]int{}, seqs: map[int]int{}}
	for _, other := range f.docs {
		whole.count(other.root)
	}
	if len(h.steps) == 0 {
		h.steps = whole.steps
	}
	if len(h.seqs) == 0 {
		h.seqs = whole.seqs
	}
	if h.single+h.double == 0 {
		h.single, h.double = whole.single, whole.double
	}
	return h
}

// isJSON reports whether a document is an object or an array in JSON.
func (f *File) isJSON(d *document) bool {
	n := d.root
	return n != nil && n.flow() && n.known && json.Valid(f.data[n.start:n.end]) && !hasComment(f.data, d)
}

// hasComment reports whether a document whose root is written in JSON has a comment beside it, which makes it YAML.
func hasComment(data []byte, d *document) bool {
	if d.start < 0 {
		return false
	}
	for _, gap := range [][]byte{data[d.start:d.root.start], data[d.root.end:max(d.end, d.root.end)]} {
		for _, c := range gap {
			if c == '#' {
				return true
			}
		}
	}
	return false
}

func (h *habits) count(n *node) {
	if n == nil {
		return
	}
	if n.y.Kind == yaml.ScalarNode {
		if n.y.Style&yaml.DoubleQuotedStyle != 0 {
			h.double++
		} else if n.y.Style&yaml.SingleQuotedStyle != 0 {
			h.single++
		}
	}
	if n.y.Kind == yaml.MappingNode && !n.flow() {
		for i := 1; i < len(n.kids); i += 2 {
			if by, ok := n.indented(i); ok && n.kids[i].y.Kind == yaml.MappingNode {
				h.steps[by]++
			} else if ok {
				h.seqs[by]++
			}
		}
	}
	for _, k := range n.kids {
		h.count(k)
	}
}

// indented is by how much the block collection at kids[i] is indented under its key.
func (n *node) indented(i int) (by int, ok bool) {
	v := n.kids[i]
	if len(v.kids) == 0 || v.flow() || v.kids[0].y.Line == n.kids[i-1].y.Line {
		return 0, false
	}
	by = v.col() - n.kids[i-1].column()
	if v.y.Kind == yaml.SequenceNode && v.body > v.start {
		return 0, false // its column is that of an anchor
	}
	return by, true
}

// step is by how much a mapping written under a key of n is indented: as its siblings are, as n itself is, as most are.
func (h *habits) step(n *node) int {
	for ; n != nil; n = n.parent {
		if n.y.Kind != yaml.MappingNode {
			continue
		}
		for i := len(n.kids) - 1; i > 0; i -= 2 {
			if by, ok := n.indented(i); ok && by > 0 && n.kids[i].y.Kind == yaml.MappingNode {
				return by
			}
		}
	}
	return max(most(h.steps, defaultStep), 1)
}

// seqIndent is by how much a sequence is indented under its key: as most of the document's are, else the file's.
func (h *habits) seqIndent() int { return max(most(h.seqs, 0), 0) }

// quote is the style of quotes for a string that needs some and has no sibling to follow.
func (h *habits) quote() yaml.Style {
	if h.single > h.double {
		return yaml.SingleQuotedStyle
	}
	return yaml.DoubleQuotedStyle
}

// most is the most frequent of counts, the smallest of those; otherwise when there are none.
func most(counts map[int]int, otherwise int) int {
	best, found := otherwise, 0
	for v, n := range counts {
		if n > found || n == found && v < best {
			best, found = v, n
		}
	}
	return best
}
