package fix

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/syncgate/syncgate/fix/yamledit"
	"github.com/syncgate/syncgate/render"
)

// valueMeaning says in a chart's README what a new value is.
var valueMeaning = map[string]string{
	"securityContext":          "Security context of the container",
	"containerSecurityContext": "Security context of the container",
	"podSecurityContext":       "Security context of the pod",
	"resources":                "Resources of the container",
}

var (
	tableRow  = regexp.MustCompile("^\\| *(`?)([A-Za-z0-9_.\\[\\]-]+)`? *\\|")
	tableRule = regexp.MustCompile(`^\|[ :|-]+\|\s*$`)
)

// readmeEdit adds a row for a new value to the table of values in a chart's README, when it has one: where the order of
// names puts it, in the columns of the table.
func readmeEdit(part *render.ChartPart, keys []string, value any) (file string, edit yamledit.Edit, ok bool) {
	i := slices.IndexFunc(part.Raw, func(f render.ChartFile) bool { return f.Name == "README.md" })
	if i < 0 {
		return "", edit, false
	}
	data := string(part.Raw[i].Data)
	name := strings.Join(keys, ".")
	lines := strings.SplitAfter(data, "\n")
	best, most := -1, -1
	var quote string
	var columns []string
	header := []string(nil)
	for i, line := range lines {
		if tableRule.MatchString(line) && i > 0 {
			header = cells(lines[i-1])
			continue
		}
		m := tableRow.FindStringSubmatch(line)
		if m == nil || !valueTable(header) {
			continue
		}
		// Behind the last name of the longest common beginning that is not behind the new one.
		if n := common(m[2], name); m[2] < name && n >= most {
			best, most, quote, columns = i+1, n, m[1], header
		}
	}
	if best < 0 {
		return "", edit, false
	}
	text := row(columns, quote+name+quote, keys[len(keys)-1], value)
	if strings.HasSuffix(lines[best-1], "\r\n") {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	at := len(strings.Join(lines[:best], ""))
	return part.Raw[i].File, yamledit.Edit{Start: at, End: at, New: text}, strings.HasSuffix(lines[best-1], "\n")
}

// valueTable reports whether a table's header is that of a table of values.
func valueTable(header []string) bool {
	return slices.ContainsFunc(header, isDefault) && len(header) > 1
}

func isDefault(column string) bool {
	c := strings.ToLower(column)
	return strings.Contains(c, "default") || c == "value"
}

// cells are the cells of a table's row.
func cells(line string) []string {
	var out []string
	for _, c := range strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|") {
		out = append(out, strings.TrimSpace(c))
	}
	return out
}

// row writes a row in the columns of a table.
func row(columns []string, name, last string, value any) string {
	raw, err := json.Marshal(value)
	if err != nil {
		raw = []byte("{}")
	}
	out := "|"
	for i, c := range columns {
		switch {
		case i == 0:
			out += " " + name + " |"
		case isDefault(c):
			out += " `" + string(raw) + "` |"
		case strings.EqualFold(c, "type"):
			out += " object |"
		default:
			out += " " + valueMeaning[last] + " |"
		}
	}
	return out + "\n"
}

// common is the length of the common beginning of two names.
func common(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
