package fix

import (
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/syncgate/syncgate/render"
)

// class is the field of a container or pod that a value may be meant for.
type class string

const (
	security  class = "securityContext"
	resources class = "resources"
	mounts    class = "volumeMounts"
	volumes   class = "volumes"
)

// classNames says which names of values look like a class.
var classNames = map[class]*regexp.Regexp{
	security:  regexp.MustCompile(`(?i)security_?(context|policy)?$|securitycontext`),
	resources: regexp.MustCompile(`(?i)resources$`),
	mounts:    regexp.MustCompile(`(?i)mounts?$`),
	volumes:   regexp.MustCompile(`(?i)volumes?$`),
}

// automount is the field that decides about the token of a pod's service account.
const automount = "automountServiceAccountToken"

// fieldNames says which names of values look like a single field.
func fieldNames(field string) func(string) bool {
	return func(name string) bool {
		return strings.EqualFold(name, field) || field == automount && strings.EqualFold(name, "automount")
	}
}

// fieldClass is the class of a single field: of values that hold nothing else.
func fieldClass(field string) class { return class("field " + field) }

// securityFields are the fields of both kinds of security context, and what switches one on: below these no other
// security context stands.
var securityFields = []string{"allowPrivilegeEscalation", "appArmorProfile", "capabilities", "fsGroup",
	"fsGroupChangePolicy", "privileged", "procMount", "readOnlyRootFilesystem", "runAsGroup", "runAsNonRoot",
	"runAsUser", "seLinuxChangePolicy", "seLinuxOptions", "seccompProfile", "supplementalGroups",
	"supplementalGroupsPolicy", "sysctls", "windowsOptions", "enabled", "create", "enable"}

// valueNode is a value that a template may read for a class of fields.
type valueNode struct {
	class  class
	keys   render.Path // in the source's values
	text   int         // when > 0: keys[:text] is a string of YAML, which holds the rest
	toggle render.Path // what must be true beside it, nil when nothing
}

// candidates lists the values of a source that look as if templates read them for one of the wanted classes.
func (h *helmSource) candidates(wanted map[class]bool) []*valueNode {
	c := &collector{wanted: wanted, seen: map[string]bool{}}
	for cl := range wanted {
		if field, ok := strings.CutPrefix(string(cl), "field "); ok {
			c.fields = append(c.fields, field)
		}
	}
	c.walk(map[string]any(h.view.Values), nil, 0)
	for _, ref := range sortedNames(h.refs.all) {
		for _, at := range expand(ref, h.view.Values) {
			c.reference(at, h.view.Values)
		}
	}
	for _, field := range c.fields {
		for _, ref := range sortedNames(h.refs.fields[field]) {
			for _, at := range expand(ref, h.view.Values) {
				c.behind(field, at, h.view.Values)
			}
		}
	}
	return c.out
}

// collector gathers candidates.
type collector struct {
	wanted map[class]bool
	fields []string // of classes of single fields
	seen   map[string]bool
	out    []*valueNode
}

func (c *collector) add(cl class, keys render.Path, text int, value any) {
	id := string(cl) + " " + keys.String()
	if !c.wanted[cl] || c.seen[id] || len(keys) == 0 {
		return
	}
	c.seen[id] = true
	n := &valueNode{class: cl, keys: keys, text: text}
	if m, ok := value.(map[string]any); ok {
		if on, ok := m["enabled"].(bool); ok && !on && cl == security {
			n.toggle = keys.Key("enabled")
		}
	}
	c.out = append(c.out, n)
}

// maxValueDepth bounds how deep values are searched.
const maxValueDepth = 24

// walk finds candidates among the values there are.
func (c *collector) walk(v any, at render.Path, text int) {
	if len(at) > maxValueDepth {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		if isContainer(v) && len(at) > 0 {
			for _, cl := range []class{security, resources, mounts} {
				c.add(cl, at.Key(string(cl)), text, v[string(cl)])
			}
		}
		for _, k := range sortedNames(v) {
			c.named(k, v[k], at.Key(k), text)
			c.walk(v[k], at.Key(k), text)
		}
	case []any:
		for i := range v {
			c.walk(v[i], at.At(i), text)
		}
	case string:
		if inner, ok := textValue(v); ok && text == 0 {
			c.walk(inner, at, len(at))
		}
	}
}

// isContainer reports whether a mapping among the values looks like a container of a pod, or the values of one.
func isContainer(m map[string]any) bool {
	_, image := m["image"].(string)
	return image && (m["name"] != nil || m["command"] != nil || m["args"] != nil)
}

// single adds a value that is named like a field, unless it stands in a mapping that is a candidate as a whole.
func (c *collector) single(name string, v any, at render.Path) {
	switch v.(type) {
	case map[string]any, []any:
		return
	}
	if lastIndex(at) >= 0 || slices.ContainsFunc(at[:len(at)-1], func(s render.Step) bool { return classNames[security].MatchString(s.Key) }) {
		return
	}
	for _, field := range c.fields {
		if field == "type" && (len(at) < 2 || !strings.HasPrefix(strings.ToLower(at[len(at)-2].Key), "seccomp")) {
			continue // many other things have one, and templates decide by it
		}
		if fieldNames(field)(name) {
			c.add(fieldClass(field), at, 0, nil)
		}
	}
}

// named adds a value whose name looks like a class.
func (c *collector) named(name string, v any, at render.Path, text int) {
	if text == 0 {
		c.single(name, v, at)
	}
	for cl, names := range classNames {
		if !names.MatchString(name) || !fits(cl, v) {
			continue
		}
		inText := text
		if s, ok := v.(string); ok && s != "" {
			inText = len(at)
		}
		c.add(cl, at, inText, v)
		if m, ok := v.(map[string]any); ok && cl == security {
			c.contexts(m, at, text)
		}
	}
}

// contexts adds the mappings below a value that is named after security contexts: one for each component, or for pod
// and container.
func (c *collector) contexts(m map[string]any, at render.Path, text int) {
	for _, k := range sortedNames(m) {
		if slices.Contains(securityFields, k) || !fits(security, m[k]) {
			continue
		}
		c.add(security, at.Key(k), text, m[k])
		if inner, ok := m[k].(map[string]any); ok && len(at) < maxValueDepth {
			c.contexts(inner, at.Key(k), text)
		}
	}
}

// fits reports whether a value can be of a class: none yet, of the right kind, or text of the right kind.
func fits(cl class, v any) bool {
	if s, ok := v.(string); ok && s != "" {
		v, ok = textValue(s)
		if !ok {
			return false
		}
	}
	list := cl == mounts || cl == volumes
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case map[string]any:
		return !list || len(v) == 0
	case []any:
		return list || len(v) == 0
	}
	return false
}

// textValue reads a value that is YAML within a string.
func textValue(s string) (any, bool) {
	if len(s) > 1<<16 || !strings.Contains(s, ":") {
		return nil, false
	}
	var v any
	if yaml.Unmarshal([]byte(s), &v) != nil {
		return nil, false
	}
	switch v.(type) {
	case map[string]any, []any:
		return v, true
	}
	return nil, false
}

// reference adds what a template names and the values may lack.
func (c *collector) reference(keys render.Path, values map[string]any) {
	if len(keys) == 0 {
		return
	}
	v, _ := lookupValue(values, keys)
	c.single(keys[len(keys)-1].Key, v, keys)
	for i, k := range keys {
		for cl, names := range classNames {
			if k.IsIndex || !names.MatchString(k.Key) {
				continue
			}
			c.absent(cl, keys[:i+1:i+1], values)
			for j := i + 1; j < len(keys); j++ {
				if cl != security || slices.Contains(securityFields, keys[j].Key) {
					break
				}
				c.absent(cl, keys[:j+1:j+1], values)
			}
		}
	}
	c.toggles(keys, values)
}

// behind adds a value that a template writes right behind a field's key.
func (c *collector) behind(field string, at render.Path, values map[string]any) {
	v, _ := lookupValue(values, at)
	switch v.(type) {
	case map[string]any, []any:
		return
	}
	c.add(fieldClass(field), at, 0, nil)
}

// absent adds a referenced value unless it is there and cannot be of the class.
func (c *collector) absent(cl class, at render.Path, values map[string]any) {
	if v, ok := lookupValue(values, at); !ok || fits(cl, v) {
		c.add(cl, at, 0, v)
	}
}

// toggles notes switches that a template reads beside a value and that the values leave out.
func (c *collector) toggles(keys render.Path, values map[string]any) {
	if keys[len(keys)-1].Key != "enabled" {
		return
	}
	parent := keys[: len(keys)-1 : len(keys)-1]
	if v, ok := lookupValue(values, parent.Key("enabled")); ok && v != nil && v != false {
		return
	}
	for _, n := range c.out {
		if n.class == security && n.keys.Equal(parent) {
			n.toggle = parent.Key("enabled")
		}
	}
}

// lookupValue follows a path through decoded values.
func lookupValue(v any, p render.Path) (any, bool) {
	for _, s := range p {
		switch x := v.(type) {
		case map[string]any:
			next, ok := x[s.Key]
			if !ok || s.IsIndex {
				return nil, false
			}
			v = next
		case []any:
			if !s.IsIndex || s.Index >= len(x) {
				return nil, false
			}
			v = x[s.Index]
		default:
			return nil, false
		}
	}
	return v, true
}
