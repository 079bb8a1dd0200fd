package report

import (
	"fmt"
	"strings"

	"github.com/syncgate/syncgate/check"
)

// accounting writes the counts, which add up, and what to do next.
func (t *text) accounting() {
	sum := tallyRun(t.run)
	if t.o.Verbose {
		t.sources()
		t.skipped()
	}
	t.row("sources", t.sourceCounts(sum))
	t.row("objects", objectCounts(sum))
	t.row("findings", findingCounts(sum))
	t.row("policy", policies(sum))
	v := judge(t.run, sum, t.o)
	result := t.paint(codeGreen, v.Word)
	if v.Code != 0 {
		result = t.red(v.Word)
	}
	t.row("result", result+": "+v.Text)
	t.next(sum)
}

func (t *text) row(label, s string) {
	const indent = "          "
	t.line("%s%s", t.bold(fmt.Sprintf("%-10s", label)), strings.TrimPrefix(t.wrap(s, indent, indent), indent))
}

func (t *text) sourceCounts(sum *tally) string {
	s := fmt.Sprintf("%d found = %d rendered + %d failed + %d skipped", sum.found, sum.rendered, sum.failed, sum.skipped)
	var why []string
	for i, r := range sum.reasons {
		if i == 4 && len(sum.reasons) > 5 {
			why = append(why, "other reasons")
			break
		}
		why = append(why, fmt.Sprintf("%d %s", r.N, r.Text))
	}
	if len(why) > 0 {
		s += " (" + strings.Join(why, ", ") + ")"
	}
	return s
}

func objectCounts(sum *tally) string {
	s := fmt.Sprintf("%d rendered = %d with pods + %s + %d with neither",
		sum.objects, sum.pods, plural(sum.secrets, "Secret"), sum.other)
	if sum.unjudged != 0 {
		s += fmt.Sprintf(" + %d not judged", sum.unjudged)
	}
	return s
}

func findingCounts(sum *tally) string {
	s := fmt.Sprintf("%s, %s", plural(sum.errors, "error"), plural(sum.warnings, "warning"))
	if sum.exempt > 0 {
		s += fmt.Sprintf(", %d exempted", sum.exempt)
	}
	if sum.causes > 0 && sum.causes < sum.findings {
		s += fmt.Sprintf("; %s", plural(sum.causes, "root cause"))
	}
	return s
}

func policies(sum *tally) string {
	if len(sum.policies) == 1 {
		return sum.policies[0].Text
	}
	var out []string
	for _, p := range sum.policies {
		out = append(out, fmt.Sprintf("%s (%s)", p.Text, plural(p.N, "source")))
	}
	if len(out) == 0 {
		return "none applied"
	}
	return strings.Join(out, ", ")
}

// sources lists each source with what became of it.
func (t *text) sources() {
	if len(t.run.Sources) == 0 {
		return
	}
	t.line("%s", t.bold("sources"))
	pad := 0
	for i := range t.run.Sources {
		pad = max(pad, min(width(Printable(t.run.Sources[i].Source.ID)), 60))
	}
	for i := range t.run.Sources {
		s := &t.run.Sources[i]
		what := fmt.Sprintf("%s, %s", plural(s.Objects, "object"), usedPolicies(s))
		if s.Err != nil {
			what = t.red("not judged")
		}
		t.line("  %-*s  %s  %s", pad, Printable(s.Source.ID), t.dim(fmt.Sprintf("%-9s", Printable(string(s.Source.Kind)))), what)
	}
	t.line("")
}

// usedPolicies names the policies of a source: with the scopes they are from, and counted where there are several.
func usedPolicies(s *check.SourceReport) string {
	var out []string
	for _, u := range s.Policies {
		text := policyText(u.Policy)
		if u.Scope != "" {
			text += " by policy " + Printable(u.Scope)
		}
		if len(s.Policies) > 1 {
			text += " for " + plural(u.Pods, "workload")
		}
		out = append(out, text)
	}
	if len(out) == 0 {
		return policyText(s.Policy)
	}
	return strings.Join(out, ", ")
}

func (t *text) skipped() {
	if len(t.run.Skipped) == 0 {
		return
	}
	t.line("%s", t.bold("skipped"))
	for _, s := range t.run.Skipped {
		t.line("  %s  %s", Printable(s.Path), t.dim(Printable(s.Reason)))
	}
	t.line("")
}

// next suggests what to run now.
func (t *text) next(sum *tally) {
	for i, s := range nextSteps(sum, t.o) {
		label := ""
		if i == 0 {
			label = "next"
		}
		if s.Command != "" {
			s.Text = "`" + s.Command + "` " + s.Text
		}
		t.row(label, s.Text)
	}
}

// step is a suggestion: what to run and what that does. Without a command the text stands alone.
type step struct{ Command, Text string }

// nextSteps suggests what leads on from a run.
func nextSteps(sum *tally, o Options) []step {
	var out []step
	if n := sum.safe + sum.review; n > 0 {
		command := "syncgate fix"
		for _, p := range o.Paths {
			command += " " + shellWord(p)
		}
		out = append(out, step{command, fmt.Sprintf("to fix up to %d of %s (%s); --diff shows it first", n,
			plural(sum.findings, "finding"), fixSplit(sum))})
	} else if sum.manual > 0 {
		out = append(out, step{Text: need(sum.manual) + " a person's decision"})
	}
	if len(sum.rules) > 0 {
		out = append(out, step{"syncgate rules " + Printable(sum.rules[0].Rule.ID), "explains a rule"})
	}
	return out
}

func need(n int) string {
	if n == 1 {
		return "1 finding needs"
	}
	return fmt.Sprintf("%d findings need", n)
}

// fixSplit says how safe the fixes are, and what has none.
func fixSplit(sum *tally) string {
	var parts []string
	if sum.safe > 0 {
		parts = append(parts, fmt.Sprintf("%d safe", sum.safe))
	}
	if sum.review > 0 {
		parts = append(parts, fmt.Sprintf("%d to review", sum.review))
	}
	s := strings.Join(parts, ", ")
	if sum.manual > 0 {
		s += fmt.Sprintf("; %d left to you", sum.manual)
	}
	return s
}

// shellWord quotes an argument for a POSIX shell when it needs it.
func shellWord(s string) string {
	if s == "" {
		return "''"
	}
	for _, r := range s {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-", r) {
			return "'" + strings.ReplaceAll(Printable(s), "'", `'\''`) + "'"
		}
	}
	return Printable(s)
}
