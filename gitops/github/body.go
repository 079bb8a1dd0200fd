package github

import (
	"fmt"
	"sort"
	"strings"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/check/report"
	"github.com/syncgate/syncgate/fix"
)

// maxBody leaves room below the 65,536 characters that GitHub takes.
const maxBody = 60_000

// title is the pull request's title and the commit's first line.
func title(v *fix.Verified) string {
	n := 0
	for _, p := range v.Patches() {
		n += len(p.Resolves)
	}
	files := v.Files()
	if len(files) == 1 {
		return fmt.Sprintf("syncgate: fix %s in %s", count(n, "finding"), short(files[0].Name))
	}
	return fmt.Sprintf("syncgate: fix %s in %s", count(n, "finding"), count(len(files), "file"))
}

// short keeps a name in a title from growing over all bounds, and from controlling a terminal.
func short(s string) string {
	s = strings.NewReplacer("@", "(at)", "#", "(hash)").Replace(report.Printable(s))
	if r := []rune(s); len(r) > 120 {
		return "…" + string(r[len(r)-119:])
	}
	return s
}

// commitMessage lists what was fixed, as plain text.
func commitMessage(v *fix.Verified) string {
	var b strings.Builder
	b.WriteString(title(v) + "\n\n")
	for i, p := range v.Patches() {
		if b.Len() > 4000 {
			fmt.Fprintf(&b, "and %d more\n", len(v.Patches())-i)
			break
		}
		fmt.Fprintf(&b, "- %s (%s): %s\n", short(p.Place.File), p.Safety(), short(p.Title()))
	}
	return b.String()
}

// body says what was fixed, how safe that is, what to test, and what is left. All text of the repository is escaped.
func body(v *fix.Verified, m marker) string {
	var b strings.Builder
	b.WriteString(m.String() + "\n")
	safe, review := 0, 0
	for _, p := range v.Patches() {
		if p.Safety() == check.FixReview {
			review++
		} else {
			safe++
		}
	}
	fmt.Fprintf(&b, "syncgate rendered the sources, found what does not pass, and made the smallest patch that mends it: %s safe (a correct "+
		"workload cannot notice), %d to review (test them first).\n\nEach was proven: with it applied, every source that reads an edited "+
		"file renders as before but for the fixed fields, and no new finding appears.\n", count(safe, "change"), review)
	advice := adviceOf(v)
	if len(advice) > 0 {
		section(&b, "Test before you merge", advice)
	}
	for _, f := range v.Files() {
		var rows []string
		for _, p := range v.Patches() {
			if p.Place.File == f.Name {
				rows = append(rows, patchRow(p))
			}
		}
		section(&b, code(f.Name), rows)
	}
	section(&b, "Left", leftOf(v))
	return b.String()
}

func patchRow(p *fix.Patch) string {
	row := fmt.Sprintf("**%s** %s", p.Safety(), report.Markdown(p.Title()))
	if n := len(p.Reaches()); n > 1 {
		row += fmt.Sprintf(" (reaches %d sources)", n)
	}
	for _, e := range p.Evidence() {
		row += "<br><sub>since " + report.Markdown(e) + "</sub>"
	}
	return row
}

func adviceOf(v *fix.Verified) []string {
	seen := map[string]bool{}
	for _, p := range v.Patches() {
		for _, a := range p.Advice() {
			seen["[ ] "+report.Markdown(a)] = true
		}
	}
	return keys(seen)
}

// leftOf says by rule what was not fixed, and why.
func leftOf(v *fix.Verified) []string {
	n := map[string]int{}
	for _, l := range v.Left() {
		n[code(l.Finding.Rule.ID)+": "+report.Markdown(l.Reason)]++
	}
	seen := map[string]bool{}
	for k, n := range n {
		seen[fmt.Sprintf("%s (%d)", k, n)] = true
	}
	return keys(seen)
}

// section writes a heading and a list, as much of it as fits.
func section(b *strings.Builder, heading string, rows []string) {
	if len(rows) == 0 || b.Len()+len(heading)+len(rows[0]) > maxBody {
		return
	}
	fmt.Fprintf(b, "\n#### %s\n\n", heading)
	for i, row := range rows {
		if b.Len()+len(row) > maxBody {
			fmt.Fprintf(b, "- … and %d more\n", len(rows)-i)
			return
		}
		b.WriteString("- " + row + "\n")
	}
}

func code(s string) string { return "<code>" + report.Markdown(s) + "</code>" }

func keys(set map[string]bool) []string {
	out := make([]string, 0, len(set))
	for k := range set {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
