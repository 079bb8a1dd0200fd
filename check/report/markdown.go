package report

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/syncgate/syncgate/check"
)

// Bounds for Options.MaxBytes: GitHub takes comments of 65,536 characters and job summaries of 1 MiB. Both leave room
// for what a caller adds.
const (
	CommentBytes = 60_000
	SummaryBytes = 1_000_000
)

// writeMarkdown writes a report for a pull request's comment or a job summary (GitHub Flavored Markdown): the verdict,
// what failed, a table of rules, then the findings of each file to unfold. It is cut by whole entries to
// Options.MaxBytes, and says what was cut.
func writeMarkdown(w io.Writer, run *check.Run, o Options) error {
	if o.MaxBytes <= 0 {
		o.MaxBytes = CommentBytes
	}
	sum := tallyRun(run)
	m := &markdown{max: o.MaxBytes}
	m.header(run, sum, o)
	m.failures(failures(run))
	m.notices(run.Notices)
	m.rules(sum)
	counting, _ := split(run)
	m.findings(group(counting))
	m.next(sum, o)
	_, err := io.WriteString(w, m.b.String())
	return err
}

// tailBytes is kept free for what follows the entries: closing tags, the count of what is cut, the next steps.
const tailBytes = 2000

type markdown struct {
	b   strings.Builder
	max int
}

func (m *markdown) add(format string, args ...any) { fmt.Fprintf(&m.b, format, args...) }

// fits reports whether an entry can be added and the rest still be said.
func (m *markdown) fits(entry string) bool { return m.b.Len()+len(entry)+tailBytes <= m.max }

func (m *markdown) header(run *check.Run, sum *tally, o Options) {
	v := judge(run, sum, o)
	icon := map[string]string{"passed": "✅", "failed": "❌", "incomplete": "⛔"}[v.Word]
	m.add("### %s syncgate %s: %s\n\n", icon, v.Word, v.Text)
	m.add("| | |\n|---|---|\n")
	m.add("| Sources | %d found: %d rendered, %d failed, %d skipped |\n", sum.found, sum.rendered, sum.failed, sum.skipped)
	m.add("| Objects | %s |\n", objectCounts(sum))
	m.add("| Findings | %s |\n", findingCounts(sum))
	m.add("| Policy | %s |\n", mdText(policies(sum)))
}

func (m *markdown) failures(fs []failure) {
	if len(fs) == 0 {
		return
	}
	m.add("\n#### Not judged\n\n")
	for i, f := range fs {
		entry := "- " + mdCode(f.Name) + ": " + mdText(errorText(f.Error))
		if f.Hint != "" {
			entry += "<br>" + mdText(f.Hint)
		}
		entry += "\n"
		if !m.fits(entry) {
			m.add("- … and %d more\n", len(fs)-i)
			return
		}
		m.b.WriteString(entry)
	}
}

func (m *markdown) notices(ns []check.Notice) {
	if len(ns) == 0 {
		return
	}
	m.add("\n#### Notices\n\n")
	for i := range ns {
		entry := "- " + mdText(noticeText(&ns[i])) + "\n"
		if !m.fits(entry) {
			m.add("- … and %d more\n", len(ns)-i)
			return
		}
		m.b.WriteString(entry)
	}
}

func (m *markdown) rules(sum *tally) {
	if len(sum.rules) == 0 {
		return
	}
	m.add("\n| Rule | Severity | Findings | Fix |\n|---|---|--:|---|\n")
	for i, r := range sum.rules {
		var fixes []string
		for _, s := range []check.Safety{check.FixSafe, check.FixReview, check.FixManual} {
			if n := r.Safety[s]; n > 0 {
				fixes = append(fixes, fmt.Sprintf("%d %s", n, s))
			}
		}
		row := fmt.Sprintf("| %s | %s | %d | %s |\n", mdCode(r.Rule.ID), r.Worst, r.N, strings.Join(fixes, ", "))
		if !m.fits(row) {
			m.add("| … and %d more | | | |\n", len(sum.rules)-i)
			return
		}
		m.b.WriteString(row)
	}
}

// findings writes a section to unfold for each file, as long as entries fit.
func (m *markdown) findings(groups []fileGroup) {
	left := 0
	for _, g := range groups {
		left += len(g.Entries)
	}
	for _, g := range groups {
		head := mdFileHead(g)
		if !m.fits(head + mdEntry(g.Entries[0]) + mdFileTail) {
			break
		}
		m.b.WriteString(head)
		for i, e := range g.Entries {
			row := mdEntry(e)
			if !m.fits(row + mdFileTail) {
				m.add("| | … and %d more | | |\n", len(g.Entries)-i)
				break
			}
			m.b.WriteString(row)
			left--
		}
		m.b.WriteString(mdFileTail)
	}
	if left > 0 {
		m.add("\n… and %s more that did not fit here.\n", plural(left, "root cause"))
	}
}

const mdFileTail = "\n</details>\n"

func mdFileHead(g fileGroup) string {
	errors, warnings := 0, 0
	for _, e := range g.Entries {
		if rank(e.Severity) == 0 {
			errors++
		} else {
			warnings++
		}
	}
	return fmt.Sprintf("\n<details><summary>%s: %s, %s</summary>\n\n| Line | Finding | Fix | Where |\n|--:|---|---|---|\n",
		mdCode(g.File), plural(errors, "error"), plural(warnings, "warning"))
}

func mdEntry(e *entry) string {
	line := ""
	if e.Origin.File != "" && e.Origin.Line > 0 {
		line = fmt.Sprint(e.Origin.Line)
	}
	icon := "⚠️"
	if rank(e.Severity) == 0 {
		icon = "❌"
	}
	finding := icon + " " + mdText(e.Message) + "<br>" + mdCode(e.Rule.ID)
	if e.Advice != "" {
		finding += "<br><sub>" + mdText(e.Advice) + "</sub>"
	}
	about := mdNames(e.objects())
	if in := e.renderedBy(); in != nil {
		about += "<br>in " + mdNames(in)
	}
	return fmt.Sprintf("| %s | %s | %s | %s |\n", line, finding, safety(e.Finding), about)
}

func mdNames(all []string) string {
	var out []string
	for i, n := range all {
		if i == namesShown && len(all) > namesShown+1 {
			out = append(out, fmt.Sprintf("%d more", len(all)-i))
			break
		}
		out = append(out, mdCode(n))
	}
	return strings.Join(out, ", ")
}

func (m *markdown) next(sum *tally, o Options) {
	m.add("\n")
	for _, s := range nextSteps(sum, o) {
		line := mdText(s.Text) + "  \n"
		if s.Command != "" {
			line = mdCode(s.Command) + " " + line
		}
		if m.b.Len()+len(line) <= m.max { // there may be many Paths
			m.b.WriteString(line)
		}
	}
}

func mdCode(s string) string { return "<code>" + mdText(s) + "</code>" }

// mdText makes a string plain text in GitHub Flavored Markdown, table cells and inline HTML included: what could
// start markup, a link (www., ://, mail addresses) or HTML becomes a character reference, which never does
// (CommonMark 0.31, 2.5), and "@" and "#" are kept from mentioning people and issues by a zero-width space, since GitHub
// looks for mentions in the rendered text.
func mdText(s string) string {
	var b strings.Builder
	s = Printable(s)
	for i, r := range s {
		switch {
		case r == '@' || r == '#':
			fmt.Fprintf(&b, "&#%d;&#8203;", r)
		case r == '.' && i >= 3 && strings.EqualFold(s[i-3:i], "www"):
			b.WriteString("&#46;")
		case strings.ContainsRune(" .,;=/-\"'()", r), r > unicode.MaxASCII, unicode.IsLetter(r), unicode.IsDigit(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "&#%d;", r)
		}
	}
	return b.String()
}

// Markdown makes a string from a repository plain text in GitHub Flavored Markdown: it starts no markup, no link, no
// HTML, and mentions nobody.
func Markdown(s string) string { return mdText(s) }
