package yamledit

import (
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// writer writes new nodes in the manner of the file. Lines end in "\n"; the file's own break is put in later.
type writer struct {
	step, seq int        // indentation of a mapping and of a sequence under their key
	quote     yaml.Style // for strings that need quotes
	oneLine   bool       // no block scalars that end with a newline: at the end of a file without one they lose it
}

// scalar writes one scalar on one line. like is the style of what it replaces or stands beside, 0 when there is none:
// strings follow it.
func (w writer) scalar(n *yaml.Node, like yaml.Style, inFlow bool) string {
	if n.Tag != yaml.NodeTagString {
		return n.Value
	}
	if like &= yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle; like != 0 {
		return quoted(n.Value, like)
	}
	if plainSafe(n.Value, inFlow) {
		return n.Value
	}
	return quoted(n.Value, w.quote)
}

// entry writes a key and its value in block style, the key at column col.
func (w writer) entry(key, v *yaml.Node, col int) []string {
	head := spaces(col) + w.scalar(key, 0, false) + ":"
	switch {
	case len(v.Content) == 0:
		lines := w.value(v, 0, col+w.step)
		lines[0] = head + " " + lines[0][col+w.step:]
		return lines
	case v.Kind == yaml.MappingNode:
		return append([]string{head}, w.value(v, 0, col+w.step)...)
	default:
		return append([]string{head}, w.value(v, 0, col+w.seq)...)
	}
}

// item writes a member of a block sequence, its dash at column col and its value gap columns after that.
func (w writer) item(v *yaml.Node, like yaml.Style, col, gap int) []string {
	lines := w.value(v, like, col+gap)
	lines[0] = spaces(col) + "-" + lines[0][col+1:]
	return lines
}

// value writes v in block style at column col, the first line indented like the others.
func (w writer) value(v *yaml.Node, like yaml.Style, col int) []string {
	if len(v.Content) == 0 {
		return w.leaf(v, like, col)
	}
	var lines []string
	for i := 0; i < len(v.Content); i++ {
		if v.Kind == yaml.MappingNode {
			lines = append(lines, w.entry(v.Content[i], v.Content[i+1], col)...)
			i++
		} else {
			lines = append(lines, w.item(v.Content[i], 0, col, 2)...)
		}
	}
	return lines
}

// leaf writes a scalar or an empty collection. Text of several lines becomes a literal block scalar.
func (w writer) leaf(v *yaml.Node, like yaml.Style, col int) []string {
	if v.Kind == yaml.ScalarNode && v.Tag == yaml.NodeTagString {
		if head, ok := literalHeader(v.Value); ok && (head != "|" || !w.oneLine) {
			lines := []string{spaces(col) + head}
			for _, text := range strings.Split(strings.TrimSuffix(v.Value, "\n"), "\n") {
				if text != "" {
					text = spaces(max(col, 1)) + text
				}
				lines = append(lines, text)
			}
			return lines
		}
	}
	return []string{spaces(col) + w.inline(v, like)}
}

// inline writes a scalar or an empty collection on one line, outside of flow collections.
func (w writer) inline(v *yaml.Node, like yaml.Style) string {
	switch v.Kind {
	case yaml.MappingNode:
		return "{}"
	case yaml.SequenceNode:
		return "[]"
	}
	return w.scalar(v, like, false)
}

func spaces(n int) string { return strings.Repeat(" ", max(n, 0)) }

// flowWriter writes new nodes inside a flow collection, in the manner of its neighbours.
type flowWriter struct {
	writer
	json         bool   // quote every string
	quoteKeys    bool   // quote every key
	colon, comma string // between key and value, and between members on one line
	pad          string // inside braces on one line
	lines        bool   // one member per line
	unit         string // indentation of one level, when lines
}

func (w flowWriter) text(v *yaml.Node, like yaml.Style, indent string) string {
	if v.Kind == yaml.ScalarNode {
		if w.json {
			like = yaml.DoubleQuotedStyle
		}
		return w.scalar(v, like, true)
	}
	open, end := "{", "}"
	if v.Kind == yaml.SequenceNode {
		open, end = "[", "]"
	}
	if len(v.Content) == 0 {
		return open + end
	}
	var members []string
	for i := 0; i < len(v.Content); i++ {
		if v.Kind == yaml.MappingNode {
			members = append(members, w.entry(v.Content[i], v.Content[i+1], indent+w.unit))
			i++
		} else {
			members = append(members, w.text(v.Content[i], 0, indent+w.unit))
		}
	}
	if w.lines {
		inner := "\n" + indent + w.unit
		return open + inner + strings.Join(members, ","+inner) + "\n" + indent + end
	}
	pad := w.pad
	if v.Kind == yaml.SequenceNode {
		pad = ""
	}
	return open + pad + strings.Join(members, w.comma) + pad + end
}

func (w flowWriter) entry(key, v *yaml.Node, indent string) string {
	var like yaml.Style
	if w.json || w.quoteKeys {
		like = yaml.DoubleQuotedStyle
	}
	return w.scalar(key, like, true) + w.colon + w.text(v, 0, indent)
}
