package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/syncgate/syncgate/check"
)

// entry is one root cause: the findings of one rule, at one place, that want the same. A base that three overlays use
// gives three findings and one entry.
type entry struct {
	*check.Finding // the first of All
	All            []*check.Finding
}

// fileGroup is what was found in one file.
type fileGroup struct {
	File    string // "" when nothing in the repository holds the objects
	Entries []*entry
}

// group gathers findings by root cause, then by file; both in the order of file, line, column and rule.
func group(findings []*check.Finding) []fileGroup {
	byCause := map[string]*entry{}
	var entries []*entry
	for _, f := range findings {
		k := cause(f)
		e := byCause[k]
		if e == nil {
			e = &entry{Finding: f}
			byCause[k] = e
			entries = append(entries, e)
		}
		e.All = append(e.All, f)
	}
	slices.SortStableFunc(entries, func(a, b *entry) int {
		return cmp.Or(strings.Compare(where(a.Finding), where(b.Finding)), cmp.Compare(a.Origin.Line, b.Origin.Line),
			cmp.Compare(a.Origin.Column, b.Origin.Column), rank(a.Severity)-rank(b.Severity),
			strings.Compare(a.Rule.ID, b.Rule.ID))
	})
	var groups []fileGroup
	for _, e := range entries {
		if n := len(groups); n == 0 || groups[n-1].File != where(e.Finding) {
			groups = append(groups, fileGroup{File: where(e.Finding)})
		}
		g := &groups[len(groups)-1]
		g.Entries = append(g.Entries, e)
	}
	return groups
}

// cause is the key of a finding's root cause. Where the place is not known, it is not shared with another object; a
// finding that wants nothing is told from others by what it says.
func cause(f *check.Finding) string {
	parts := []string{f.Rule.ID, string(f.Severity), f.Origin.File, fmt.Sprint(f.Origin.Line, f.Origin.Column)}
	if f.Origin.File == "" || f.Origin.Line == 0 {
		parts = append(parts, f.Source, f.Object.ID())
	}
	if len(f.Want) == 0 {
		parts = append(parts, f.Path.String(), f.Message)
	}
	for _, w := range f.Want {
		parts = append(parts, w.String())
	}
	return fmt.Sprintf("%q", parts)
}

// where is the file that a finding is shown under: its origin's, else the source itself.
func where(f *check.Finding) string { return cmp.Or(f.Origin.File, f.Source) }

// place is a finding's position as editors and terminals understand it: file:line:col, as far as it is known.
func place(f *check.Finding) string {
	p := Printable(where(f))
	if f.Origin.File != "" && f.Origin.Line > 0 {
		p += fmt.Sprintf(":%d", f.Origin.Line)
		if f.Origin.Column > 0 {
			p += fmt.Sprintf(":%d", f.Origin.Column)
		}
	}
	return p
}

// rank orders severities, the worst first.
func rank(s check.Severity) int {
	if s == check.SeverityError {
		return 0
	}
	return 1
}

// sources lists the sources that render an entry, first seen first.
func (e *entry) sources() []string {
	return unique(e.All, func(f *check.Finding) string { return f.Source })
}

// renderedBy lists the sources that render an entry, nil when that is only the file itself.
func (e *entry) renderedBy() []string {
	in := e.sources()
	if len(in) == 1 && in[0] == where(e.Finding) {
		return nil
	}
	return in
}

// objects names the objects that an entry is about, first seen first, a kind only once in a row: "Deployment dev/web",
// "prod/web".
func (e *entry) objects() []string {
	ids := unique(e.All, func(f *check.Finding) string { return f.Object.Kind + "\x00" + f.Object.ID() })
	last := ""
	for i, id := range ids {
		kind, name, _ := strings.Cut(id, "\x00")
		if kind == last {
			name = strings.TrimPrefix(name, kind+" ")
		}
		ids[i], last = name, kind
	}
	return ids
}

func unique(fs []*check.Finding, name func(*check.Finding) string) []string {
	seen := map[string]bool{}
	var out []string
	for _, f := range fs {
		if n := name(f); !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

// split parts findings that count from those that an exemption covers.
func split(run *check.Run) (counting, exempt []*check.Finding) {
	for i := range run.Findings {
		if f := &run.Findings[i]; f.Exempt != nil {
			exempt = append(exempt, f)
		} else {
			counting = append(counting, f)
		}
	}
	return counting, exempt
}
