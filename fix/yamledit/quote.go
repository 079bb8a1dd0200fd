package yamledit

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// misread are plain scalars that some YAML reader takes for something else than a string: kyaml itself, or one of
// YAML 1.1 (booleans like "on", octal and sexagesimal numbers, dates) or 1.2.
var misread = regexp.MustCompile(`^(?i:` +
	`y|yes|n|no|on|off|true|false|null|~|=|<<` +
	`|[-+]?(0b[01_]+|0o[0-7_]+|0x[0-9a-f_]+)` +
	`|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?` +
	`|[-+]?([0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(e[-+]?[0-9_]+)?` +
	`|[-+]?\.(inf|nan)` +
	`|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*` +
	`)$`)

// plainSafe reports whether s can be written without quotes and every reader takes it for that string.
func plainSafe(s string, inFlow bool) bool {
	if s == "" || strings.TrimSpace(s) != s || strings.HasSuffix(s, ":") || !printable(s) {
		return false
	}
	if strings.Contains(s, ": ") || strings.Contains(s, " #") || inFlow && strings.ContainsAny(s, ",[]{}") {
		return false
	}
	switch {
	case strings.ContainsRune(",[]{}#&*!|>'\"%@`", rune(s[0])):
		return false
	case strings.ContainsRune("-?:", rune(s[0])):
		if len(s) == 1 || s[1] == ' ' || inFlow || strings.HasPrefix(s, "---") {
			return false
		}
	case strings.HasPrefix(s, "..."):
		return false
	}
	n := yaml.Node{Kind: yaml.ScalarNode, Value: s}
	return !misread.MatchString(s) && n.ShortTag() == yaml.NodeTagString
}

// printable reports whether every rune of s can stand unescaped on one line.
func printable(s string) bool {
	for _, r := range s {
		if !printableRune(r) {
			return false
		}
	}
	return utf8.ValidString(s)
}

func printableRune(r rune) bool {
	return r >= 0x20 && r < 0x7F || r >= 0xA0 && r != 0x2028 && r != 0x2029 && r != 0xFEFF && r != 0xFFFE && r != 0xFFFF
}

// quoted writes s in the given quotes, or in double quotes where single ones cannot hold it.
// Double-quoted text reads the same as YAML and as JSON.
func quoted(s string, quote yaml.Style) string {
	if quote == yaml.SingleQuotedStyle && printable(s) {
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case printableRune(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// literalHeader is how s begins as a literal block scalar ("|" or "|-"); false when it cannot, or need not, be one.
func literalHeader(s string) (string, bool) {
	text, final := strings.CutSuffix(s, "\n")
	if !strings.Contains(text, "\n") && !final || strings.HasSuffix(text, "\n") || text == "" || text[0] == ' ' {
		return "", false
	}
	for _, line := range strings.Split(text, "\n") {
		if !printable(strings.ReplaceAll(line, "\t", " ")) || strings.TrimRight(line, " \t") != line {
			return "", false
		}
	}
	if text[0] == '\n' || text[0] == '\t' {
		return "", false
	}
	if final {
		return "|", true
	}
	return "|-", true
}
