package yamledit

import (
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// replace writes the new content c in the place of n.
//
// In block style a collection is written beneath its key, also where the file has {} or [] or null; but where a comment
// follows one of those on its line, it becomes a flow collection, so that the comment stays beside what it is about.
func (p *planner) replace(n *node, c *yaml.Node) {
	if !n.known {
		p.add()
		return
	}
	switch {
	case n.inFlow() || n.parent == nil && p.h.json:
		p.replaceFlow(n, c)
	case len(c.Content) == 0:
		p.replaceLeaf(n, c)
	case n.parent != nil && n.parent.y.Kind == yaml.MappingNode:
		p.fill(n, c)
	default:
		p.replaceItem(n, c)
	}
}

// from is where n's own text begins: an anchor that nothing refers to stays, a tag belongs to the old value.
func (n *node) from() int {
	if n.y.Style&yaml.TaggedStyle != 0 || n.y.Kind == yaml.AliasNode {
		return n.start
	}
	return n.body
}

// edit is one way of making a single edit.
func (p *planner) edit(n *node, start, end int, text string) func() []piece {
	return func() []piece {
		text := strings.ReplaceAll(text, "\n", p.f.ix.newline(start))
		return []piece{{Edit: Edit{Start: start, End: end, New: text}, depth: n.depth, drops: len(n.kids) > 0}}
	}
}

// insert is one way of making a single insertion.
func (p *planner) insert(n *node, off int, text string) func() []piece {
	return p.edit(n, off, off, text)
}

// cut is one way of removing a member, and the comments on its lines with it.
func (p *planner) cut(n *node, start, end int) func() []piece {
	return func() []piece { return []piece{{Edit: Edit{Start: start, End: end}, depth: n.depth, drops: true}} }
}

func (p *planner) replaceFlow(n *node, c *yaml.Node) {
	at := n
	if n.parent != nil {
		at = n.parent
	}
	text := p.flowWriter(at).text(c, n.y.Style, p.leading(n.start))
	if !n.isEmpty() {
		p.add(p.edit(n, n.from(), n.end, text))
		return
	}
	ways := change{p.insert(n, n.end, p.gap(n.end)+text)}
	if i := n.index(); i%2 == 1 {
		key := n.parent.kids[i-1]
		ways = append(ways, p.insert(n, key.end, ": "+text))
	}
	p.changes = append(p.changes, ways)
}

// replaceLeaf writes a scalar or an empty collection in block context.
func (p *planner) replaceLeaf(n *node, c *yaml.Node) {
	w := p.writer(n.parent)
	col := w.step
	if n.parent != nil {
		col += n.parent.col()
	}
	text := strings.TrimLeft(strings.Join(w.leaf(c, n.y.Style, col), "\n"), " ")
	ways := change{p.leafWay(n, text)}
	if strings.Contains(text, "\n") {
		ways = append(ways, p.leafWay(n, w.inline(c, yaml.DoubleQuotedStyle)))
	}
	p.changes = append(p.changes, ways)
}

func (p *planner) leafWay(n *node, text string) func() []piece {
	ix := &p.f.ix
	switch {
	case n.isEmpty():
		return p.insert(n, n.end, p.gap(n.end)+text)
	case n.block():
		return p.both(p.edit(n, n.from(), n.head, text), p.edit(n, ix.end(n.head), max(n.end, ix.end(n.head)), ""))
	case len(n.kids) > 0 && !n.flow() && n.parent != nil && ix.of(n.start) != ix.of(p.intro(n)):
		at := p.intro(n)
		return p.both(p.insert(n, at, " "+text), p.edit(n, ix.end(at), ix.end(n.end), ""))
	}
	return p.edit(n, n.from(), n.end, text)
}

func (p *planner) both(a, b func() []piece) func() []piece {
	return func() []piece { return append(a(), b()...) }
}

// gap is the space that must stand before text at off.
func (p *planner) gap(off int) string {
	if off > 0 && isSpace(p.f.data, off-1) {
		return ""
	}
	return " "
}

// intro is one past the colon or the dash that n comes after.
func (p *planner) intro(n *node) int {
	i := n.index()
	if n.parent.y.Kind == yaml.SequenceNode {
		return n.parent.dashes[i] + 1
	}
	at := skipSpace(p.f.data, n.parent.kids[i-1].end)
	return min(at+1, n.start)
}

// fill writes a collection beneath its key, or as a flow collection beside it.
func (p *planner) fill(n *node, c *yaml.Node) {
	w := p.writer(n.parent)
	col := n.parent.col() + w.step
	if c.Kind == yaml.SequenceNode {
		col = n.parent.col() + w.seq
	}
	block := p.beneath(n, w.value(c, 0, col))
	text := flowWriter{writer: w, colon: ": ", comma: ", "}.text(c, 0, "")
	flow := p.leafWay(n, text)
	rest := skipBlanks(p.f.data, n.end)
	if !n.isEmpty() && !n.block() && p.f.ix.end(n.end) > rest {
		p.add(flow, block)
		return
	}
	p.add(block, flow)
}

// beneath removes n's text and puts lines under the line of its key.
func (p *planner) beneath(n *node, lines []string) func() []piece {
	ix := &p.f.ix
	under := func(at int) func() []piece {
		return func() []piece { return p.insertAt(n, at, lines) }
	}
	intro := p.intro(n)
	switch {
	case n.isEmpty() && n.y.Style&yaml.TaggedStyle == 0:
		return under(ix.next(n.end))
	case n.block():
		line := ix.end(n.head)
		text := p.both(p.edit(n, intro, n.head, ""), p.edit(n, line, max(n.end, line), ""))
		return p.both(text, under(ix.next(n.end)))
	case len(n.kids) > 0 && !n.flow():
		head := intro
		if n.body > n.start {
			head = n.body
		}
		members := p.both(p.edit(n, intro, head, ""), p.edit(n, ix.end(head), ix.end(n.end), ""))
		return p.both(members, under(ix.next(n.end)))
	}
	end := n.end
	if rest := skipBlanks(p.f.data, end); rest == ix.end(end) {
		end = rest
	}
	return p.both(p.edit(n, intro, end, ""), under(ix.next(n.end)))
}

// replaceItem writes a collection behind a dash, or at the root.
func (p *planner) replaceItem(n *node, c *yaml.Node) {
	w := p.writer(n.parent)
	col := 0
	if n.parent != nil {
		col = n.parent.dashes[n.index()] - p.f.ix.start(n.start) + 2
		if n.y.Line == n.parent.y.Line || !n.isEmpty() {
			col = n.start - p.f.ix.start(n.start)
		}
	}
	text := strings.TrimLeft(strings.Join(w.value(c, 0, col), "\n"), " ")
	flow := flowWriter{writer: w, colon: ": ", comma: ", "}.text(c, 0, "")
	if n.isEmpty() {
		gap := p.gap(n.end)
		p.add(p.insert(n, n.end, gap+text), p.insert(n, n.end, gap+flow))
		return
	}
	block, inline := p.edit(n, n.start, n.end, text), p.edit(n, n.start, n.end, flow)
	if n.block() {
		first, rest, _ := strings.Cut(text, "\n")
		if rest != "" {
			rest = "\n" + rest
		}
		line := p.f.ix.end(n.head)
		block = p.both(p.edit(n, n.start, n.head, first), p.edit(n, line, max(n.end, line), rest))
		inline = p.leafWay(n, flow)
	}
	if p.f.ix.end(n.end) > skipBlanks(p.f.data, n.end) && len(n.kids) == 0 {
		p.add(inline, block)
		return
	}
	p.add(block, inline)
}
