package yamledit

import (
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/render"
)

// same reports whether a node of the file reads as the wanted value v, which holds no aliases.
func same(n, v *yaml.Node) bool {
	n = resolve(n)
	if n.Kind != v.Kind {
		return false
	}
	switch v.Kind {
	case yaml.ScalarNode:
		return sameScalar(n, v)
	case yaml.SequenceNode:
		if len(n.Content) != len(v.Content) {
			return false
		}
		for i := range v.Content {
			if !same(n.Content[i], v.Content[i]) {
				return false
			}
		}
		return true
	}
	keys := map[string]bool{}
	allKeys(n, keys, map[*yaml.Node]bool{})
	if len(keys) != len(v.Content)/2 {
		return false
	}
	for i := 0; i < len(v.Content); i += 2 {
		key := v.Content[i].Value
		if !keys[key] {
			return false
		}
		_, c := child(n, render.Step{Key: key})
		if c == nil || !same(c, v.Content[i+1]) {
			return false
		}
	}
	return true
}

// allKeys collects the keys that a mapping has, those it merges included.
func allKeys(n *yaml.Node, keys map[string]bool, seen map[*yaml.Node]bool) {
	if seen[n] {
		return
	}
	seen[n] = true
	for i := 0; i+1 < len(n.Content); i += 2 {
		if !isMerge(n.Content[i]) {
			keys[resolve(n.Content[i]).Value] = true
		}
	}
	for _, from := range merges(n) {
		allKeys(from, keys, seen)
	}
}

// sameScalar compares what two scalars mean: 0x10 is 16, True is true.
func sameScalar(a, b *yaml.Node) bool {
	tag := a.ShortTag()
	if tag != b.ShortTag() {
		return false
	}
	if a.Value == b.Value {
		return true
	}
	switch tag {
	case yaml.NodeTagBool, yaml.NodeTagInt, yaml.NodeTagFloat:
		var x, y any
		return a.Decode(&x) == nil && b.Decode(&y) == nil && x == y
	case yaml.NodeTagNull:
		return true
	}
	return false
}

// pair is two nodes being compared.
type pair struct{ a, b *yaml.Node }

// comparer compares two trees with their aliases resolved. Pairs it has seen count as equal: what differs in them is found
// where they were met first.
type comparer map[pair]bool

func (c comparer) equal(a, b *yaml.Node) bool {
	a, b = resolve(a), resolve(b)
	if a == nil || b == nil {
		return a == b
	}
	if a.Anchor != "" || b.Anchor != "" {
		if c[pair{a, b}] {
			return true
		}
		c[pair{a, b}] = true
	}
	if a.Kind != b.Kind || len(a.Content) != len(b.Content) {
		return false
	}
	switch a.Kind {
	case yaml.ScalarNode:
		return a.ShortTag() == b.ShortTag() && a.Value == b.Value
	case yaml.MappingNode:
		return c.equalMappings(a, b)
	}
	if a.ShortTag() != b.ShortTag() {
		return false
	}
	for i := range a.Content {
		if !c.equal(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}

// equalMappings compares by key: an edit may put a new key at any place among the others.
func (c comparer) equalMappings(a, b *yaml.Node) bool {
	if a.ShortTag() != b.ShortTag() {
		return false
	}
	var places map[string]int
	for i := 0; i < len(a.Content); i += 2 {
		j := i
		if k := resolve(a.Content[i]); k.Kind == yaml.ScalarNode && resolve(b.Content[i]).Value != k.Value {
			if places == nil {
				places = keyPlaces(b)
			}
			place, ok := places[k.Value]
			if !ok {
				return false
			}
			j = place
		}
		if !c.equal(a.Content[i], b.Content[j]) || !c.equal(a.Content[i+1], b.Content[j+1]) {
			return false
		}
	}
	return true
}

func keyPlaces(n *yaml.Node) map[string]int {
	places := make(map[string]int, len(n.Content)/2)
	for i := 0; i < len(n.Content); i += 2 {
		if k := resolve(n.Content[i]); k.Kind == yaml.ScalarNode {
			places[k.Value] = i
		}
	}
	return places
}
