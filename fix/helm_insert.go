package fix

import (
	"fmt"
	"slices"

	"github.com/syncgate/syncgate/render"
)

// spot is a place in a template where a key of one rendered mapping, or an item of one rendered list, can be put.
type spot struct {
	file string
	at   int    // byte, in the file without its byte order mark
	col  int    // of the key or dash
	item bool   // an item, else a key
	flow string // how strings are quoted in the flow list that gets the item; "" in block style, "plain" without quotes
	mark *mark
	drop [2]int // bytes that go, since the new key takes their place
	gap  int    // how far the items of a new list stand in, -1 when that is free
	only bool   // the value alone is put there, in the place of what goes
}

// block is what is to be put at a spot: nested keys, or an item.
type block struct {
	spot  spot
	key   string // "" for an item
	value any
}

// spotFor finds where in the templates a need can be met: the mapping or list, and what is to be put there, or says why
// there is no place.
func (h *helmSource) spotFor(n *need, path render.Path) (spot, string, any, string) {
	var v any = h.marks.objects[n.object]
	if v == nil {
		return spot{}, "", nil, h.untold(n.finding.Object)
	}
	for i := range path {
		m, ok := v.(map[string]any)
		if !ok {
			next, found := lookupValue(v, path[i:i+1])
			if !found {
				return spot{}, "", nil, fmt.Sprintf("the templates do not show where %s stands", path[:i])
			}
			v = next
			continue
		}
		if path[i].IsIndex {
			return spot{}, "", nil, fmt.Sprintf("the templates do not show where %s stands", path[:i])
		}
		key := path[i].Key
		next, found := m[key]
		if found && next != nil {
			if _, ok := next.([]any); ok && i == len(path)-1 && n.member {
				s, why := h.itemSpot(m, key)
				return s, "", n.value, why
			}
			if i == len(path)-1 && !n.member {
				if s, ok := h.scalarSpot(m, key); ok {
					return s, key, n.value, ""
				}
			}
			v = next
			continue
		}
		if found && i == len(path)-1 && n.member {
			s, why := h.itemSpot(m, key)
			return s, "", n.value, why
		}
		s, why := h.keySpot(m, key, found)
		if why != "" && i == len(path)-1 && n.member {
			if up, ok := h.hoist(m, key); ok {
				s, why = up, ""
			}
		}
		return s, key, nest(path[i+1:], n), why
	}
	return spot{}, "", nil, fmt.Sprintf("the template writes another value to %s", path)
}

// untold says why no template is known for an object.
func (h *helmSource) untold(o *render.Object) string {
	for i := range h.view.Parts {
		part := &h.view.Parts[i]
		in := func(f render.ChartFile) bool { return f.File == o.File }
		if part.Foreign != "" && slices.ContainsFunc(part.Templates, in) {
			return part.Foreign + ": its templates are not edited, and no value of it reaches the field"
		}
	}
	return fmt.Sprintf("which lines of %s give it cannot be told", o.File)
}

// nest is the value of a key that leads down the rest of a path to what is wanted.
func nest(rest render.Path, n *need) any {
	v := n.value
	if n.member {
		v = []any{v}
	}
	for i := len(rest) - 1; i >= 0; i-- {
		v = map[string]any{rest[i].Key: v}
	}
	return v
}

// before says before which keys a new key likes to stand, in helm create's order.
var before = map[string][]string{
	"securityContext": {"image", "imagePullPolicy", "initContainers", "containers", "command", "args", "env", "ports"},
	"resources":       {"volumeMounts", "terminationMessagePath", "terminationMessagePolicy"},
	"volumes":         {"nodeSelector", "affinity", "tolerations"},
}

// keySpot finds where a key can be put into a rendered mapping.
func (h *helmSource) keySpot(m map[string]any, key string, null bool) (spot, string) {
	marks := h.marks.in(m)
	if len(marks) == 0 {
		return spot{}, "no template holds a line of what it would stand in"
	}
	home := homeOf(marks)
	if null || h.elsewhere(home[0], key) {
		return spot{}, fmt.Sprintf("the template %s writes %s under a condition, or as text", home[0].file, key)
	}
	var best *mark
	for _, name := range before[key] {
		i := slices.IndexFunc(home, func(x *mark) bool { return x.key == name && !x.dash })
		if i >= 0 {
			best = home[i]
			break
		}
	}
	if best == nil {
		if s, ok := h.afterLast(home[len(home)-1]); ok {
			return s, ""
		}
		for _, x := range home {
			if !x.dash {
				best = x
			}
		}
	}
	if best == nil {
		return h.afterFirst(home[0])
	}
	data := h.textOf(best)
	return spot{file: best.file, at: aboveComments(data, best), col: best.col, mark: best, gap: -1}, ""
}

// textOf is the file that a mark stands in.
func (h *helmSource) textOf(m *mark) string {
	for i := range m.part.Templates {
		if f := &m.part.Templates[i]; f.File == m.file {
			return string(f.Data)
		}
	}
	return ""
}
