package fix

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// hoist takes the line of a list's key out of the condition that it opens, so that the list is always there, and what
// the condition adds to it stays conditional.
func (h *helmSource) hoist(m map[string]any, key string) (spot, bool) {
	marks := h.marks.in(m)
	if len(marks) == 0 {
		return spot{}, false
	}
	home := homeOf(marks)[0]
	data := h.textOf(home)
	for _, x := range h.marks.marks {
		if x.file != home.file || x.key != key || x.col != home.col || !x.only || x.dash || x.deep != home.deep+1 || x.line < home.line {
			continue
		}
		before := strings.TrimSuffix(data[:x.line], "\n")
		open := strings.LastIndexByte(before, '\n') + 1
		end := strings.IndexByte(data[x.line:], '\n')
		c := control.FindStringSubmatch(strings.TrimSpace(before[open:]))
		if end < 0 || c == nil || c[1] != "if" && c[1] != "with" || strings.TrimSpace(data[x.at:x.line+end]) != key+":" ||
			!h.sameMapping(home, x) {
			continue
		}
		next := x.line + end + 1
		return spot{file: x.file, at: open, col: x.col, mark: home, drop: [2]int{x.line, next},
			gap: itemColumn(data[next:], x.col) - x.col}, true
	}
	return spot{}, false
}

// sameMapping reports whether the lines between two marks stand nowhere outside the mapping of the first one.
func (h *helmSource) sameMapping(a, b *mark) bool {
	_, between, _ := strings.Cut(h.textOf(a)[a.line:b.line], "\n")
	for line := range strings.Lines(between) {
		if leavesMapping(line, a.col) || dashOf(line) == a.col {
			return false
		}
	}
	return true
}

// homeOf are the marks that stand in the same list of a template as the first key of the mapping, so that they are
// rendered whenever it is. Of a pod, that is the key of its containers.
func homeOf(marks []*mark) []*mark {
	first := marks[0]
	rank := func(x *mark) int {
		switch {
		case x.key == "containers":
			return 3
		case x.dash:
			return 2
		case x.key == "name" || x.key == "image":
			return 1
		}
		return 0
	}
	for _, x := range marks {
		if rank(x) > rank(first) || rank(x) == rank(first) && x.deep < first.deep {
			first = x
		}
	}
	var out []*mark
	for _, x := range marks {
		if x.list == first.list {
			out = append(out, x)
		}
	}
	return out
}

// aboveComments is where a line starts together with the comments right above it.
func aboveComments(data string, m *mark) int {
	at := m.line
	for at > m.text[0] {
		prev := strings.LastIndexByte(data[:at-1], '\n') + 1
		if prev <= m.text[0] && prev > 0 || !strings.HasPrefix(strings.TrimLeft(data[prev:at], " "), "#") {
			break
		}
		at = prev
	}
	return at
}

var control = regexp.MustCompile(`^\{\{-?\s*(if|with|range|end|else|define|block)\b`)

// afterLast puts a key after the last one of a mapping, where the text shows that this one ends: before a line that
// stands less deep, or before the end of the block of the template that holds the mapping.
func (h *helmSource) afterLast(m *mark) (spot, bool) {
	data := h.textOf(m)
	depth, end := 0, 0 // end is behind the last line that is sure to be in the mapping
	for at := m.line; at < len(data); {
		line, _, found := strings.Cut(data[at:], "\n")
		if !found || strings.Count(line, "{{") != strings.Count(line, "}}") {
			return spot{}, false
		}
		next := at + len(line) + 1
		text := strings.TrimSpace(line)
		word := ""
		if c := control.FindStringSubmatch(text); c != nil {
			word = c[1]
		}
		col := columnOf(line)
		switch {
		case at == m.line:
			end = next
		case text == "" || text[0] == '#':
		case word == "end" && depth > 0:
			if depth--; depth == 0 {
				end = next
			}
		case word == "else" && depth > 0:
		case word == "end" || word == "else" || word == "" && col >= 0 && col < m.col:
			return spot{file: m.file, at: end, col: m.col, mark: m, gap: -1}, true
		case word != "":
			depth++
		case depth == 0 && col == m.col && !strings.HasPrefix(text, "- ") && !strings.HasPrefix(text, "{{"):
			return spot{}, false
		case depth == 0:
			end = next
		}
		at = next
	}
	return spot{file: m.file, at: end, col: m.col, mark: m, gap: -1}, depth == 0
}

// columnOf is where the content of a line stands: what an action indents is where it says, -1 when it does not.
func columnOf(line string) int {
	text := strings.TrimLeft(line, " ")
	if !strings.HasPrefix(text, "{{") {
		return len(line) - len(text)
	}
	if m := indentCall.FindStringSubmatch(line); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			return n
		}
	}
	return -1
}

// afterFirst puts a key after the line of the first one, when that is complete on its line.
func (h *helmSource) afterFirst(m *mark) (spot, string) {
	data := h.textOf(m)
	end := strings.IndexByte(data[m.at:], '\n')
	line := data[m.at:]
	if end >= 0 {
		line = data[m.at : m.at+end]
	}
	value := strings.TrimSpace(strings.TrimPrefix(line, m.key+":"))
	if end < 0 || value == "" || strings.ContainsAny(value[:1], "|>&") || strings.Count(line, "{{") != strings.Count(line, "}}") {
		return spot{}, fmt.Sprintf("%s holds no line that another key could follow", m.file)
	}
	return spot{file: m.file, at: m.at + end + 1, col: m.col, mark: m, gap: -1}, ""
}

var literalScalar = regexp.MustCompile(`^([A-Za-z0-9_.-]+|"[^"{}\\]*"|'[^'{}]*')[ \t]*(?:#[^\n]*)?\r?$`)

// scalarSpot finds the place of a key's value where the template writes it as a literal.
func (h *helmSource) scalarSpot(m map[string]any, key string) (spot, bool) {
	for _, x := range h.marks.in(m) {
		if x.key != key {
			continue
		}
		line, _, _ := strings.Cut(h.textOf(x)[x.at:], "\n")
		value := strings.TrimLeft(line[len(key)+1:], " ")
		at := x.at + len(line) - len(value)
		if found := literalScalar.FindStringSubmatch(value); found != nil {
			return spot{file: x.file, at: at, col: x.col, mark: x, drop: [2]int{at, at + len(found[1])}, only: true}, true
		}
	}
	return spot{}, false
}

var emptyList = regexp.MustCompile(`^[^#\[{]*\[\s*()\][ \t]*\r?$`)

var flowList = regexp.MustCompile(`^[^#\[{]*\[([^\[\]{}#]*[^\[\]{}#\s,])\s*\][ \t]*\r?$`)

// itemSpot finds where an item can be put into a rendered list: right after the line of its key, or at the end of a list
// that is written on that line.
func (h *helmSource) itemSpot(m map[string]any, key string) (spot, string) {
	i := slices.IndexFunc(h.marks.in(m), func(x *mark) bool { return x.key == key })
	if i < 0 {
		return spot{}, fmt.Sprintf("no template holds the line of %s", key)
	}
	x := h.marks.in(m)[i]
	data := h.textOf(x)
	end := strings.IndexByte(data[x.at:], '\n')
	if end < 0 {
		end = len(data) - x.at
	}
	line := data[x.at : x.at+end]
	if at := emptyList.FindStringSubmatchIndex(line); at != nil {
		return spot{file: x.file, at: x.at + at[3], col: x.col, mark: x, drop: [2]int{x.at + at[2], x.at + at[3]}, only: true}, ""
	}
	if at := flowList.FindStringSubmatchIndex(line); at != nil {
		return spot{file: x.file, at: x.at + at[3], flow: quoteIn(line[at[2]:at[3]]), item: true, mark: x}, ""
	}
	if x.at+end == len(data) || strings.TrimSpace(strings.TrimPrefix(line, key+":")) != "" {
		return spot{}, fmt.Sprintf("%s writes %s on one line", x.file, key)
	}
	at := x.at + end + 1
	return spot{file: x.file, at: at, col: itemColumn(data[at:], x.col), item: true, mark: x}, ""
}

// quoteIn is how the strings of a flow list are quoted.
func quoteIn(list string) string {
	for _, q := range []string{`"`, `'`} {
		if strings.HasPrefix(strings.TrimSpace(list), q) {
			return q
		}
	}
	return "plain"
}

var indentCall = regexp.MustCompile(`^\s*\{\{.*?\bn?indent\s+\(?\s*(?:int\s+)?([0-9]+)`)

// itemColumn is where the items of a list stand: those that follow in the text, or that a template indents.
func itemColumn(rest string, key int) int {
	for rest != "" {
		line, more, _ := strings.Cut(rest, "\n")
		trimmed := strings.TrimLeft(line, " ")
		col := len(line) - len(trimmed)
		switch {
		case strings.HasPrefix(trimmed, "- ") && col >= key:
			return col
		case indentCall.MatchString(line):
			return max(columnOf(line), key)
		case trimmed != "" && !strings.HasPrefix(trimmed, "{{") && !strings.HasPrefix(trimmed, "#"):
			return key + 2
		}
		rest = more
	}
	return key + 2
}

// elsewhere reports whether the template gives a key to the mapping of a mark under some condition that does not hold
// now: another line with this key, as deep, before the text leaves the mapping.
func (h *helmSource) elsewhere(m *mark, key string) bool {
	data := h.textOf(m)
	lines := strings.SplitAfter(data, "\n")
	this, at := 0, 0
	for i, l := range lines {
		if at <= m.line {
			this = i
		}
		at += len(l)
	}
	own := func(l string) bool {
		t := strings.TrimLeft(l, " ")
		return len(l)-len(t) == m.col && strings.HasPrefix(t, key+":")
	}
	for i := this + 1; i < len(lines) && !leavesMapping(lines[i], m.col); i++ {
		if own(lines[i]) {
			return true
		}
	}
	if m.dash {
		return false
	}
	for i := this - 1; i >= 0 && !leavesMapping(lines[i], m.col); i-- {
		if own(lines[i]) {
			return true
		}
		if dashOf(lines[i]) == m.col { // the first line of the item
			break
		}
	}
	return false
}

// leavesMapping reports whether a line of a template belongs to no mapping whose keys stand at a column.
func leavesMapping(line string, col int) bool {
	t := strings.TrimSpace(line)
	if t == "" || strings.HasPrefix(t, "#") || strings.HasPrefix(t, "{{") {
		return strings.HasPrefix(t, "{{- define") || strings.HasPrefix(t, "{{ define")
	}
	indent := len(line) - len(strings.TrimLeft(line, " "))
	return indent < col
}

// dashOf is the column of the key after a line's dashes, -1 when it has none.
func dashOf(line string) int {
	t := strings.TrimLeft(line, " -")
	if lead := line[:len(line)-len(t)]; strings.Contains(lead, "- ") {
		return len(lead)
	}
	return -1
}
