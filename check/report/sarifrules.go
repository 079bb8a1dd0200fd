package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/syncgate/syncgate/check"
)

const homepage = "https://github.com/syncgate/syncgate"

func sarifDriver(o Options, rules []*check.Rule) sarifComponent {
	c := sarifComponent{Name: "syncgate", InformationURI: homepage, Version: cmp.Or(o.Version, "devel"),
		Rules: []sarifRule{}}
	if v, err := semver.StrictNewVersion(strings.TrimPrefix(o.Version, "v")); err == nil {
		c.SemanticVersion = v.String()
	}
	for _, r := range rules {
		c.Rules = append(c.Rules, sarifRuleOf(r))
	}
	return c
}

// sarifRules lists the rules of some findings, sorted by ID.
func sarifRules(findings []*check.Finding) []*check.Rule {
	seen := map[string]bool{}
	var out []*check.Rule
	for _, f := range findings {
		if !seen[f.Rule.ID] {
			seen[f.Rule.ID] = true
			out = append(out, f.Rule)
		}
	}
	slices.SortFunc(out, func(a, b *check.Rule) int { return strings.Compare(a.ID, b.ID) })
	return out
}

func sarifRuleOf(r *check.Rule) sarifRule {
	_, name, _ := strings.Cut(r.ID, "/")
	level := "error"
	if r.Severity == check.SeverityWarning {
		level = "warning"
	}
	title := cmp.Or(r.Title, r.ID)
	return sarifRule{
		ID: r.ID, Name: cmp.Or(name, r.ID),
		ShortDescription: sarifText{Text: title},
		FullDescription:  sarifText{Text: cmp.Or(r.Why, title)},
		HelpURI:          homepage,
		Help:             sarifText{Text: helpText(r), Markdown: helpMarkdown(r)},
		Default:          sarifLevel{Level: level},
		Properties: sarifRuleProperties{Tags: ruleTags(r), Precision: "very-high", ProblemSeverity: level,
			SecuritySeverity: fmt.Sprintf("%.1f", score(r))},
	}
}

// score is a rule's security-severity. GitHub calls 9 and more critical, 7 high, 4 medium.
func score(r *check.Rule) float64 {
	switch {
	case r.Group() == "secret":
		return 9.1
	case r.Severity == check.SeverityError:
		return 8
	}
	return 5
}

func ruleTags(r *check.Rule) []string {
	tags := []string{"security", "kubernetes", r.Group()}
	for _, id := range r.OWASP {
		tags = append(tags, "external/owasp-kubernetes/"+id)
	}
	for _, id := range r.CIS {
		tags = append(tags, "external/cis-kubernetes/"+id)
	}
	return tags
}

func helpText(r *check.Rule) string {
	parts := []string{cmp.Or(r.Title, r.ID) + "."}
	for _, p := range []string{r.Why, r.Fix} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(append(parts, "Run `syncgate rules "+r.ID+"` for more."), "\n\n")
}

// helpMarkdown explains a rule; the text is syncgate's own, nothing of it comes from a repository.
func helpMarkdown(r *check.Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**\n", cmp.Or(r.Title, r.ID))
	section := func(title, body string) {
		if body != "" {
			fmt.Fprintf(&b, "\n%s%s\n", title, body)
		}
	}
	section("", r.Why)
	section("Fix: ", r.Fix)
	if r.Example != (check.Example{}) {
		section("", "```yaml\n# bad\n"+strings.TrimRight(r.Example.Bad, "\n")+"\n# good\n"+
			strings.TrimRight(r.Example.Good, "\n")+"\n```")
	}
	section("", "Run `syncgate rules "+r.ID+"` for more.")
	return b.String()
}
