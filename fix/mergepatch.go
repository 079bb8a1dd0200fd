package fix

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/resid"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/fix/yamledit"
	"github.com/syncgate/syncgate/render"
)

// strategic lists the kinds whose lists kustomize merges by name; others get a JSON patch.
var strategic = []string{"Pod", "PodTemplate", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob",
	"ReplicationController"}

// goal is one field of the rendered object and the value it must get, with named list items in place of indexes.
type goal struct {
	path  []string // a key, or "\x00name" for the list item of that name
	value any
	add   bool // value is added to a list that is merged by key
	// before holds, by position in path, the names of the items that stand before a list item: a merge puts the
	// items of the patch first, so these must be in it for the order to stay.
	before map[int][]string
}

// goalsOf turns wants into fields and values.
func goalsOf(o *render.Object, fs []check.Finding) ([]goal, error) {
	var root any
	if err := json.Unmarshal(o.JSON, &root); err != nil {
		return nil, err
	}
	var out []goal
	add := func(p render.Path, value any, member bool) error {
		named, err := byName(root, p)
		if err == nil {
			out = append(out, goal{named, value, member, precedingNames(root, p)})
		}
		return err
	}
	for _, w := range wantsOf(fs) {
		var err error
		switch w := w.(type) {
		case check.Set:
			err = add(w.Path, w.Value, false)
		case check.Add:
			list, _ := descend(root, w.Path).([]any)
			err = add(w.Path, append(slices.Clone(list), w.Member), false)
		case check.Mount:
			if err = add(w.Container.Key("volumeMounts"), mountOf(w), true); err == nil {
				err = add(w.Pod.Key("volumes"), volumeOf(w), true)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// byName replaces the indexes of a path by the names of the items.
func byName(root any, p render.Path) ([]string, error) {
	var out []string
	for i, s := range p {
		if !s.IsIndex {
			out = append(out, s.Key)
			continue
		}
		item, _ := descend(root, p[:i+1]).(map[string]any)
		name, _ := item["name"].(string)
		if name == "" {
			return nil, fmt.Errorf("%s has no name that a patch could use", p[:i+1])
		}
		out = append(out, "\x00"+name)
	}
	return out, nil
}

// precedingNames are the names of the items before each list item that a path goes through.
func precedingNames(root any, p render.Path) map[int][]string {
	out := map[int][]string{}
	for i, s := range p {
		if !s.IsIndex {
			continue
		}
		list, _ := descend(root, p[:i]).([]any)
		for _, item := range list[:min(s.Index, len(list))] {
			if m, ok := item.(map[string]any); ok {
				out[i] = append(out[i], fmt.Sprint(m["name"]))
			}
		}
	}
	return out
}

func descend(v any, p render.Path) any {
	for _, s := range p {
		switch x := v.(type) {
		case map[string]any:
			v = x[s.Key]
		case []any:
			if !s.IsIndex || s.Index >= len(x) {
				return nil
			}
			v = x[s.Index]
		default:
			return nil
		}
	}
	return v
}

// mergeOps are the edits of an existing patch document that make it reach the goals. ok is false for kinds that are
// not merged by name.
func mergeOps(d *patchDocument, o *render.Object, fs []check.Finding) (ops []yamledit.Op, ok bool) {
	goals, err := goalsOf(o, fs)
	if err != nil || !slices.Contains(strategic, o.Kind) {
		return nil, false
	}
	adds := map[string]map[string]any{} // new list items, by the text of their list's path and name
	for _, g := range goals {
		at, rest := follow(d.root, g.path)
		if rest == nil || !strings.HasPrefix(rest[0], "\x00") {
			for _, k := range rest {
				if strings.HasPrefix(k, "\x00") {
					return nil, false
				}
				at = at.Key(k)
			}
			if g.add {
				ops = append(ops, yamledit.Append{Doc: d.doc, Path: at, Value: g.value})
			} else {
				ops = append(ops, yamledit.Set{Doc: d.doc, Path: at, Value: g.value})
			}
			continue
		}
		key := at.String() + rest[0]
		item := adds[key]
		if item == nil {
			item = map[string]any{"name": rest[0][1:]}
			adds[key] = item
			ops = append(ops, yamledit.Append{Doc: d.doc, Path: at, Value: item})
		}
		if !place(item, rest[1:], g) {
			return nil, false
		}
	}
	return ops, true
}

// follow walks as far into a document as a named path goes.
func follow(n *yaml.Node, p []string) (at render.Path, rest []string) {
	for i, k := range p {
		if name, ok := strings.CutPrefix(k, "\x00"); ok {
			j := -1
			if n != nil && n.Kind == yaml.SequenceNode {
				j = slices.IndexFunc(n.Content, func(c *yaml.Node) bool { return text(c, "name") == name })
			}
			if j < 0 {
				return at, p[i:]
			}
			at, n = at.At(j), n.Content[j]
			continue
		}
		next := child(n, k)
		if next == nil {
			return at, p[i:]
		}
		at, n = at.Key(k), next
	}
	return at, nil
}

// reaches reports whether a patch document sets a field of the rendered object.
func reaches(root *yaml.Node, o *render.Object, p render.Path) bool {
	var rendered any
	if json.Unmarshal(o.JSON, &rendered) != nil {
		return false
	}
	named, err := byName(rendered, p)
	if err != nil {
		return false
	}
	_, rest := follow(root, named)
	return rest == nil
}

// place puts a goal into a mapping of plain values, making what is missing.
func place(m map[string]any, p []string, g goal) bool {
	for i, k := range p {
		if strings.HasPrefix(k, "\x00") {
			return false
		}
		if i == len(p)-1 {
			if g.add {
				list, _ := m[k].([]any)
				m[k] = append(list, g.value)
			} else {
				m[k] = g.value
			}
			return true
		}
		next, ok := m[k].(map[string]any)
		if !ok {
			next = map[string]any{}
			m[k] = next
		}
		m = next
	}
	return false
}

// mergePatch is a new entry for the patches of a kustomization. It names the object's namespace if that is set.
func mergePatch(o *render.Object, fs []check.Finding) (map[string]any, error) {
	name := o.Ref.Name
	if name == "" {
		name = o.Name
	}
	if !slices.Contains(strategic, o.Kind) {
		ops, err := jsonPatch(o, fs)
		if err != nil {
			return nil, err
		}
		body, err := blockYAML(ops)
		target := map[string]any{"kind": o.Kind, "name": name}
		if namespace := namespaceIn(o); namespace != "" {
			target["namespace"] = namespace
		}
		return map[string]any{"patch": body, "target": target}, err
	}
	goals, err := goalsOf(o, fs)
	if err != nil {
		return nil, err
	}
	meta := map[string]any{"name": name}
	if namespace := namespaceIn(o); namespace != "" {
		meta["namespace"] = namespace
	}
	root := map[string]any{"apiVersion": o.APIVersion, "kind": o.Kind, "metadata": meta}
	for _, g := range goals {
		if !placeNamed(root, g) {
			return nil, fmt.Errorf("%s cannot be reached by a patch", strings.Join(g.path, "."))
		}
	}
	body, err := blockYAML(root)
	return map[string]any{"patch": body}, err
}

// namespaceIn is the namespace that patches know an object by: the one in its file, else the rendered one.
func namespaceIn(o *render.Object) string {
	if ns := o.Ref.Namespace; ns != "" && ns != resid.TotallyNotANamespace {
		return ns
	}
	return o.Namespace
}

// placeNamed is place for paths that go through list items.
func placeNamed(m map[string]any, g goal) bool {
	for i := 0; i+1 < len(g.path); i++ {
		name, ok := strings.CutPrefix(g.path[i+1], "\x00")
		if !ok {
			next, isMap := m[g.path[i]].(map[string]any)
			if !isMap {
				next = map[string]any{}
				m[g.path[i]] = next
			}
			m = next
			continue
		}
		list, _ := m[g.path[i]].([]any)
		for _, n := range append(g.before[i+1], name) {
			if indexOfName(list, n) < 0 {
				list = append(list, map[string]any{"name": n})
			}
		}
		m[g.path[i]] = list
		m = list[indexOfName(list, name)].(map[string]any)
		i++
	}
	return place(m, g.path[len(g.path)-1:], g)
}

func indexOfName(list []any, name string) int {
	return slices.IndexFunc(list, func(v any) bool { return v.(map[string]any)["name"] == name })
}

// jsonPatch is an RFC 6902 patch for a kind whose lists are not merged by name.
func jsonPatch(o *render.Object, fs []check.Finding) ([]any, error) {
	var root any
	if err := json.Unmarshal(o.JSON, &root); err != nil {
		return nil, err
	}
	var ops []jsonOp
	set := func(p render.Path, value any) {
		at := len(p)
		for at > 1 && descend(root, p[:at-1]) == nil {
			at--
			value = map[string]any{p[at].Key: value}
		}
		v, err := plainJSON(value)
		if err != nil {
			return
		}
		if changed, err := put(root, p[:at], func(any) (any, error) { return v, nil }); err == nil {
			root = changed
		}
		for i := range ops {
			if ops[i].holds(p[:at]) {
				ops[i].value, _ = put(ops[i].value, p[len(ops[i].path):at], func(any) (any, error) { return v, nil })
				return
			}
		}
		ops = append(ops, jsonOp{p[:at], v, false})
	}
	member := func(p render.Path, value any) {
		list, ok := descend(root, p).([]any)
		if !ok {
			set(p, []any{value})
			return
		}
		v, err := plainJSON(value)
		if err != nil || slices.ContainsFunc(list, func(x any) bool { return reflect.DeepEqual(x, v) }) {
			return
		}
		for i := range ops {
			if ops[i].holds(p) {
				ops[i].value, _ = put(ops[i].value, p[len(ops[i].path):], addTo(v))
				root, _ = put(root, p, addTo(v))
				return
			}
		}
		ops = append(ops, jsonOp{p, v, true})
		root, _ = put(root, p, addTo(v))
	}
	for _, w := range wantsOf(fs) {
		switch w := w.(type) {
		case check.Set:
			set(w.Path, w.Value)
		case check.Add:
			member(w.Path, w.Member)
		case check.Mount:
			member(w.Container.Key("volumeMounts"), mountOf(w))
			member(w.Pod.Key("volumes"), volumeOf(w))
		}
	}
	var list []any
	for _, op := range ops {
		at := pointer(op.path)
		if op.member {
			at += "/-"
		}
		list = append(list, map[string]any{"op": "add", "path": at, "value": op.value})
	}
	return list, nil
}

// jsonOp adds a value, or a member at the end of a list.
type jsonOp struct {
	path   render.Path
	value  any
	member bool
}

// holds reports whether a path lies in the mappings that the operation adds.
func (op *jsonOp) holds(p render.Path) bool {
	if op.member || len(p) <= len(op.path) || op.path.String() != p[:len(op.path)].String() {
		return false
	}
	_, mapping := op.value.(map[string]any)
	return mapping && !slices.ContainsFunc(p[len(op.path):], func(s render.Step) bool { return s.IsIndex })
}

var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")

func pointer(p render.Path) string {
	var b strings.Builder
	for _, s := range p {
		if s.IsIndex {
			fmt.Fprintf(&b, "/%d", s.Index)
		} else {
			b.WriteString("/" + pointerEscape.Replace(s.Key))
		}
	}
	return b.String()
}

// blockYAML writes plain values as YAML, the name of a list item first.
func blockYAML(v any) (string, error) {
	raw, err := yaml.Marshal(v)
	if err != nil {
		return "", err
	}
	n, err := yaml.Parse(string(raw))
	if err != nil {
		return "", err
	}
	nameFirst(n.YNode())
	out, err := n.String()
	return strings.TrimSpace(out) + "\n", err
}

func nameFirst(n *yaml.Node) {
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if k := n.Content[i].Value; i > 0 && (k == "name" || k == "op") {
			pair := []*yaml.Node{n.Content[i], n.Content[i+1]}
			n.Content = append(pair, slices.Delete(n.Content, i, i+2)...)
		}
	}
	for _, c := range n.Content {
		nameFirst(c)
	}
}

// child is the value of a key, nil when there is none.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// text is the scalar at a path of keys, "" when there is none.
func text(n *yaml.Node, keys ...string) string {
	for _, k := range keys {
		n = child(n, k)
	}
	if n == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}

// items are the members of the list at a key.
func items(n *yaml.Node, key string) []*yaml.Node {
	if list := child(n, key); list != nil && list.Kind == yaml.SequenceNode {
		return list.Content
	}
	return nil
}
