package fix

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/fix/yamledit"
	"github.com/syncgate/syncgate/render"
)

// jsonOps are the edits of a JSON patch (RFC 6902) that make the values it adds or replaces what the finding wants. ok is
// false when no operation of it sets such a field, or adds the container.
func (d *patchDocument) jsonOps(f *check.Finding) (ops []yamledit.Op, ok bool) {
	var rendered any
	if json.Unmarshal(f.Object.JSON, &rendered) != nil {
		return nil, false
	}
	for _, w := range f.Want {
		var more []yamledit.Op
		switch w := w.(type) {
		case check.Set:
			more = d.jsonOp(rendered, w.Path, func(at render.Path) yamledit.Op {
				return yamledit.Set{Doc: d.doc, Path: at, Value: w.Value}
			})
		case check.Add:
			more = d.jsonOp(rendered, w.Path, func(at render.Path) yamledit.Op {
				return yamledit.Append{Doc: d.doc, Path: at, Value: w.Member}
			})
		}
		if more == nil {
			return nil, false
		}
		ops = append(ops, more...)
	}
	return ops, len(ops) > 0
}

// jsonOp finds the last operation whose value holds the field at a rendered path, or a container that may hold it.
func (d *patchDocument) jsonOp(rendered any, p render.Path, edit func(render.Path) yamledit.Op) []yamledit.Op {
	for i := len(d.root.Content) - 1; i >= 0; i-- {
		item := d.root.Content[i]
		value := child(item, "value")
		if op := text(item, "op"); op != "add" && op != "replace" || value == nil {
			continue
		}
		n, ok := pointsAt(rendered, text(item, "path"), p, value)
		if !ok || n == len(p) && value.Kind == yaml.MappingNode {
			continue
		}
		at := append(render.Path(nil).At(i).Key("value"), p[n:]...)
		if slices.ContainsFunc(p[n:], func(s render.Step) bool { return s.IsIndex }) {
			if at, ok = d.within(i, value, rendered, p, n); !ok {
				continue
			}
		}
		return []yamledit.Op{edit(at)}
	}
	return nil
}

// pointsAt reports how many steps of a rendered path a JSON pointer covers, when it leads to a part of the path. What is
// appended ("-") or stands elsewhere by now is known by its name.
func pointsAt(rendered any, pointer string, p render.Path, value *yaml.Node) (steps int, ok bool) {
	tokens := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	if len(tokens) > len(p) {
		return 0, false
	}
	for i, token := range tokens {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		switch last := i == len(tokens)-1; {
		case !p[i].IsIndex:
			if p[i].Key != token {
				return 0, false
			}
		case last:
			name, named := namedItem(rendered, p[:i+1])
			if !named || text(value, "name") != name {
				return 0, false
			}
		case strconv.Itoa(p[i].Index) != token:
			return 0, false
		}
	}
	return len(tokens), true
}

// within follows the rest of a path into an operation's value, where list items are known by their names.
func (d *patchDocument) within(i int, value *yaml.Node, rendered any, p render.Path, n int) (render.Path, bool) {
	at := render.Path(nil).At(i).Key("value")
	for k := n; k < len(p); k++ {
		if !p[k].IsIndex {
			at = append(at, p[k])
			value = child(value, p[k].Key)
			continue
		}
		name, named := namedItem(rendered, p[:k+1])
		if !named || value == nil || value.Kind != yaml.SequenceNode {
			return nil, false
		}
		j := slices.IndexFunc(value.Content, func(c *yaml.Node) bool { return text(c, "name") == name })
		if j < 0 {
			return nil, false
		}
		at, value = at.At(j), value.Content[j]
	}
	return at, true
}

func namedItem(rendered any, p render.Path) (string, bool) {
	item, _ := descend(rendered, p).(map[string]any)
	name, ok := item["name"].(string)
	return name, ok && name != ""
}
