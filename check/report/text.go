package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/syncgate/syncgate/check"
)

const (
	defaultWidth = 120
	// compactAfter is how many findings of one rule the text report shows per file unless Verbose asks for all.
	compactAfter = 8
	// namesShown is how many sources or objects an entry names unless Verbose asks for all.
	namesShown = 4
)

// writeText writes the report for people: findings by file and place, what failed, then the accounting.
func writeText(w io.Writer, run *check.Run, o Options) error {
	if o.Width <= 0 {
		o.Width = defaultWidth
	}
	t := &text{w: bufio.NewWriter(w), o: o, run: run, advised: map[string]bool{}}
	counting, exempt := split(run)
	for _, g := range group(counting) {
		t.file(g)
	}
	if o.Verbose && len(exempt) > 0 {
		t.exempted(exempt)
	}
	if fs := failures(run); len(fs) > 0 {
		t.failures(fs)
	}
	if !o.Quiet {
		t.notices()
		t.accounting()
	}
	return t.w.Flush()
}

// text writes the text report. Strings from the repository go through Printable before they get here.
type text struct {
	w       *bufio.Writer
	o       Options
	run     *check.Run
	advised map[string]bool // rule and advice: said once
}

func (t *text) line(format string, args ...any) { fmt.Fprintf(t.w, format+"\n", args...) }

// file writes all entries of one file; consecutive ones at one place, or about the same objects, share that heading.
func (t *text) file(g fileGroup) {
	at, about := "", ""
	shown := map[*check.Rule]int{}
	var hidden []*check.Rule
	for _, e := range g.Entries {
		shown[e.Rule]++
		if n := shown[e.Rule]; n > compactAfter && !t.o.Verbose {
			if n == compactAfter+1 {
				hidden = append(hidden, e.Rule)
			}
			continue
		}
		if p, a := place(e.Finding), t.about(e); p != at || a != about {
			t.heading(p, a, a != about)
			at, about = p, a
		}
		t.entry(e)
	}
	for _, r := range hidden {
		t.line("%s", t.dim(fmt.Sprintf("  … and %d more of %s in this file (-v lists them)", shown[r]-compactAfter,
			Printable(r.ID))))
	}
	t.line("")
}

// heading writes a place, which terminals make clickable, and what is there unless the last heading said so.
func (t *text) heading(at, about string, say bool) {
	switch {
	case !say:
		t.line("%s", t.bold(at))
	case width(at)+2+width(about) <= t.o.Width:
		t.line("%s  %s", t.bold(at), about)
	default:
		t.line("%s\n%s", t.bold(at), t.wrap(about, "    ", "    "))
	}
}

// about names the objects of an entry and the sources that render them, where that is not the file itself.
func (t *text) about(e *entry) string {
	s := t.names(e.objects())
	if in := e.renderedBy(); in != nil {
		s += " in " + t.names(in)
	}
	return s
}

// names joins a few names and counts the others.
func (t *text) names(all []string) string {
	show := all
	if !t.o.Verbose && len(all) > namesShown+1 {
		show = all[:namesShown]
	}
	quoted := make([]string, len(show))
	for i, n := range show {
		quoted[i] = Printable(n)
	}
	s := strings.Join(quoted, ", ")
	if more := len(all) - len(show); more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}

// entry writes one root cause: what is asked, the rule, the safety of its fix, and advice when it is new.
func (t *text) entry(e *entry) {
	const indent = "           "
	severity := fmt.Sprintf("%-7s", e.Severity)
	tag := fmt.Sprintf("[%s, fix: %s]", Printable(e.Rule.ID), safety(e.Finding))
	body := t.wrap(Printable(e.Message), "  "+severity+"  ", indent)
	last := body[strings.LastIndexByte(body, '\n')+1:]
	sep := " "
	if width(last)+1+width(tag) > t.o.Width {
		sep = "\n" + indent
	}
	body = strings.Replace(body, severity, t.severity(e.Severity, severity), 1)
	t.line("%s%s%s", body, sep, t.tag(e, tag))
	key := e.Rule.ID + "\x00" + e.Advice
	if e.Advice == "" || t.advised[key] {
		return
	}
	t.advised[key] = true
	label := "review: "
	switch safety(e.Finding) {
	case check.FixManual:
		label = "by hand: "
	case check.FixSafe:
		label = "note: "
	}
	t.line("%s", t.dim(t.wrap(label+Printable(e.Advice), indent, indent+strings.Repeat(" ", len(label)))))
}

// exempted lists what an exemption covers, and why.
func (t *text) exempted(fs []*check.Finding) {
	t.line("%s", t.bold("exempted: "+plural(len(fs), "finding")))
	for _, f := range fs {
		t.line("  %s  %s [%s]", place(f), Printable(f.Message), Printable(f.Rule.ID))
		t.line("%s", t.wrap("because: "+Printable(f.Exempt.Reason)+" ("+Printable(f.Exempt.By)+")", "    ", "    "))
	}
	t.line("")
}

// notices says what the run has to say about its own inputs.
func (t *text) notices() {
	for i := range t.run.Notices {
		t.line("%s", t.wrap(noticeText(&t.run.Notices[i]), "notice    ", "          "))
	}
	if len(t.run.Notices) > 0 {
		t.line("")
	}
}

// failures says what could not be judged. It stands last but for the accounting, where nobody overlooks it.
func (t *text) failures(fs []failure) {
	t.line("%s", t.red("NOT JUDGED: "+plural(len(fs), "source")))
	for _, f := range fs {
		head := t.bold(Printable(f.Name))
		if f.Kind != "" {
			head += "  " + t.dim(Printable(string(f.Kind)))
		}
		t.line("  %s", head)
		msg := f.Msg
		if msg == "" {
			msg = "could not be judged"
		}
		if f.Place == "" {
			t.line("%s", t.wrap(Printable(msg), "    ", "    "))
		} else {
			t.line("%s", t.wrap(Printable(msg), "    "+f.Place+": ", "    "))
		}
		if f.Hint != "" {
			t.line("%s", t.wrap("hint: "+Printable(f.Hint), "    ", "          "))
		}
	}
	t.line("")
}

// wrap breaks a text at spaces so that it fits the width, with its first and its other lines indented as told.
func (t *text) wrap(s, first, rest string) string {
	var b strings.Builder
	b.WriteString(first)
	col, start := width(first), true
	for _, word := range strings.Fields(s) {
		n := width(word)
		switch {
		case start:
		case col+1+n > t.o.Width:
			b.WriteString("\n" + rest)
			col = width(rest)
		default:
			b.WriteByte(' ')
			col++
		}
		b.WriteString(word)
		col += n
		start = false
	}
	return b.String()
}

func width(s string) int { return utf8.RuneCountInString(s) }
