package yamledit

import (
	"fmt"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/render"
)

func (o Set) apply(t *tree) error {
	t.path = o.Path
	v, err := toNode(o.Value)
	if err != nil {
		return fmt.Errorf("set %s: %w", o.Path, err)
	}
	if old := lookup(t.root, o.Path); old != nil && same(old, v) {
		return nil
	}
	chain, rest, err := t.locate(o.Path)
	if err != nil {
		return err
	}
	if v, err = t.wrap(v, rest[1:]); err != nil {
		return err
	}
	return t.set(chain, rest[0], v)
}

func (o Append) apply(t *tree) error {
	t.path = o.Path
	v, err := toNode(o.Value)
	if err != nil {
		return fmt.Errorf("append to %s: %w", o.Path, err)
	}
	if holds(lookup(t.root, o.Path), v) {
		return nil
	}
	if len(o.Path) == 0 && t.root != nil {
		return t.appendItem([]*yaml.Node{t.root}, v)
	}
	chain, rest, err := t.locate(o.Path)
	if err != nil {
		return err
	}
	if len(rest) == 1 && len(chain) > 0 {
		last := chain[len(chain)-1]
		if old := own(last, rest[0]); old != nil && !isNull(old) {
			return t.appendItem(append(chain, old), v)
		}
		if err := t.notInherited(last, rest[0]); err != nil && own(last, rest[0]) == nil {
			return err
		}
	}
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: yaml.NodeTagSeq, Content: []*yaml.Node{v}}
	if v, err = t.wrap(list, rest[1:]); err != nil {
		return err
	}
	return t.put(chain, rest[0], v)
}

func (o Delete) apply(t *tree) error {
	t.path = o.Path
	if len(o.Path) == 0 {
		return t.refuse(t.root, "the path is empty")
	}
	if lookup(t.root, o.Path) == nil {
		return nil
	}
	chain, rest, err := t.locate(o.Path)
	if err != nil {
		return err
	}
	last := chain[len(chain)-1]
	if own(last, rest[0]) == nil {
		return t.notInherited(last, rest[0])
	}
	return t.remove(chain, rest[0])
}

func (o ReplaceDoc) apply(t *tree) error {
	t.path = nil
	roots, err := decode([]byte(o.Text))
	if err != nil {
		return fmt.Errorf("replace document %d: its new text: %w", o.Doc, err)
	}
	if len(roots) != 1 {
		return fmt.Errorf("replace document %d: its new text holds %d documents, not one", o.Doc, len(roots))
	}
	t.text, t.root = &o.Text, roots[0]
	return nil
}

// wrap makes the mappings that lead down the missing steps to v.
func (t *tree) wrap(v *yaml.Node, missing render.Path) (*yaml.Node, error) {
	for i := len(missing) - 1; i >= 0; i-- {
		if missing[i].IsIndex {
			return nil, t.refuse(nil, "the sequence has no such item")
		}
		v = &yaml.Node{Kind: yaml.MappingNode, Tag: yaml.NodeTagMap,
			Content: []*yaml.Node{scalarNode(yaml.NodeTagString, missing[i].Key), v}}
	}
	return v, nil
}

// set makes v the value at step s, keeping what the old value has in common with it.
func (t *tree) set(chain []*yaml.Node, s render.Step, v *yaml.Node) error {
	var old *yaml.Node
	if len(chain) > 0 {
		old = own(chain[len(chain)-1], s)
	}
	if old == nil || len(old.Content) == 0 || len(v.Content) == 0 || old.Kind != v.Kind || hasMergeKey(old) {
		return t.put(chain, s, v)
	}
	chain = append(chain[:len(chain):len(chain)], old)
	if v.Kind == yaml.MappingNode {
		return t.setMapping(chain, v)
	}
	return t.setSequence(chain, v)
}

// setMapping changes the mapping at the end of chain to hold what v holds.
func (t *tree) setMapping(chain []*yaml.Node, v *yaml.Node) error {
	old := chain[len(chain)-1]
	for i := 0; i < len(v.Content); i += 2 {
		s := render.Step{Key: v.Content[i].Value}
		if cur := own(old, s); cur != nil && same(resolve(cur), v.Content[i+1]) {
			continue
		}
		if err := t.set(chain, s, v.Content[i+1]); err != nil {
			return err
		}
	}
	for i := len(old.Content) - 2; i >= 0; i -= 2 {
		key := resolve(old.Content[i])
		if key.Kind != yaml.ScalarNode {
			return t.refuse(key, "the mapping has a key that is not a scalar")
		}
		if keyIndex(v, key.Value) >= 0 {
			continue
		}
		if err := t.remove(chain, render.Step{Key: key.Value}); err != nil {
			return err
		}
	}
	return nil
}

// setSequence changes the sequence at the end of chain to hold what v holds: by removing items where that is enough,
// else by changing them one by one.
func (t *tree) setSequence(chain []*yaml.Node, v *yaml.Node) error {
	old := chain[len(chain)-1]
	if extra, ok := supersequence(old.Content, v.Content); ok {
		for i := len(extra) - 1; i >= 0; i-- {
			if err := t.remove(chain, render.Step{Index: extra[i], IsIndex: true}); err != nil {
				return err
			}
		}
		return nil
	}
	for i, item := range v.Content {
		if i >= len(old.Content) {
			if err := t.appendItem(chain, item); err != nil {
				return err
			}
			continue
		}
		s := render.Step{Index: i, IsIndex: true}
		if same(resolve(old.Content[i]), item) {
			continue
		}
		if err := t.set(chain, s, item); err != nil {
			return err
		}
	}
	for i := len(old.Content) - 1; i >= len(v.Content); i-- {
		if err := t.remove(chain, render.Step{Index: i, IsIndex: true}); err != nil {
			return err
		}
	}
	return nil
}

// supersequence reports whether old holds all of want in order, and which of its items are to go then.
func supersequence(old, want []*yaml.Node) (extra []int, ok bool) {
	at := 0
	for i, c := range old {
		if at < len(want) && same(resolve(c), want[at]) {
			at++
		} else {
			extra = append(extra, i)
		}
	}
	return extra, at == len(want)
}

// appendItem adds v to the sequence at the end of chain.
func (t *tree) appendItem(chain []*yaml.Node, v *yaml.Node) error {
	n := chain[len(chain)-1]
	switch n.Kind {
	case yaml.AliasNode:
		return t.refuse(n, "the alias *"+n.Value+" stands here; what it shows belongs to its anchor")
	case yaml.SequenceNode:
	default:
		return t.refuse(n, "what is to be appended to is not a sequence")
	}
	if err := t.guard(chain...); err != nil {
		return err
	}
	n.Content = append(n.Content, v)
	return nil
}

// holds reports whether a sequence has a member equal to v.
func holds(n, v *yaml.Node) bool {
	if n == nil || n.Kind != yaml.SequenceNode {
		return false
	}
	for _, c := range n.Content {
		if same(resolve(c), v) {
			return true
		}
	}
	return false
}
