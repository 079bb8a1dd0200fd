package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// toJSON writes a document as JSON, aliases and merge keys resolved, nil for an empty document. The head is what of it
// an object's header is read from.
func toJSON(n *yaml.Node, b *budget) (raw, head []byte, err error) {
	if n.Kind == yaml.DocumentNode {
		if len(n.Content) == 0 {
			return nil, nil, nil
		}
		n = n.Content[0]
	}
	if n.Kind == 0 || n.Kind == yaml.ScalarNode && n.ShortTag() == yaml.NodeTagNull {
		return nil, nil, nil
	}
	w := jsonWriter{budget: b}
	if err := w.node(n, 0); err != nil {
		return nil, nil, err
	}
	raw, head = w.end()
	return raw, head, nil
}

// jsonWriter writes one document.
type jsonWriter struct {
	out    bytes.Buffer
	head   bytes.Buffer
	budget *budget
}

// end is what was written.
func (w *jsonWriter) end() (raw, head []byte) {
	if w.head.Len() > 0 {
		w.head.WriteByte('}')
	}
	return w.out.Bytes(), w.head.Bytes()
}

// inHead reports whether a field at the top of a document belongs to its head, for readers that care about case and for
// those that do not.
func inHead(key string) bool {
	return strings.EqualFold(key, "apiVersion") || strings.EqualFold(key, "kind") ||
		strings.EqualFold(key, "metadata") || strings.EqualFold(key, "items")
}

// field notes a field at the top of the document that was written since from: it may belong to the head.
func (w *jsonWriter) field(key string, from int) {
	if !inHead(key) {
		return
	}
	if w.head.Len() == 0 {
		w.head.WriteByte('{')
	} else {
		w.head.WriteByte(',')
	}
	w.head.Write(w.out.Bytes()[from:])
}

func (w *jsonWriter) node(n *yaml.Node, depth int) error {
	if w.budget.nodes--; w.budget.nodes < 0 {
		return w.budget.tooMany(n.Line)
	}
	if depth > w.budget.depth {
		return w.budget.tooDeep(n.Line)
	}
	switch n.Kind {
	case yaml.AliasNode:
		return w.node(n.Alias, depth+1)
	case yaml.MappingNode:
		return w.mapping(n, depth)
	case yaml.SequenceNode:
		w.out.WriteByte('[')
		for i, c := range n.Content {
			if i > 0 {
				w.out.WriteByte(',')
			}
			if err := w.node(c, depth+1); err != nil {
				return err
			}
		}
		w.out.WriteByte(']')
		return nil
	case yaml.ScalarNode:
		return w.scalar(n)
	}
	return &Error{Line: n.Line, Msg: "holds a YAML construct that Kubernetes does not read"}
}

// mapping writes an object as sigs.k8s.io/yaml reads it: of duplicate keys the last wins, and a merge key counts where it
// stands, so what it merges wins over keys before it (unlike in https://yaml.org/type/merge.html); of a list of merged
// mappings the first wins.
func (w *jsonWriter) mapping(n *yaml.Node, depth int) error {
	keys, values, err := flatten(n, depth, w.budget)
	if err != nil {
		return err
	}
	w.out.WriteByte('{')
	for i, k := range keys {
		if i > 0 {
			w.out.WriteByte(',')
		}
		from := w.out.Len()
		writeString(&w.out, k)
		w.out.WriteByte(':')
		if err := w.node(values[i], depth+1); err != nil {
			return err
		}
		if depth == 0 {
			w.field(k, from)
		}
	}
	w.out.WriteByte('}')
	return nil
}

// flatten gives the effective keys and values of a mapping.
func flatten(n *yaml.Node, depth int, b *budget) ([]string, []*yaml.Node, error) {
	if depth > b.depth {
		return nil, nil, &Error{Line: n.Line, Msg: "merge keys without end", Limit: true,
			Hint: "look for a mapping that merges itself"}
	}
	keys := make([]string, 0, len(n.Content)/2)
	values := make([]*yaml.Node, 0, len(n.Content)/2)
	var at map[string]int
	find := func(k string) (int, bool) {
		if at != nil {
			i, ok := at[k]
			return i, ok
		}
		for i := range keys {
			if keys[i] == k {
				return i, true
			}
		}
		return 0, false
	}
	put := func(k string, v *yaml.Node) {
		if i, ok := find(k); ok {
			values[i] = v
			b.doubled++
			return
		}
		keys, values = append(keys, k), append(values, v)
		if at == nil && len(keys) > 16 {
			at = make(map[string]int, 2*len(keys))
			for i, k := range keys {
				at[k] = i
			}
		} else if at != nil {
			at[k] = len(keys) - 1
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind == yaml.AliasNode {
			k = k.Alias
		}
		if k.Kind != yaml.ScalarNode {
			return nil, nil, &Error{Line: k.Line, Msg: "a mapping key is no plain value"}
		}
		if k.ShortTag() != yaml.MergeTag {
			put(keyString(k), v)
			continue
		}
		mk, mv, err := merged(v, depth, b)
		if err != nil {
			return nil, nil, err
		}
		for i := range mk {
			put(mk[i], mv[i])
		}
	}
	return keys, values, nil
}

// merged gives the keys and values that a merge key's value brings, the ones that win last.
func merged(m *yaml.Node, depth int, b *budget) (keys []string, values []*yaml.Node, err error) {
	if m.Kind == yaml.AliasNode {
		m = m.Alias
	}
	if b.nodes -= len(m.Content) + 1; b.nodes < 0 || depth > b.depth {
		return nil, nil, &Error{Line: m.Line, Msg: "merge keys expand without end", Limit: true,
			Hint: "look for YAML aliases that multiply"}
	}
	switch m.Kind {
	case yaml.MappingNode:
		return flatten(m, depth+1, b)
	case yaml.SequenceNode:
		for i := len(m.Content) - 1; i >= 0; i-- {
			k, v, err := merged(m.Content[i], depth+1, b)
			if err != nil {
				return nil, nil, err
			}
			keys, values = append(keys, k...), append(values, v...)
		}
		return keys, values, nil
	}
	return nil, nil, &Error{Line: m.Line, Msg: "a merge key (<<) needs a mapping"}
}

// keyString is the JSON key for a scalar key: sigs.k8s.io/yaml writes booleans and numbers in their JSON form.
func keyString(k *yaml.Node) string {
	v := scalarValue(k)
	if s, ok := v.(string); ok {
		return s
	}
	if v == nil {
		return "null"
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return k.Value
	}
	return string(raw)
}

func (w *jsonWriter) scalar(n *yaml.Node) error {
	if s, ok := plainString(n); ok {
		writeString(&w.out, s)
		return nil
	}
	raw, err := json.Marshal(scalarValue(n))
	if err != nil {
		return &Error{Line: n.Line, Msg: fmt.Sprintf("value cannot be written as JSON: %v", err)}
	}
	w.out.Write(raw)
	return nil
}

const hex = "0123456789abcdef"

// writeString writes a JSON string without HTML escaping.
func writeString(out *bytes.Buffer, s string) {
	out.WriteByte('"')
	escapeJSON(out, s)
	out.WriteByte('"')
}

// escapeJSON writes a part of a JSON string.
func escapeJSON[T string | []byte](out *bytes.Buffer, s T) {
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		out.Write([]byte(s[from:i]))
		from = i + 1
		switch c {
		case '"', '\\':
			out.WriteByte('\\')
			out.WriteByte(c)
		case '\n':
			out.WriteString(`\n`)
		case '\t':
			out.WriteString(`\t`)
		default:
			out.WriteString(`\u00`)
			out.WriteByte(hex[c>>4])
			out.WriteByte(hex[c&15])
		}
	}
	out.Write([]byte(s[from:]))
}
