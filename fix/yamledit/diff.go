package yamledit

import (
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// piece is an edit on its way into a plan.
type piece struct {
	Edit
	depth int  // of the collection that it changes: of two insertions at one place the deeper comes first
	drops bool // comments inside Start and End go with what is removed
}

// change is one difference between a document and what it shall hold: ways to write it, best first.
type change []func() []piece

// planner turns the differences between a tree and its document into changes.
type planner struct {
	f       *File
	d       *document
	t       *tree
	h       *habits
	changes []change
}

// diff finds what to change at c and below.
func (p *planner) diff(c *yaml.Node) {
	n := p.t.src[c]
	switch {
	case p.t.fresh[c]:
		p.replace(n, c)
	case c.Kind == yaml.MappingNode:
		p.mapping(n, c)
	case c.Kind == yaml.SequenceNode:
		p.sequence(n, c)
	}
}

func (p *planner) mapping(n *node, c *yaml.Node) {
	kept := make([]bool, len(n.kids))
	var added, values []*yaml.Node
	at := 0
	for i := 0; i < len(c.Content); i += 2 {
		src := p.t.src[c.Content[i]]
		if src == nil {
			added = append(added, c.Content[i], c.Content[i+1])
			continue
		}
		for n.kids[at] != src {
			at += 2
		}
		kept[at], kept[at+1] = true, true
		values = append(values, c.Content[i+1])
	}
	if len(values) == 0 && (len(added) > 0 || len(n.kids) > 0) {
		p.replace(n, c)
		return
	}
	p.members(n, kept, added, 2)
	for _, v := range values {
		p.diff(v)
	}
}

func (p *planner) sequence(n *node, c *yaml.Node) {
	kept := make([]bool, len(n.kids))
	var added, items []*yaml.Node
	at := 0
	for _, item := range c.Content {
		src := p.t.src[item]
		if src == nil {
			added = append(added, item)
			continue
		}
		for n.kids[at] != src {
			at++
		}
		kept[at] = true
		items = append(items, item)
	}
	if len(items) == 0 && (len(added) > 0 || len(n.kids) > 0) {
		p.replace(n, c)
		return
	}
	p.members(n, kept, added, 1)
	for _, item := range items {
		p.diff(item)
	}
}

// members removes those of n's members that are not kept and adds new ones. A member is width nodes: an item, or
// a key and its value.
func (p *planner) members(n *node, kept []bool, added []*yaml.Node, width int) {
	for i := 0; i < len(kept); i += width {
		switch {
		case kept[i]:
		case n.flow():
			p.removeFlow(n, i, kept)
		default:
			p.removeBlock(n, i, kept)
		}
	}
	switch {
	case len(added) == 0:
	case n.flow():
		p.addFlow(n, kept, added)
	case width == 2:
		p.addKeys(n, kept, added)
	default:
		p.addItems(n, kept, added)
	}
}

func (p *planner) add(ways ...func() []piece) { p.changes = append(p.changes, ways) }

// writer writes what comes under the mapping n.
func (p *planner) writer(n *node) writer {
	size := len(p.f.data)
	unended := size > 0 && p.f.ix.start(size) != size
	return writer{step: p.h.step(n), seq: p.h.seqIndent(), quote: p.h.quote(), oneLine: unended}
}
