package check

import (
	"encoding/json"
	"fmt"
	"reflect"
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kjson "sigs.k8s.io/json"

	"github.com/syncgate/syncgate/render"
)

// mismatch says which field of a pod template has a type that the API does not take. It never shows a value: the
// template may hold secrets. err is what reading the template gave.
func mismatch(template any, at render.Path, err error) string {
	m, ok := template.(map[string]any)
	if !ok {
		return "a pod must be a mapping, not " + called(template)
	}
	for _, part := range []struct {
		key string
		typ reflect.Type
	}{{"metadata", reflect.TypeFor[metav1.ObjectMeta]()}, {"spec", reflect.TypeFor[corev1.PodSpec]()}} {
		if found := mistyped(m[part.key], part.typ, at.Key(part.key)); found != "" {
			return found
		}
	}
	return fmt.Sprintf("its fields have wrong types (%T)", err)
}

// mistyped finds the first field below v that does not fit a Go type, "" when all do.
func mistyped(v any, t reflect.Type, at render.Path) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if v == nil {
		return ""
	}
	if t.Implements(unmarshaler) || reflect.PointerTo(t).Implements(unmarshaler) {
		return unfit(v, t, at)
	}
	switch t.Kind() {
	case reflect.Struct:
		if m, ok := v.(map[string]any); ok {
			return mistypedField(m, t, at)
		}
	case reflect.Map:
		if m, ok := v.(map[string]any); ok {
			return mistypedEntry(m, t.Elem(), at)
		}
	case reflect.Slice:
		if list, ok := v.([]any); ok {
			for i := range list {
				if found := mistyped(list[i], t.Elem(), at.At(i)); found != "" {
					return found
				}
			}
			return ""
		}
	}
	return unfit(v, t, at)
}

func mistypedField(m map[string]any, t reflect.Type, at render.Path) string {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		found := ""
		if options == "inline" || f.Anonymous && name == "" {
			found = mistyped(m, f.Type, at)
		} else if v, ok := m[name]; ok && name != "" {
			found = mistyped(v, f.Type, at.Key(name))
		}
		if found != "" {
			return found
		}
	}
	return ""
}

func mistypedEntry(m map[string]any, t reflect.Type, at render.Path) string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		if found := mistyped(m[k], t, at.Key(k)); found != "" {
			return found
		}
	}
	return ""
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// unfit reports a value that cannot be read as a type.
func unfit(v any, t reflect.Type, at render.Path) string {
	raw, err := json.Marshal(v)
	if err == nil {
		err = kjson.UnmarshalCaseSensitivePreserveInts(raw, reflect.New(t).Interface())
	}
	if err == nil {
		return ""
	}
	return fmt.Sprintf("%s must be %s, not %s", at, typeWanted(t), called(v))
}

func typeWanted(t reflect.Type) string {
	switch kind := t.Kind(); {
	case t.Name() == "Quantity":
		return "a quantity such as 500m or 1Gi"
	case t.Name() == "IntOrString":
		return "a whole number or a string"
	case t.Name() == "Time" || t.Name() == "MicroTime":
		return "a time such as 2006-01-02T15:04:05Z"
	case kind == reflect.Struct || kind == reflect.Map:
		return "a mapping"
	case kind == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return "base64 text"
	case kind == reflect.Slice:
		return "a list"
	case kind == reflect.Bool:
		return "a boolean"
	case kind == reflect.String:
		return "a string"
	case kind >= reflect.Int && kind <= reflect.Uint64:
		return "a whole number of " + fmt.Sprint(t.Bits()) + " bits"
	}
	return "of another type"
}

// called names the type of a decoded JSON value.
func called(v any) string {
	switch v.(type) {
	case map[string]any:
		return "a mapping"
	case []any:
		return "a list"
	case string:
		return "a string"
	case bool:
		return "a boolean"
	case nil:
		return "null"
	}
	return "a number"
}
