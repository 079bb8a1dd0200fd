package fix

import (
	"slices"

	"sigs.k8s.io/yaml"

	"github.com/syncgate/syncgate/render"
)

// values are the values to lay over a source's own: the probes, and of lists everything that was there.
func (j probeJob) values() map[string]any {
	out := map[string]any{}
	texts := map[string]any{}
	for _, x := range j.probes {
		n := x.node
		root, at := any(out), n.keys
		if n.text > 0 {
			at = n.keys[n.text:]
			key := n.keys[:n.text].String()
			if texts[key] == nil {
				texts[key] = j.textAt(n.keys[:n.text])
			}
			root = texts[key]
		}
		effective := j.effective(n)
		if n.toggle != nil {
			root = lay(root, effective, n.toggle[n.text:], true)
		}
		root = lay(root, effective, append(at[:len(at):len(at)], x.tail...), x.content(lookIn(root, effective, at, x.tail)))
		if n.text > 0 {
			texts[n.keys[:n.text].String()] = root
		} else {
			out = root.(map[string]any)
		}
	}
	for key, v := range texts {
		path, err := render.ParsePath(key)
		text, err2 := yaml.Marshal(v)
		if err == nil && err2 == nil {
			out = lay(out, map[string]any(j.source.view.Values), path, string(text)).(map[string]any)
		}
	}
	return out
}

// effective is what a candidate's keys are read in: the values, or the text that holds it.
func (j probeJob) effective(n *valueNode) any {
	if n.text > 0 {
		return j.textAt(n.keys[:n.text])
	}
	return map[string]any(j.source.view.Values)
}

func (j probeJob) textAt(p render.Path) any {
	v, _ := lookupValue(map[string]any(j.source.view.Values), p)
	s, _ := v.(string)
	inner, _ := textValue(s)
	return inner
}

// lookIn is the list that a probe joins: as other probes left it, or as it is without any.
func lookIn(root, effective any, at, tail render.Path) []any {
	p := append(at[:len(at):len(at)], tail...)
	for _, v := range []any{root, effective} {
		if list, ok := lookupValue(v, p); ok {
			l, _ := list.([]any)
			return l
		}
	}
	return nil
}

// content is what stands where a probe is put.
func (x *probe) content(list []any) any {
	switch {
	case x.value != nil:
		return x.value
	case !x.member:
		return x.token
	}
	var item any = x.token
	switch {
	case x.node.class == mounts && len(x.tail) == 0:
		item = map[string]any{"name": x.token, "mountPath": "/" + x.token}
	case x.node.class == volumes && len(x.tail) == 0:
		item = map[string]any{"name": x.token, "emptyDir": map[string]any{}}
	}
	return append(list[:len(list):len(list)], item)
}

// lay puts a value at a path of root, which it returns. Lists cannot be laid over others in part, so that they are
// copied from what holds without root.
func lay(root, under any, p render.Path, value any) any {
	if len(p) == 0 {
		return value
	}
	var below any
	if v, ok := lookupValue(under, p[:1]); ok {
		below = v
	}
	if p[0].IsIndex {
		list, ok := root.([]any)
		if !ok {
			old, _ := under.([]any)
			list = slices.Clone(old)
		}
		if p[0].Index >= len(list) {
			return root
		}
		list[p[0].Index] = lay(deepCopy(list[p[0].Index]), below, p[1:], value)
		return list
	}
	m, ok := root.(map[string]any)
	if !ok {
		m = map[string]any{}
	}
	m[p[0].Key] = lay(m[p[0].Key], below, p[1:], value)
	return m
}

// deepCopy copies the mappings and lists of a decoded value.
func deepCopy(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for k := range x {
			out[k] = deepCopy(x[k])
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i := range x {
			out[i] = deepCopy(x[i])
		}
		return out
	}
	return v
}
