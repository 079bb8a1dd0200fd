package yamledit

import (
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// node is a parsed node with the bytes it stands on: kyaml says where a node starts, never where it ends.
type node struct {
	y      *yaml.Node
	parent *node
	kids   []*node // as y.Content
	dashes []int   // of a block sequence: where each item's dash stands
	start  int     // first byte, anchor and tag included
	body   int     // first byte after anchor and tag
	head   int     // of a block scalar: where its indicators end
	end    int     // one past the last byte, trailing line break not included
	depth  int
	known  bool // false when the bytes do not read as the parser said they do
}

func (n *node) flow() bool  { return n.y.Style&yaml.FlowStyle != 0 }
func (n *node) block() bool { return n.y.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 }

// isEmpty reports a value that is not written at all, as after "key:".
func (n *node) isEmpty() bool {
	return n.y.Kind == yaml.ScalarNode && n.end == n.body && n.y.Value == ""
}

// small reports a value on one line: a scalar, an alias or a flow collection.
func (n *node) small() bool {
	return !n.isEmpty() && !n.block() && (len(n.kids) == 0 || n.flow())
}

// inFlow reports whether n stands inside a flow collection.
func (n *node) inFlow() bool { return n.parent != nil && n.parent.flow() }

// column is n's 0-based column: what its siblings on lines of their own are indented by.
func (n *node) column() int { return n.y.Column - 1 }

// col is the column of a block collection's entries.
func (n *node) col() int {
	if n.y.Kind == yaml.MappingNode && len(n.kids) > 0 {
		return n.kids[0].column()
	}
	return n.column()
}

// lastLeaf is the last scalar or alias in n.
func (n *node) lastLeaf() *node {
	for len(n.kids) > 0 {
		n = n.kids[len(n.kids)-1]
	}
	return n
}

// index is n's place among its parent's children, -1 for a root.
func (n *node) index() int {
	if n.parent != nil {
		for i, k := range n.parent.kids {
			if k == n {
				return i
			}
		}
	}
	return -1
}

type builder struct {
	data []byte
	at   cursor
	ix   *lineIndex
}

// build finds the bytes of y and of what it holds. indent is the column of the enclosing block collection, -1 at the root.
func (b *builder) build(y *yaml.Node, parent *node, indent int) *node {
	n := &node{y: y, parent: parent}
	if parent != nil {
		n.depth = parent.depth + 1
	}
	n.start, n.known = b.at.offset(y.Line, y.Column)
	n.body, n.end = n.start, n.start
	if n.known && hasProps(b.data, n) {
		n.body = skipProps(b.data, n.start)
		n.end = n.body
	}
	switch y.Kind {
	case yaml.AliasNode:
		n.end = n.start + 1 + len(y.Value)
		n.known = n.known && n.end <= len(b.data) && string(b.data[n.start:n.end]) == "*"+y.Value
	case yaml.ScalarNode:
		b.scalar(n, indent)
	default:
		if n.flow() {
			b.flow(n, indent)
		} else {
			b.collection(n)
		}
	}
	return n
}

func hasProps(data []byte, n *node) bool {
	if n.start >= len(data) || data[n.start] != '&' && data[n.start] != '!' {
		return false
	}
	return n.y.Kind == yaml.ScalarNode || n.y.Anchor != "" || n.y.Style&yaml.TaggedStyle != 0
}

// skipProps is the end of the anchor and the tag that start at i.
func skipProps(data []byte, i int) int {
	for end := i; ; {
		if i >= len(data) || data[i] != '&' && data[i] != '!' {
			return end
		}
		for i < len(data) && !isSpace(data, i) && !isFlowIndicator(data[i]) {
			i++
		}
		end = i
		i = skipSpace(data, i)
	}
}

func isFlowIndicator(c byte) bool {
	return c == ',' || c == '[' || c == ']' || c == '{' || c == '}'
}

// isSpace reports a blank, a line break or the end of the data at i.
func isSpace(data []byte, i int) bool {
	return i >= len(data) || data[i] == ' ' || data[i] == '\t' || breakWidth(data, i) > 0
}

// collection finds the end of a block mapping or sequence: where its last child ends.
func (b *builder) collection(n *node) {
	b.kids(n, n.y.Column-1)
	if len(n.kids) == 0 {
		n.known = false
		return
	}
	last := n.kids[len(n.kids)-1]
	n.end, n.known = last.end, n.known && last.known
	if n.y.Kind == yaml.SequenceNode {
		n.known = b.findDashes(n) && n.known
	}
}

// kids builds n's children.
func (b *builder) kids(n *node, indent int) {
	n.kids = make([]*node, 0, len(n.y.Content))
	for i, c := range n.y.Content {
		if i == 0 && !n.flow() && n.y.Kind == yaml.MappingNode {
			indent = c.Column - 1
		}
		n.kids = append(n.kids, b.build(c, n, indent))
	}
}

// findDashes finds the dash of each item of a block sequence.
func (b *builder) findDashes(n *node) bool {
	at := n.start
	if n.body > n.start {
		at = skipSpace(b.data, n.body)
	}
	for _, k := range n.kids {
		at = skipSpace(b.data, at)
		if !k.known || at >= len(b.data) || b.data[at] != '-' || at >= k.start {
			return false
		}
		n.dashes = append(n.dashes, at)
		at = k.end
	}
	return true
}

// flow finds the closing bracket of a flow collection. The pair in [a: b] has none: it ends with its value.
func (b *builder) flow(n *node, indent int) {
	b.kids(n, indent)
	open := skipSpace(b.data, n.body)
	if !n.known || open >= len(b.data) {
		n.known = false
		return
	}
	i, closer := open+1, byte(']')
	if n.y.Kind == yaml.MappingNode {
		closer = '}'
	}
	for _, k := range n.kids {
		n.known = n.known && k.known
		i = max(i, k.end)
	}
	if b.data[open] != closer-2 {
		n.known = n.known && n.y.Kind == yaml.MappingNode
		n.end = i
		return
	}
	n.body = open
	for i = skipSpace(b.data, i); i < len(b.data) && (b.data[i] == ',' || b.data[i] == ':' || b.data[i] == '?'); {
		i = skipSpace(b.data, i+1)
	}
	n.known = n.known && i < len(b.data) && b.data[i] == closer
	n.end = i + 1
}

// bare reports the pair of [a: b], a mapping without braces.
func (n *node) bare(data []byte) bool {
	return n.flow() && n.y.Kind == yaml.MappingNode && (n.body >= len(data) || data[n.body] != '{')
}
