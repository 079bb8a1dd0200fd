package fix

import (
	"regexp"
	"slices"
	"strings"

	"github.com/syncgate/syncgate/render"
)

// newNames are the names that a new value for a field may get, the first that is free.
var newNames = map[string][]string{
	"container securityContext": {"securityContext", "containerSecurityContext"},
	"pod securityContext":       {"podSecurityContext"},
	"container resources":       {"resources"},
}

// newValue finds a name for the value of a new block and the edit that gives it its default. ok is false when a literal
// fits the chart better: in its tests, for lists, below what is a literal already, and where the component that the
// value would belong to cannot be told.
func (t *templating) newValue(b *placed) (reference string, e valueEdit, ok bool) {
	names := newNames[fieldOf(b.path.Key(b.key))]
	part := b.spot.mark.part
	if len(names) == 0 || strings.Contains(b.spot.file, "templates/tests/") || !hasValues(part) {
		return "", e, false
	}
	component, ok := b.source.component(b)
	if !ok {
		return "", e, false
	}
	for _, name := range names {
		keys := slices.Concat(part.Keys, component, []string{name})
		if !b.source.free(keys) {
			continue
		}
		own := slices.Concat(component, []string{name})
		if slices.ContainsFunc(own, func(k string) bool { return strings.ContainsAny(k, "-.") }) {
			return "", e, false
		}
		file := ""
		for _, f := range part.Raw {
			if f.Name == "values.yaml" {
				file = f.File
			}
		}
		e = valueEdit{file: file, path: render.Keys(own...), keys: render.Keys(keys...), value: b.value, fresh: true}
		return strings.Join(own, "."), e, true
	}
	return "", e, false
}

func hasValues(part *render.ChartPart) bool {
	return slices.ContainsFunc(part.Raw, func(f render.ChartFile) bool { return f.Name == "values.yaml" })
}

// free reports whether no template reads a value and nothing is set there.
func (h *helmSource) free(keys []string) bool {
	if h.refs.reads(keys) {
		return false
	}
	for n := 1; n < len(keys); n++ {
		v, ok := lookupValue(map[string]any(h.view.Values), render.Keys(keys[:n]...))
		if !ok {
			break
		}
		if _, isMap := v.(map[string]any); !isMap {
			return false
		}
	}
	v, ok := lookupValue(map[string]any(h.view.Values), render.Keys(keys...))
	m, isMap := v.(map[string]any)
	return !ok || v == nil || isMap && len(m) == 0
}

var imageValue = regexp.MustCompile(`\.Values((?:\.[A-Za-z0-9_]+)*?)\.[A-Za-z0-9_]*[iI]mage\b`)

// component is the part of the values that belongs to the container or pod of a block: where the container's image
// stands. A chart with a single container needs none.
func (h *helmSource) component(b *placed) ([]string, bool) {
	at := b.path
	if lastIndex(at) < 0 {
		at = at.Key("containers").At(0)
	}
	v, _ := lookupValue(h.marks.objects[b.object], at)
	container, ok := v.(map[string]any)
	if !ok {
		return nil, false
	}
	for _, m := range h.marks.in(container) {
		if m.key != "image" {
			continue
		}
		line, _, _ := strings.Cut(h.textOf(m)[m.at:], "\n")
		if x := imageValue.FindStringSubmatch(line); x != nil {
			var keys []string
			if x[1] != "" {
				keys = strings.Split(strings.TrimPrefix(x[1], "."), ".")
			}
			return keys, len(keys) == 0 || keys[0] != "global"
		}
	}
	return nil, h.single()
}

// single reports whether all marked objects hold one container together.
func (h *helmSource) single() bool {
	n := 0
	for _, o := range h.marks.objects {
		n += countContainers(o)
	}
	return n == 1
}

func countContainers(v any) int {
	n := 0
	switch x := v.(type) {
	case map[string]any:
		for k, y := range x {
			if list, ok := y.([]any); ok && (k == "containers" || k == "initContainers") {
				n += len(list)
			} else {
				n += countContainers(y)
			}
		}
	case []any:
		for _, y := range x {
			n += countContainers(y)
		}
	}
	return n
}
