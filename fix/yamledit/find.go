package yamledit

import (
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/render"
)

// Find returns the value that a path leads to. It reads as Kubernetes would: an alias leads to what its anchor holds
// (an alias at the end of the path, too), and a key that a mapping lacks is looked for in what it merges (<<).
// The node belongs to the File: copy it before changing it.
func (f *File) Find(doc int, p render.Path) (*yaml.Node, bool) {
	n := lookup(f.Root(doc), p)
	return n, n != nil
}

// Position is the 1-based line and column (in runes) where a path is written: the key of its last step, or the item
// itself when that is an index. What comes through an alias or a merge key has its place at the anchor. When the file
// does not hold the path, it is the place of the deepest ancestor that it does hold, and exact is false.
// An empty document, or one that does not exist, is at line 0.
func (f *File) Position(doc int, p render.Path) (line, column int, exact bool) {
	at := f.Root(doc)
	if at == nil {
		return 0, 0, false
	}
	cur := at
	for _, s := range p {
		key, value := child(resolve(cur), s)
		if value == nil {
			return at.Line, at.Column, false
		}
		at, cur = key, value
	}
	return at.Line, at.Column, true
}

// lookup follows p from n, through aliases and merge keys; nil when it leads nowhere.
func lookup(n *yaml.Node, p render.Path) *yaml.Node {
	for _, s := range p {
		if _, n = child(resolve(n), s); n == nil {
			return nil
		}
	}
	return resolve(n)
}

// child is the node that marks the place of step s in n (its key, or the item itself), and its value.
func child(n *yaml.Node, s render.Step) (at, value *yaml.Node) {
	switch {
	case n == nil:
	case s.IsIndex && n.Kind == yaml.SequenceNode && s.Index < len(n.Content):
		return n.Content[s.Index], n.Content[s.Index]
	case !s.IsIndex && n.Kind == yaml.MappingNode:
		if i := keyIndex(n, s.Key); i >= 0 {
			return n.Content[i], n.Content[i+1]
		}
		return inherited(n, s.Key, map[*yaml.Node]bool{})
	}
	return nil, nil
}

// keyIndex is where a key stands in a mapping's Content, -1 when the mapping does not write it itself.
func keyIndex(n *yaml.Node, key string) int {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if k := resolve(n.Content[i]); k.Kind == yaml.ScalarNode && k.Value == key && !isMerge(n.Content[i]) {
			return i
		}
	}
	return -1
}

func isMerge(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.ShortTag() == yaml.MergeTag
}

func hasMergeKey(n *yaml.Node) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if isMerge(n.Content[i]) {
			return n.Kind == yaml.MappingNode
		}
	}
	return false
}

// inherited looks for a key in what a mapping merges; seen keeps a bomb of merges from being walked twice.
func inherited(n *yaml.Node, key string, seen map[*yaml.Node]bool) (at, value *yaml.Node) {
	for _, from := range merges(n) {
		if seen[from] {
			continue
		}
		seen[from] = true
		if i := keyIndex(from, key); i >= 0 {
			return from.Content[i], from.Content[i+1]
		}
		if at, value := inherited(from, key, seen); value != nil {
			return at, value
		}
	}
	return nil, nil
}

// merges lists the mappings that n merges, strongest first.
func merges(n *yaml.Node) []*yaml.Node {
	var out []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		if !isMerge(n.Content[i]) {
			continue
		}
		from := resolve(n.Content[i+1])
		list := []*yaml.Node{from}
		if from.Kind == yaml.SequenceNode {
			list = from.Content
		}
		for _, m := range list {
			if m = resolve(m); m.Kind == yaml.MappingNode {
				out = append(out, m)
			}
		}
	}
	return out
}
