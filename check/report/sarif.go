package report

import (
	"cmp"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/syncgate/syncgate/check"
)

// sarifResults is how many results GitHub keeps of a run; it refuses more than 25,000.
// https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
const sarifResults = 5000

// writeSARIF writes SARIF 2.1.0 (OASIS) as GitHub's code scanning reads it: one run with an automationDetails.id,
// locations relative to the repository, fingerprints of our own, at most sarifResults results, the most severe ones.
func writeSARIF(w io.Writer, run *check.Run, o Options) error {
	s := &sarif{run: run, o: o, seen: map[string]int{}}
	findings, dropped := s.kept()
	rules := sarifRules(findings)
	index := map[string]int{}
	for i, r := range rules {
		index[r.ID] = i
	}
	results := []sarifResult{}
	for _, f := range findings {
		results = append(results, s.result(f, index[f.Rule.ID]))
	}
	out := sarifRun{
		Tool:              sarifTool{Driver: sarifDriver(o, rules)},
		AutomationDetails: sarifID{cmp.Or(o.Category, "syncgate") + "/"},
		Invocations:       []sarifInvocation{s.invocation(dropped)},
		OriginalURIBaseIDs: map[string]sarifArtifact{srcRoot: {Description: &sarifText{
			Text: "the root of the repository"}}},
		ColumnKind: "unicodeCodePoints",
		Results:    results,
	}
	return encodeJSON(w, sarifLog{
		Schema:  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
		Version: "2.1.0", Runs: []sarifRun{out},
	})
}

const srcRoot = "%SRCROOT%"

type sarif struct {
	run  *check.Run
	o    Options
	seen map[string]int // fingerprint: how often
}

// kept lists the findings that are reported, in the run's order, and counts those that are not.
func (s *sarif) kept() (kept []*check.Finding, dropped int) {
	order := make([]int, len(s.run.Findings))
	for i := range order {
		order[i] = i
	}
	if len(order) > sarifResults {
		slices.SortStableFunc(order, func(a, b int) int {
			return cmp.Compare(weight(&s.run.Findings[b]), weight(&s.run.Findings[a]))
		})
		dropped = len(order) - sarifResults
		order = order[:sarifResults]
		slices.Sort(order)
	}
	for _, i := range order {
		kept = append(kept, &s.run.Findings[i])
	}
	return kept, dropped
}

// weight orders findings by how much they matter: what is exempted least, then by the rule's score, if only the rule
// ranks as it does by default, then by severity.
func weight(f *check.Finding) float64 {
	switch {
	case f.Exempt != nil:
		return 0
	case f.Severity == check.SeverityError:
		return 10 + score(f.Rule)
	}
	return score(f.Rule)
}

func (s *sarif) result(f *check.Finding, rule int) sarifResult {
	print := f.Fingerprint()
	s.seen[print]++
	print = fmt.Sprintf("%s:%d", print, s.seen[print])
	r := sarifResult{
		RuleID: f.Rule.ID, RuleIndex: rule, Kind: "fail", Level: string(f.Severity),
		Message: sarifText{Text: sarifMessage(fmt.Sprintf("%s (%s in %s)", Printable(f.Message),
			Printable(f.Object.ID()), Printable(f.Source)))},
		Locations: []sarifLocation{s.location(f)},
		// GitHub tracks alerts by primaryLocationLineHash alone.
		PartialFingerprints: map[string]string{"primaryLocationLineHash": print, "syncgate/v1": print},
		Properties: sarifResultProperties{Source: f.Source, Policy: f.Policy.String(), Fix: string(safety(f)),
			Advice: f.Advice},
	}
	if f.Exempt != nil {
		r.Suppressions = []sarifSuppression{{Kind: "external", Status: "accepted",
			Justification: f.Exempt.Reason + " (" + f.Exempt.By + ")"}}
	}
	return r
}

// location is the origin, or what comes nearest to it: GitHub refuses results without one.
func (s *sarif) location(f *check.Finding) sarifLocation {
	object := f.Object.ID()
	l := sarifLocation{
		Physical: &sarifPhysical{
			Artifact: artifact(cmp.Or(f.Origin.File, f.Object.File, s.sourcePath(f.Source))),
			Region:   &sarifRegion{StartLine: max(1, f.Origin.Line), StartColumn: max(1, f.Origin.Column)},
		},
		Logical: []sarifLogical{{Name: f.Object.Name, FullyQualifiedName: object, Kind: "object"}},
	}
	if f.Container != "" {
		l.Logical = append(l.Logical, sarifLogical{Name: f.Container,
			FullyQualifiedName: object + " container " + f.Container, Kind: "object"})
	}
	if path := f.Path.String(); path != "" {
		l.Logical = append(l.Logical, sarifLogical{Name: path, FullyQualifiedName: object + " " + path, Kind: "property"})
	}
	return l
}

func (s *sarif) sourcePath(id string) string {
	for i := range s.run.Sources {
		if s.run.Sources[i].Source.ID == id {
			return s.run.Sources[i].Source.Path
		}
	}
	return id
}

// invocation says whether everything could be judged, and what could not.
func (s *sarif) invocation(dropped int) sarifInvocation {
	t := tallyRun(s.run)
	v := judge(s.run, t, s.o)
	inv := sarifInvocation{ExecutionSuccessful: v.Code != 2, ExitCode: v.Code, ExitCodeDescription: v.Word + ": " + v.Text,
		Notifications: []sarifNotification{}}
	for _, f := range failures(s.run) {
		inv.Notifications = append(inv.Notifications, sarifFailure(f))
	}
	for _, n := range s.run.Notices {
		inv.Notifications = append(inv.Notifications, sarifNotification{Level: "note",
			Message: sarifText{Text: sarifMessage(Printable(n.Text))}, Locations: sarifAt(n.File, n.Line)})
	}
	if dropped > 0 {
		text := fmt.Sprintf("%d of %d findings are left out, the least severe ones: GitHub keeps %d results of a run",
			dropped, len(s.run.Findings), sarifResults)
		inv.Notifications = append(inv.Notifications, sarifNotification{Level: "warning", Message: sarifText{Text: text}})
	}
	return inv
}

func sarifFailure(f failure) sarifNotification {
	text := Printable(f.Name) + " could not be judged: " + Printable(errorText(f.Error))
	if f.Hint != "" {
		text += "; " + Printable(f.Hint)
	}
	return sarifNotification{Level: "error", Message: sarifText{Text: sarifMessage(text)},
		Locations: sarifAt(cmp.Or(f.File, f.Name), f.Line)}
}

// sarifAt is a line of a file, the whole file for line 0, and nothing for "".
func sarifAt(file string, line int) []sarifLocation {
	if file == "" {
		return nil
	}
	p := &sarifPhysical{Artifact: artifact(file)}
	if line > 0 {
		p.Region = &sarifRegion{StartLine: line, StartColumn: 1}
	}
	return []sarifLocation{{Physical: p}}
}

// sarifMessage keeps plain text from being read as an embedded link (SARIF 2.1.0, 3.11.6): there brackets and
// backslashes would have to be escaped.
func sarifMessage(s string) string {
	if !strings.Contains(s, "](") {
		return s
	}
	return strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`).Replace(s)
}

// artifact is a file of the repository as a relative URI reference (RFC 3986): each segment is percent-encoded, colons
// too, so that none can be taken for a scheme.
func artifact(file string) sarifArtifact {
	segments := strings.Split(file, "/")
	for i, s := range segments {
		segments[i] = strings.ReplaceAll(url.PathEscape(s), ":", "%3A")
	}
	return sarifArtifact{URI: strings.Join(segments, "/"), URIBaseID: srcRoot}
}
