package render

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"helm.sh/helm/v3/pkg/strvals"
	"sigs.k8s.io/kustomize/kyaml/yaml"
	sigsyaml "sigs.k8s.io/yaml"
)

// helmValues merges what the source gives beside the chart's own values, in helm's order: layers, --set-json, --set,
// --set-string, --set-file, --set-literal (pkg/cli/values/options.go MergeValues). Files of SetFile are relative to the
// tree's root.
func helmValues(t *Tree, chart chartPlace, src Source, b *budget) (map[string]any, error) {
	o := src.Helm
	vals, err := mergeLayers(t, chart, o.Values, b)
	if err != nil {
		return nil, err
	}
	fromFile := func(name []rune) (any, error) {
		data, err := t.ReadFile(string(name))
		if err != nil {
			return nil, fileError(string(name), err)
		}
		return string(data), nil
	}
	for _, set := range []struct {
		flag  string
		exprs []string
		parse func(string) error
	}{
		{"--set-json", o.SetJSON, func(s string) error { return strvals.ParseJSON(s, vals) }},
		{"--set", o.Set, func(s string) error { return strvals.ParseInto(s, vals) }},
		{"--set-string", o.SetString, func(s string) error { return strvals.ParseIntoString(s, vals) }},
		{"--set-file", o.SetFile, func(s string) error { return strvals.ParseIntoFile(s, vals, fromFile) }},
		{"--set-literal", o.SetLiteral, func(s string) error { return strvals.ParseLiteralInto(s, vals) }},
	} {
		for _, expr := range set.exprs {
			if err := set.parse(expr); err != nil {
				return nil, setError(src, set.flag, expr, err)
			}
		}
	}
	return vals, nil
}

// setError names the key that could not be set, never what it was to be set to: that may be a secret.
func setError(src Source, flag, expr string, err error) error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	key, _, _ := strings.Cut(expr, "=")
	return &Error{File: src.Path, Msg: "failed parsing " + flag + " data",
		Hint: fmt.Sprintf(`check how %q is set: expected key=value, with a comma in a value written as "\,"`, key)}
}

// mergeValues lays b over a (pkg/cli/values/options.go mergeMaps).
func mergeValues(a, b map[string]any) map[string]any {
	out := make(map[string]any, len(a)+len(b))
	for k, v := range a {
		out[k] = v
	}
	for k, v := range b {
		over, ok := v.(map[string]any)
		under, both := out[k].(map[string]any)
		if ok && both {
			v = mergeValues(under, over)
		}
		out[k] = v
	}
	return out
}

// MergeLayers are the values that layers come to. Errors are *Error.
func MergeLayers(t *Tree, layers []ValueLayer) (map[string]any, error) {
	return mergeLayers(t, chartPlace{}, layers, newBudget())
}

func mergeLayers(t *Tree, chart chartPlace, layers []ValueLayer, b *budget) (map[string]any, error) {
	vals := map[string]any{}
	for _, l := range layers {
		layer, err := chart.layer(t, l, b)
		if err != nil {
			return nil, err
		}
		vals = mergeValues(vals, layer)
	}
	return vals, nil
}

// readLayer reads one layer of values.
func readLayer(t *Tree, l ValueLayer, b *budget) (map[string]any, error) {
	if strings.Contains(l.File, "://") {
		return nil, &Error{File: l.File, Msg: "values are read from the repository only",
			Hint: "commit the values file, and name it by its path"}
	}
	if l.Encoding == EncodingInline {
		return parseValues([]byte(l.Text), l.File, 0)
	}
	data, err := t.ReadFile(l.File)
	if l.Optional && errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fileError(l.File, err)
	}
	switch l.Encoding {
	case EncodingFile, "":
		return parseValues(data, l.File, 0)
	case EncodingObject, EncodingText:
	default:
		return nil, &Error{File: l.File, Msg: fmt.Sprintf("unknown encoding of values %q", l.Encoding)}
	}
	docs, err := decode(l.File, data, b)
	if err != nil {
		return nil, err
	}
	if l.Doc < 0 || l.Doc >= len(docs) {
		return nil, &Error{File: l.File, Msg: fmt.Sprintf("holds %d documents, values were expected in document %d", len(docs), l.Doc)}
	}
	d := docs[l.Doc]
	line := lineOf(d.tree(), l.DocPath)
	at, err := fieldAt(d.json, l.DocPath)
	if err != nil {
		return nil, &Error{File: l.File, Line: line, Msg: err.Error()}
	}
	if l.Encoding == EncodingText {
		text, ok := at.(string)
		if !ok && at != nil {
			return nil, &Error{File: l.File, Line: line, Msg: fmt.Sprintf("%s is no text", l.DocPath),
				Hint: "expected values as a string of YAML"}
		}
		return parseValues([]byte(text), l.File, line)
	}
	vals, ok := at.(map[string]any)
	if !ok && at != nil {
		return nil, &Error{File: l.File, Line: line, Msg: fmt.Sprintf("%s is no mapping", l.DocPath),
			Hint: "expected values as a mapping"}
	}
	return vals, nil
}

// parseValues reads values as helm does. They stand below line start of the file, 0 for the whole file.
func parseValues(data []byte, file string, start int) (map[string]any, error) {
	vals := map[string]any{}
	if err := sigsyaml.Unmarshal(data, &vals); err != nil {
		e := yamlCause(err)
		e.File, e.Hint = file, "expected values as a mapping in YAML"
		switch {
		case e.Line > 0:
			e.Line += start
		case start > 0:
			e.Line = start
		}
		return nil, e
	}
	return vals, nil
}

// fieldAt is the value at a path of a JSON document.
func fieldAt(doc []byte, p Path) (any, error) {
	var v any
	if doc != nil {
		if err := json.Unmarshal(doc, &v); err != nil {
			return nil, err
		}
	}
	for i, s := range p {
		ok := false
		switch x := v.(type) {
		case map[string]any:
			v, ok = x[s.Key]
		case []any:
			if ok = s.IsIndex && s.Index >= 0 && s.Index < len(x); ok {
				v = x[s.Index]
			}
		}
		if !ok {
			return nil, fmt.Errorf("has no %s", p[:i+1])
		}
	}
	return v, nil
}

// lineOf is the line of the field at a path, or of the closest one around it; 0 when there is no node.
func lineOf(n *yaml.Node, p Path) int {
	if n == nil {
		return 0
	}
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	line := n.Line
	for _, s := range p {
		n = child(n, s)
		if n == nil {
			return line
		}
		line = n.Line
	}
	return line
}

// child is the node one step below n, nil when there is none.
func child(n *yaml.Node, s Step) *yaml.Node {
	switch {
	case n.Kind == yaml.SequenceNode && s.IsIndex && s.Index >= 0 && s.Index < len(n.Content):
		return n.Content[s.Index]
	case n.Kind == yaml.MappingNode && !s.IsIndex:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == s.Key {
				return n.Content[i+1]
			}
		}
	}
	return nil
}
