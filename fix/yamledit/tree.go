package yamledit

import (
	"slices"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/render"
)

// tree is what a document shall hold: a copy of its parsed nodes, changed by the operations. It knows no bytes; the edits
// are derived from how it differs from the document, and are proven against it.
type tree struct {
	root    *yaml.Node           // nil for an empty document
	src     map[*yaml.Node]*node // the node of the file that each one is, or stands in for
	fresh   map[*yaml.Node]bool  // stands in for a node of the file, with content of its own
	aliases map[*yaml.Node]int   // how many aliases point to each anchored node
	text    *string              // set by ReplaceDoc: the whole document
	path    render.Path          // of the operation being applied
}

func newTree(d *document) *tree {
	t := &tree{src: map[*yaml.Node]*node{}, fresh: map[*yaml.Node]bool{}, aliases: map[*yaml.Node]int{}}
	if d.root == nil {
		return t
	}
	copies := map[*yaml.Node]*yaml.Node{}
	t.root = t.copy(d.root, copies)
	for c, n := range t.src {
		if c.Kind == yaml.AliasNode {
			c.Alias = copies[n.y.Alias]
			t.aliases[c.Alias]++
		}
	}
	return t
}

func (t *tree) copy(n *node, copies map[*yaml.Node]*yaml.Node) *yaml.Node {
	c := &yaml.Node{Kind: n.y.Kind, Style: n.y.Style, Tag: n.y.Tag, Value: n.y.Value, Anchor: n.y.Anchor}
	t.src[c], copies[n.y] = n, c
	c.Content = make([]*yaml.Node, 0, len(n.kids))
	for _, k := range n.kids {
		c.Content = append(c.Content, t.copy(k, copies))
	}
	return c
}

// refuse blames the line where n, or what n stands in for, is written.
func (t *tree) refuse(n *yaml.Node, reason string) error {
	e := &RefusedError{Path: t.path, Reason: reason}
	if src := t.src[n]; src != nil {
		e.Line = src.y.Line
	}
	return e
}

// guard refuses a change inside n when an alias shows n elsewhere.
func (t *tree) guard(chain ...*yaml.Node) error {
	for _, n := range chain {
		if n.Anchor != "" && t.aliases[n] > 0 {
			return t.refuse(n, "the anchor &"+n.Anchor+" is used elsewhere in the document, which would change as well")
		}
	}
	return nil
}

// drop refuses the removal of n when something outside n still refers to an anchor inside it.
func (t *tree) drop(n *yaml.Node) error {
	inside := map[*yaml.Node]int{}
	var anchored []*yaml.Node
	walk(n, func(c *yaml.Node) {
		if c.Kind == yaml.AliasNode {
			inside[c.Alias]++
		}
		if c.Anchor != "" {
			anchored = append(anchored, c)
		}
	})
	for _, a := range anchored {
		if t.aliases[a] > inside[a] {
			return t.refuse(a, "the anchor &"+a.Anchor+" is used elsewhere in the document, which would lose it")
		}
	}
	for a, count := range inside {
		t.aliases[a] -= count
	}
	return nil
}

// walk visits n and everything it holds, not following aliases.
func walk(n *yaml.Node, visit func(*yaml.Node)) {
	visit(n)
	for _, c := range n.Content {
		walk(c, visit)
	}
}

// replace puts v in the place of old, as what stands for the same node of the file.
func (t *tree) replace(old, v *yaml.Node) error {
	if err := t.drop(old); err != nil {
		return err
	}
	if src := t.src[old]; src != nil {
		t.src[v], t.fresh[v] = src, true
	}
	return nil
}

// locate goes down p as far as the tree has collections to go through. chain is those collections, from the root;
// rest is what of p is left, at least one step, to be looked up in (or put into) the last of them.
func (t *tree) locate(p render.Path) (chain []*yaml.Node, rest render.Path, err error) {
	if len(p) == 0 {
		return nil, nil, t.refuse(t.root, "the path is empty")
	}
	if t.root == nil {
		return nil, p, nil
	}
	cur := t.root
	for i := 0; ; i++ {
		s := p[i]
		if err := t.container(cur, s); err != nil {
			return nil, nil, err
		}
		chain = append(chain, cur)
		next := own(cur, s)
		switch {
		case i == len(p)-1 || next != nil && isNull(next):
			return chain, p[i:], nil
		case next == nil:
			return chain, p[i:], t.notInherited(cur, s)
		}
		cur = next
	}
}

// container refuses a node that step s cannot be taken in.
func (t *tree) container(n *yaml.Node, s render.Step) error {
	switch {
	case n.Kind == yaml.AliasNode:
		return t.refuse(n, "the alias *"+n.Value+" stands here; what it shows belongs to its anchor")
	case n.Kind == yaml.ScalarNode:
		return t.refuse(n, "the path goes through a scalar")
	case s.IsIndex && n.Kind != yaml.SequenceNode:
		return t.refuse(n, "the path asks for an item of what is not a sequence")
	case !s.IsIndex && n.Kind != yaml.MappingNode:
		return t.refuse(n, "the path asks for a key of what is not a mapping")
	case s.IsIndex && (s.Index < 0 || s.Index >= len(n.Content)):
		return t.refuse(n, "the sequence has no such item")
	}
	return nil
}

func (t *tree) notInherited(n *yaml.Node, s render.Step) error {
	if _, v := child(n, s); v != nil {
		return t.refuse(n, "the key "+s.Key+" comes through a merge key (<<); what it holds belongs to the anchor")
	}
	return nil
}

// own is the value that n itself writes at step s, or nil.
func own(n *yaml.Node, s render.Step) *yaml.Node {
	if s.IsIndex {
		return n.Content[s.Index]
	}
	if i := keyIndex(n, s.Key); i >= 0 {
		return n.Content[i+1]
	}
	return nil
}

func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == yaml.NodeTagNull
}

// put makes v the value at step s of the last collection of chain.
func (t *tree) put(chain []*yaml.Node, s render.Step, v *yaml.Node) error {
	if len(chain) == 0 {
		root, err := t.wrap(v, render.Path{s})
		t.root = root
		return err
	}
	if err := t.guard(chain...); err != nil {
		return err
	}
	n := chain[len(chain)-1]
	if old := own(n, s); old != nil {
		if err := t.replace(old, v); err != nil {
			return err
		}
		n.Content[slices.Index(n.Content, old)] = v
		return nil
	}
	n.Content = append(n.Content, scalarNode(yaml.NodeTagString, s.Key), v)
	return nil
}

// remove takes the entry or item of step s out of the last collection of chain.
func (t *tree) remove(chain []*yaml.Node, s render.Step) error {
	if err := t.guard(chain...); err != nil {
		return err
	}
	n := chain[len(chain)-1]
	from, to := s.Index, s.Index+1
	if !s.IsIndex {
		from = keyIndex(n, s.Key)
		to = from + 2
	}
	for _, c := range n.Content[from:to] {
		if err := t.drop(c); err != nil {
			return err
		}
	}
	n.Content = slices.Delete(n.Content, from, to)
	return nil
}
