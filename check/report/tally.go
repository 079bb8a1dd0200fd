package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

// tally is the accounting of a run. found = rendered + failed + skipped, and objects = pods + secrets + other +
// unjudged, where unjudged objects belong to failed sources.
type tally struct {
	found, rendered, failed, skipped           int
	objects, pods, secrets, other, unjudged    int
	findings, causes, errors, warnings, exempt int
	safe, review, manual                       int // findings that count, by the safety of their fix
	reasons                                    []count
	policies                                   []count // sources held against each
	rules                                      []ruleCount
}

// count is a text and how often it applies.
type count struct {
	Text string
	N    int
}

// ruleCount is a rule and what it found.
type ruleCount struct {
	Rule   *check.Rule
	N      int
	Worst  check.Severity
	Safety map[check.Safety]int
}

func tallyRun(run *check.Run) *tally {
	t := &tally{failed: run.Errors(), skipped: len(run.Skipped)}
	t.rendered = len(run.Sources) + len(run.Failed) - t.failed
	t.found = t.rendered + t.failed + t.skipped
	policies, reasons := map[string]int{}, map[string]int{}
	for i := range run.Sources {
		s := &run.Sources[i]
		t.objects += s.Objects
		t.pods += s.Pods
		t.secrets += s.Secrets
		t.other += s.Other
		t.unjudged += s.Objects - s.Pods - s.Secrets - s.Other
		if s.Err == nil {
			policies[policyText(s.Policy)]++
		}
	}
	for _, s := range run.Skipped {
		reasons[reasonKind(s.Reason)]++
	}
	t.policies, t.reasons = sortedCounts(policies), sortedCounts(reasons)
	t.countFindings(run)
	return t
}

func (t *tally) countFindings(run *check.Run) {
	t.errors, t.warnings, t.exempt = run.Count()
	counting, _ := split(run)
	t.findings = len(counting)
	for _, g := range group(counting) {
		t.causes += len(g.Entries)
	}
	byRule := map[string]*ruleCount{}
	for _, f := range counting {
		r := byRule[f.Rule.ID]
		if r == nil {
			r = &ruleCount{Rule: f.Rule, Worst: f.Severity, Safety: map[check.Safety]int{}}
			byRule[f.Rule.ID] = r
		}
		r.N++
		r.Safety[safety(f)]++
		if rank(f.Severity) < rank(r.Worst) {
			r.Worst = f.Severity
		}
		switch safety(f) {
		case check.FixSafe:
			t.safe++
		case check.FixReview:
			t.review++
		default:
			t.manual++
		}
	}
	for _, r := range byRule {
		t.rules = append(t.rules, *r)
	}
	slices.SortFunc(t.rules, func(a, b ruleCount) int {
		return cmp.Or(rank(a.Worst)-rank(b.Worst), b.N-a.N, strings.Compare(a.Rule.ID, b.Rule.ID))
	})
}

// safety is a finding's safety; what wants nothing cannot be fixed, whatever it says.
func safety(f *check.Finding) check.Safety {
	if len(f.Want) == 0 || f.Safety != check.FixSafe && f.Safety != check.FixReview {
		return check.FixManual
	}
	return f.Safety
}

func policyText(p check.Policy) string { return Printable(p.Level) + " " + Printable(p.Version) }

// reasonKind is a reason for skipping without the name in it, so that reasons can be counted.
func reasonKind(reason string) string {
	for _, k := range []struct{ prefix, kind string }{
		{"used by ", "used by another source"},
		{"read by ", "read by a kustomization"},
		{"part of the chart ", "part of a chart"},
		{"judged as the Application ", "judged as an Application applies it"},
		{"link to ", "link to what is judged elsewhere"},
	} {
		if strings.HasPrefix(reason, k.prefix) {
			return k.kind
		}
	}
	return Printable(reason)
}

func sortedCounts(m map[string]int) []count {
	var out []count
	for text, n := range m {
		out = append(out, count{text, n})
	}
	slices.SortFunc(out, func(a, b count) int { return cmp.Or(b.N-a.N, strings.Compare(a.Text, b.Text)) })
	return out
}

// failure is a source, or a path that is none, that could not be judged.
type failure struct {
	Name  string // the source's ID, or the path
	Kind  render.Kind
	Place string // file:line of the innermost cause, as far as it is known, fit to print
	*render.Error
}

// failures lists what could not be judged, sorted by name.
func failures(run *check.Run) []failure {
	var out []failure
	for i := range run.Sources {
		if s := &run.Sources[i]; s.Err != nil {
			out = append(out, failure{Name: s.Source.ID, Kind: s.Source.Kind, Error: s.Err})
		}
	}
	for _, e := range run.Failed {
		out = append(out, failure{Name: cmp.Or(e.Source, e.File), Error: e})
	}
	for i := range out {
		f := &out[i]
		if f.File != "" {
			f.Place = Printable(f.File)
			if f.Line > 0 {
				f.Place += fmt.Sprintf(":%d", f.Line)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b failure) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// noticeText is a notice and where what it is about is written, fit to print.
func noticeText(n *check.Notice) string {
	switch {
	case n.File == "":
		return Printable(n.Text)
	case n.Line == 0:
		return Printable(n.File) + ": " + Printable(n.Text)
	}
	return fmt.Sprintf("%s:%d: %s", Printable(n.File), n.Line, Printable(n.Text))
}

// verdict is the outcome in a word and a sentence.
type verdict struct {
	Code int    // as ExitCode's
	Word string // passed, failed or incomplete
	Text string
}

func judge(run *check.Run, t *tally, o Options) verdict {
	v := verdict{Code: ExitCode(run, o)}
	found := plural(t.errors, "error") + " and " + plural(t.warnings, "warning")
	switch {
	case t.errors == 0 && t.warnings == 0:
		found = "no findings"
	case t.warnings == 0:
		found = plural(t.errors, "error")
	case t.errors == 0:
		found = plural(t.warnings, "warning")
	}
	switch {
	case t.failed > 0:
		v.Word, v.Text = "incomplete", plural(t.failed, "source")+" could not be judged; "+found+" in the others"
		if t.rendered == 0 {
			v.Text = plural(t.failed, "source") + " could not be judged"
		}
	case t.rendered == 0 && v.Code != 0:
		v.Word, v.Text = "incomplete", "nothing to render was found"
	case t.rendered == 0 && run.Unchanged > 0:
		v.Word, v.Text = "passed", "nothing has changed"
	case t.rendered == 0:
		v.Word, v.Text = "passed", "nothing to render"
	case v.Code != 0:
		v.Word, v.Text = "failed", found
	default:
		v.Word, v.Text = "passed", found
	}
	return v
}

// plural is a number with its noun.
func plural(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "y"):
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(noun, "y"))
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
