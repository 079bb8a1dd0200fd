package fix

import (
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/fix/yamledit"
	"github.com/syncgate/syncgate/render"
)

// neighbours are the values that a new one likes to stand behind, the best first.
var neighbours = []string{"podSecurityContext", "securityContext", "containerSecurityContext", "resources", "image"}

// freshEdit writes a value that its file does not hold yet behind its neighbour, and behind the comments that belong to
// that one. ok is false where the file leaves no such place: then the value goes where an operation puts it.
func freshEdit(data []byte, e *valueEdit) (edit yamledit.Edit, ok bool) {
	file, err := yamledit.Parse(data)
	if err != nil || len(e.path) == 0 {
		return edit, false
	}
	parent := e.path[:len(e.path)-1]
	m, ok := file.Find(e.doc, parent)
	if _, there := file.Find(e.doc, e.path); !ok || there || m.Kind != yaml.MappingNode || m.Style&yaml.FlowStyle != 0 || len(m.Content) == 0 {
		return edit, false
	}
	key := m.Content[len(m.Content)-2]
	for i := len(neighbours) - 1; i >= 0; i-- {
		for j := 0; j < len(m.Content); j += 2 {
			if m.Content[j].Value == neighbours[i] {
				key = m.Content[j]
			}
		}
	}
	col := key.Column - 1
	lines := strings.SplitAfter(string(data), "\n")
	end := behind(lines, key.Line, col)
	if end == 0 || !strings.HasSuffix(lines[end-1], "\n") {
		return edit, false
	}
	text := strings.Join(yamlWriter{gap: listGap(string(data))}.entry(e.path[len(e.path)-1].Key, e.value, col), "")
	if spaced(lines, key.Line, col) {
		text = "\n" + text
	}
	if strings.HasSuffix(lines[end-1], "\r\n") {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	at := len(strings.Join(lines[:end], ""))
	return yamledit.Edit{Start: at, End: at, New: text}, true
}

// behind is the number of lines up to the end of the key at a line and of the comments that belong to it.
func behind(lines []string, line, col int) int {
	end := line
	for i := line; i < len(lines); i++ {
		text := strings.TrimSpace(lines[i])
		indent := len(lines[i]) - len(strings.TrimLeft(lines[i], " "))
		switch {
		case text == "" || text[0] == '#':
			continue
		case indent < col || indent == col && text[0] != '-':
			return ownComments(lines, end, i, col)
		}
		end = i + 1
	}
	return ownComments(lines, end, len(lines), col)
}

// ownComments adds the comments right behind a key's lines: those that stand deeper, and all when a blank line or the end
// of the mapping follows them.
func ownComments(lines []string, end, next, col int) int {
	deeper, all := end, end
	for all < next && strings.HasPrefix(strings.TrimSpace(lines[all]), "#") {
		if all++; deeper == all-1 && len(lines[all-1])-len(strings.TrimLeft(lines[all-1], " ")) > col {
			deeper = all
		}
	}
	if all == next && next < len(lines) && all > deeper && strings.TrimSpace(lines[next]) != "" {
		return deeper
	}
	return all
}

// spaced reports whether the keys of a mapping are parted by blank lines: whether one stands above the key at a line.
func spaced(lines []string, line, col int) bool {
	i := line - 2
	for i >= 0 && strings.HasPrefix(strings.TrimSpace(lines[i]), "#") {
		i--
	}
	return i >= 0 && strings.TrimSpace(lines[i]) == "" && col == 0
}

// schemaEdits keep a chart's schema valid for a new value where it forbids what it does not name.
func schemaEdits(part *render.ChartPart, keys []string) []valueEdit {
	i := slices.IndexFunc(part.Raw, func(f render.ChartFile) bool { return f.Name == "values.schema.json" })
	if i < 0 {
		return nil
	}
	file, err := yamledit.Parse(part.Raw[i].Data)
	if err != nil {
		return nil
	}
	var at render.Path
	for _, k := range keys {
		below := at.Key("properties", k)
		if _, ok := file.Find(0, below); ok {
			at = below
			continue
		}
		closed, ok := file.Find(0, at.Key("additionalProperties"))
		if !ok || closed.Value != "false" {
			return nil
		}
		return []valueEdit{{file: part.Raw[i].File, path: below, keys: below, value: map[string]any{"type": "object"}}}
	}
	return nil
}
