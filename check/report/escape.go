package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxRunes bounds what a report for eyes shows of one string.
const maxRunes = 1000

// Printable makes a string from a repository fit to be shown on one line of a terminal, a log or a page. Control
// characters (so terminal escapes and newlines), characters that reorder or hide text (bidirectional controls,
// zero-width ones: the whole Unicode category Cf), unassigned ones and broken UTF-8 become visible escapes such as \x1b
// and \u202e. So does what GitHub's runner would take for a command (actions/runner, ActionCommand.cs): "##[" anywhere,
// and "::" at the start of a line, which is the start of the string or, since lines are wrapped there, after a space.
// Ordinary text is left alone.
func Printable(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	count := 0
	for i := 0; i < len(s); {
		if count == maxRunes {
			fmt.Fprintf(&b, "… (%d more bytes)", len(s)-i)
			break
		}
		count++
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == ':' && startsCommand(s, i), r == '#' && strings.HasPrefix(s[i:], "#["):
			fmt.Fprintf(&b, `\x%02x`, r)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r < utf8.RuneSelf:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		i += n
	}
	return b.String()
}

// plain reports whether Printable has nothing to do: printable ASCII without a colon in front or a runner's command.
func plain(s string) bool {
	if len(s) > maxRunes || strings.HasPrefix(s, ":") || strings.Contains(s, " ::") || strings.Contains(s, "#[") {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// startsCommand reports whether the colon at s[i] could begin a workflow command: it is the first character, or the
// first of two after a space.
func startsCommand(s string, i int) bool {
	return i == 0 || s[i-1] == ' ' && strings.HasPrefix(s[i:], "::")
}

// escapeJSON makes encoded JSON safe to print on a terminal and in a runner's log without changing its meaning:
// outside ASCII, what does not print becomes a \u escape, and so does the bracket of "##[".
func escapeJSON(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case r == '[' && i >= 2 && b[i-1] == '#' && b[i-2] == '#':
			out = append(out, `\u005b`...)
		case r == 0x7f, r >= utf8.RuneSelf && r <= 0xffff && !unicode.IsPrint(r):
			out = fmt.Appendf(out, `\u%04x`, r)
		case r > 0xffff && !unicode.IsPrint(r):
			hi, lo := (r-0x10000)>>10+0xd800, (r-0x10000)&0x3ff+0xdc00
			out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
		default:
			out = append(out, b[i:i+n]...)
		}
		i += n
	}
	return out
}
