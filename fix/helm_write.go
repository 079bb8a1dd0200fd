package fix

import (
	"fmt"
	"regexp"
	"strings"

	"sigs.k8s.io/yaml"
)

// literal writes a block as YAML, indented for its spot, in the manner of the template around it.
func (b *block) literal(data string) string {
	if b.spot.only {
		return flowText(b.value)
	}
	w := yamlWriter{gap: listGap(data)}
	if b.spot.gap >= 0 {
		w.gap = b.spot.gap
	}
	if b.spot.flow != "" {
		quote := strings.TrimPrefix(b.spot.flow, "plain")
		return ", " + quote + fmt.Sprint(b.value) + quote
	}
	if b.spot.item {
		return strings.Join(w.item(b.value, b.spot.col), "")
	}
	return strings.Join(w.entry(b.key, b.value, b.spot.col), "")
}

var listBelowKey = regexp.MustCompile(`(?m)^( *)(?:- )?[A-Za-z]\w*:\r?\n( *)- `)

// listGap is how far a template indents lists below their key: 0 or 2, whichever is more frequent.
func listGap(data string) int {
	flush, indented := 0, 0
	for _, m := range listBelowKey.FindAllStringSubmatch(data, -1) {
		if len(m[1]) == len(m[2]) {
			flush++
		} else {
			indented++
		}
	}
	if flush > indented {
		return 0
	}
	return 2
}

// yamlWriter writes values in block style, each line with its newline. gap is how far lists stand in from their key.
type yamlWriter struct{ gap int }

func (w yamlWriter) entry(key string, v any, col int) []string {
	pad := strings.Repeat(" ", col)
	switch x := v.(type) {
	case map[string]any:
		if len(x) > 0 {
			return append([]string{pad + key + ":\n"}, w.mapping(x, col+2)...)
		}
	case []any:
		if len(x) > 0 {
			out := []string{pad + key + ":\n"}
			for _, item := range x {
				out = append(out, w.item(item, col+w.gap)...)
			}
			return out
		}
	}
	return []string{pad + key + ": " + scalarText(v) + "\n"}
}

func (w yamlWriter) mapping(m map[string]any, col int) []string {
	var out []string
	for _, k := range keysNameFirst(m) {
		out = append(out, w.entry(k, m[k], col)...)
	}
	return out
}

func (w yamlWriter) item(v any, col int) []string {
	pad := strings.Repeat(" ", col)
	m, ok := v.(map[string]any)
	if !ok || len(m) == 0 {
		return []string{pad + "- " + scalarText(v) + "\n"}
	}
	lines := w.mapping(m, col+2)
	lines[0] = pad + "- " + lines[0][col+2:]
	return lines
}

// keysNameFirst are a mapping's keys in order, the name before all others.
func keysNameFirst(m map[string]any) []string {
	keys := sortedNames(m)
	for i, k := range keys {
		if k == "name" {
			copy(keys[1:i+1], keys[:i])
			keys[0] = k
		}
	}
	return keys
}

// flowText writes a value on one line.
func flowText(v any) string {
	m, ok := v.(map[string]any)
	if !ok || len(m) == 0 {
		return scalarText(v)
	}
	var parts []string
	for _, k := range keysNameFirst(m) {
		parts = append(parts, k+": "+flowText(m[k]))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// scalarText writes a scalar, or an empty mapping or list.
func scalarText(v any) string {
	out, err := yaml.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSuffix(string(out), "\n")
}

// reference writes a block that takes its value from the chart's values, as helm create does.
func (b *block) reference(value string) string {
	pad := strings.Repeat(" ", b.spot.col)
	root := ""
	if b.spot.mark.dot {
		root = "$"
	}
	return fmt.Sprintf("%[1]s{{- with %[2]s.Values.%[3]s }}\n%[1]s%[4]s:\n%[1]s  {{- toYaml . | nindent %[5]d }}\n%[1]s{{- end }}\n",
		pad, root, value, b.key, b.spot.col+2)
}
