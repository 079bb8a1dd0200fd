package report

import (
	"crypto/sha256"
	_ "embed" // the page's parts
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/syncgate/syncgate/check"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string

	pageTemplate = sync.OnceValue(func() *template.Template {
		return template.Must(template.New("page").Parse(pageHTML))
	})
)

// pageEntries is how many root causes a page shows, the most severe ones: with more, browsers get slow.
const pageEntries = 5000

// writeHTML writes one page that needs nothing else: no network, by a content security policy that allows only the
// page's own style and script, by their hashes. Without script the page shows everything, without filters.
func writeHTML(w io.Writer, run *check.Run, o Options) error {
	return pageTemplate().Execute(w, newPage(run, o))
}

// page is what page.html shows. Its strings have been through Printable; html/template escapes them for their place.
type page struct {
	CSP      string
	CSS      template.CSS
	JS       template.JS
	Version  string
	Root     string
	Verdict  verdict
	Cards    []pageCard
	Failures []pageFailure
	Notices  []string
	Rules    []ruleCount
	LeftOut  int      // root causes beyond pageEntries
	In       []string // sources with findings, for the filter; entries name them by index
	Files    []pageFile
	Exempted []pageExempt
	Sources  []pageSource
	Skipped  []pageSkipped
	Steps    []step
}

type pageCard struct{ Label, Value, Detail string }

type pageFailure struct{ Name, Kind, Place, Msg, Hint string }

type pageFile struct {
	Name             string
	Errors, Warnings int
	Entries          []pageEntry
}

type pageEntry struct {
	Severity                     check.Severity
	Safety                       check.Safety
	Rule, Title, Message, Advice string
	Place                        string
	Objects, Sources             []string
	In                           string // " 0 4 ": indexes into page.In
}

type pageExempt struct{ Place, Message, Rule, Reason, By string }

type pageSource struct {
	ID, Kind, Policy             string
	Objects, Pods, Secrets, Rest int
	Failed                       bool
}

type pageSkipped struct{ Path, Reason string }

func newPage(run *check.Run, o Options) *page {
	sum := tallyRun(run)
	p := &page{
		CSP: "default-src 'none'; base-uri 'none'; form-action 'none'; style-src '" + hashOf(pageCSS) +
			"'; script-src '" + hashOf(pageJS) + "'",
		CSS: template.CSS(pageCSS), JS: template.JS(pageJS), // our own, embedded
		Version: Printable(o.Version), Root: Printable(o.Root), Verdict: judge(run, sum, o),
		Cards: pageCards(sum), Rules: sum.rules, Steps: nextSteps(sum, o),
	}
	for _, f := range failures(run) {
		p.Failures = append(p.Failures, pageFailure{Printable(f.Name), Printable(string(f.Kind)), f.Place,
			Printable(f.Msg), Printable(f.Hint)})
	}
	for i := range run.Notices {
		p.Notices = append(p.Notices, noticeText(&run.Notices[i]))
	}
	counting, exempt := split(run)
	p.files(counting)
	for _, f := range exempt {
		p.Exempted = append(p.Exempted, pageExempt{place(f), Printable(f.Message), Printable(f.Rule.ID),
			Printable(f.Exempt.Reason), Printable(f.Exempt.By)})
	}
	for i := range run.Sources {
		s := &run.Sources[i]
		p.Sources = append(p.Sources, pageSource{Printable(s.Source.ID), Printable(string(s.Source.Kind)),
			policyText(s.Policy), s.Objects, s.Pods, s.Secrets, s.Other, s.Err != nil})
	}
	for _, s := range run.Skipped {
		p.Skipped = append(p.Skipped, pageSkipped{Printable(s.Path), Printable(s.Reason)})
	}
	return p
}

func pageCards(sum *tally) []pageCard {
	objects := fmt.Sprintf("%d with pods, %s, %d with neither", sum.pods, plural(sum.secrets, "Secret"), sum.other)
	if sum.unjudged != 0 {
		objects += fmt.Sprintf(", %d not judged", sum.unjudged)
	}
	policy, more := "none", ""
	if len(sum.policies) > 0 {
		policy = sum.policies[0].Text
		more = plural(sum.policies[0].N, "source")
		for _, p := range sum.policies[1:] {
			more += fmt.Sprintf("; %s: %d", p.Text, p.N)
		}
	}
	return []pageCard{
		{"Findings", plural(sum.errors, "error"), fmt.Sprintf("%s, %d exempted; %s", plural(sum.warnings, "warning"),
			sum.exempt, plural(sum.causes, "root cause"))},
		{"Fixes", fmt.Sprintf("%d safe", sum.safe), fmt.Sprintf("%d to review, %d by hand", sum.review, sum.manual)},
		{"Sources", fmt.Sprintf("%d rendered", sum.rendered), fmt.Sprintf("%d found: %d failed, %d skipped", sum.found,
			sum.failed, sum.skipped)},
		{"Objects", fmt.Sprintf("%d rendered", sum.objects), objects},
		{"Policy", policy, more},
	}
}

// files fills in the findings, grouped, and the sources they are in.
func (p *page) files(findings []*check.Finding) {
	index := map[string]int{}
	for _, f := range findings {
		index[f.Source] = 0
	}
	for i, id := range slices.Sorted(maps.Keys(index)) {
		index[id] = i
		p.In = append(p.In, Printable(id))
	}
	groups := group(findings)
	shown := worst(groups, pageEntries)
	for _, g := range groups {
		file := pageFile{Name: Printable(g.File)}
		for _, e := range g.Entries {
			if !shown[e] {
				p.LeftOut++
				continue
			}
			entry := pageEntry{Severity: e.Severity, Safety: safety(e.Finding), Rule: Printable(e.Rule.ID),
				Title: Printable(e.Rule.Title), Message: Printable(e.Message), Advice: Printable(e.Advice),
				Place: place(e.Finding), In: " "}
			for _, o := range e.objects() {
				entry.Objects = append(entry.Objects, Printable(o))
			}
			for _, s := range e.renderedBy() {
				entry.Sources = append(entry.Sources, Printable(s))
			}
			for _, s := range e.sources() {
				entry.In += fmt.Sprintf("%d ", index[s])
			}
			if rank(e.Severity) == 0 {
				file.Errors++
			} else {
				file.Warnings++
			}
			file.Entries = append(file.Entries, entry)
		}
		if len(file.Entries) > 0 {
			p.Files = append(p.Files, file)
		}
	}
}

// worst picks the n most severe entries.
func worst(groups []fileGroup, n int) map[*entry]bool {
	all := bySeverity(groups)
	out := map[*entry]bool{}
	for _, e := range all[:min(n, len(all))] {
		out[e] = true
	}
	return out
}

// hashOf is a source expression of a content security policy (CSP level 3, 2.3.1).
func hashOf(s string) string {
	h := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(h[:])
}

// Plural is for the template.
func (p *page) Plural(n int, noun string) string { return plural(n, noun) }

// Join is for the template.
func (p *page) Join(s []string) string { return strings.Join(s, ", ") }
