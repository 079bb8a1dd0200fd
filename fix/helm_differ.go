package fix

import (
	"reflect"
	"slices"

	"github.com/syncgate/syncgate/render"
)

// difference is one place where two objects differ. A side that lacks it has nil.
type difference struct {
	path     render.Path
	old, new any
}

// differences compares decoded JSON, down to the smallest parts that differ. Members of the fields that are sets are
// matched by their identifying key.
func differences(a, b any, at render.Path) []difference {
	x, okx := a.(map[string]any)
	y, oky := b.(map[string]any)
	if okx && oky || okx && b == nil || oky && a == nil {
		var out []difference
		keys := sortedNames(x)
		for k := range y {
			if _, ok := x[k]; !ok {
				keys = append(keys, k)
			}
		}
		slices.Sort(keys)
		if len(keys) == 0 && (a == nil || b == nil) {
			return []difference{{at, a, b}}
		}
		for _, k := range keys {
			out = append(out, differences(x[k], y[k], at.Key(k))...)
		}
		return out
	}
	l, okl := a.([]any)
	m, okm := b.([]any)
	if okl && okm || (okl && b == nil || okm && a == nil) && isSetField(at) {
		return listDifferences(l, m, at)
	}
	if reflect.DeepEqual(a, b) {
		return nil
	}
	return []difference{{at, a, b}}
}

func isSetField(at render.Path) bool {
	return len(at) > 0 && unordered[at[len(at)-1].Key] != ""
}

func listDifferences(a, b []any, at render.Path) []difference {
	var out []difference
	if isSetField(at) {
		for i, x := range b {
			if !slices.ContainsFunc(a, func(y any) bool { return reflect.DeepEqual(x, y) }) {
				out = append(out, difference{at.At(i), nil, x})
			}
		}
		for i, x := range a {
			if !slices.ContainsFunc(b, func(y any) bool { return reflect.DeepEqual(x, y) }) {
				out = append(out, difference{at.At(i), x, nil})
			}
		}
		return out
	}
	if len(a) != len(b) {
		return []difference{{at, a, b}}
	}
	for i := range a {
		out = append(out, differences(a[i], b[i], at.At(i))...)
	}
	return out
}
