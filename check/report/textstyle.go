package report

import "github.com/syncgate/syncgate/check"

// ANSI codes (ECMA-48, SGR): the eight colours every terminal theme defines.
const (
	codeBold   = "1"
	codeDim    = "2"
	codeRed    = "1;31"
	codeGreen  = "32"
	codeYellow = "33"
	codePurple = "35"
)

func (t *text) paint(code, s string) string {
	if !t.o.Color || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (t *text) bold(s string) string { return t.paint(codeBold, s) }
func (t *text) dim(s string) string  { return t.paint(codeDim, s) }
func (t *text) red(s string) string  { return t.paint(codeRed, s) }

func (t *text) severity(sev check.Severity, s string) string {
	if sev == check.SeverityError {
		return t.paint(codeRed, s)
	}
	return t.paint(codeYellow, s)
}

// tag paints the rule and safety of an entry by safety.
func (t *text) tag(e *entry, s string) string {
	switch safety(e.Finding) {
	case check.FixSafe:
		return t.paint(codeGreen, s)
	case check.FixReview:
		return t.paint(codeYellow, s)
	}
	return t.paint(codePurple, s)
}
