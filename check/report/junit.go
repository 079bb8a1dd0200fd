package report

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/syncgate/syncgate/check"
)

// The elements that JUnit's readers agree on (Jenkins' junit-10.xsd): a suite per source, a case per rule and object.

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`

	SystemOut string `xml:"system-out,omitempty"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	Class     string        `xml:"classname,attr"`
	File      string        `xml:"file,attr,omitempty"`
	Line      int           `xml:"line,attr,omitempty"`
	Failure   *junitProblem `xml:"failure"`
	Error     *junitProblem `xml:"error"`
	Skipped   *junitSkipped `xml:"skipped"`
	SystemOut string        `xml:"system-out,omitempty"`
}

type junitProblem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

type junitSkipped struct {
	Message string `xml:"message,attr"`
}

// writeJUnit writes a test suite for each source. Its first case says whether the source rendered; then each rule
// that found something in an object is a case: failed when it makes the run fail, else passed with its text in
// system-out, skipped when it is exempted. Readers fail a build on any failure, so warnings are none unless
// Options.FailOn says so. Notices are the output of a suite without cases.
func writeJUnit(w io.Writer, run *check.Run, o Options) error {
	all := junitSuites{Name: "syncgate"}
	bySource := map[string][]*check.Finding{}
	for i := range run.Findings {
		f := &run.Findings[i]
		bySource[f.Source] = append(bySource[f.Source], f)
	}
	for i := range run.Sources {
		s := &run.Sources[i]
		c := junitCase{Name: "renders", Class: Printable(s.Source.ID)}
		if s.Err != nil {
			c.Error = junitFailure(failure{Error: s.Err})
		}
		all.add(junitSuite{Name: Printable(s.Source.ID), Cases: append([]junitCase{c},
			junitCases(bySource[s.Source.ID], o)...)})
		delete(bySource, s.Source.ID)
	}
	for _, id := range slices.Sorted(maps.Keys(bySource)) { // none in a sound run, but no finding is left out
		all.add(junitSuite{Name: Printable(id), Cases: junitCases(bySource[id], o)})
	}
	for _, e := range run.Failed {
		name := Printable(cmp.Or(e.Source, e.File))
		all.add(junitSuite{Name: name, Cases: []junitCase{{Name: "renders", Class: name,
			Error: junitFailure(failure{Error: e})}}})
	}
	var notices []string
	for i := range run.Notices {
		notices = append(notices, noticeText(&run.Notices[i]))
	}
	if len(notices) > 0 {
		all.add(junitSuite{Name: "notices", SystemOut: strings.Join(notices, "\n")})
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// add counts a suite's cases and appends it.
func (all *junitSuites) add(s junitSuite) {
	s.Tests = len(s.Cases)
	for _, c := range s.Cases {
		switch {
		case c.Error != nil:
			s.Errors++
		case c.Failure != nil:
			s.Failures++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
	all.Tests += s.Tests
	all.Failures += s.Failures
	all.Errors += s.Errors
	all.Skipped += s.Skipped
	all.Suites = append(all.Suites, s)
}

// junitCases makes a case for each rule and object of one source's findings.
func junitCases(fs []*check.Finding, o Options) []junitCase {
	var order []string
	byCase := map[string][]*check.Finding{}
	for _, f := range fs {
		k := fmt.Sprintf("%q %q %q %t", f.Rule.ID, f.Object.APIVersion, f.Object.ID(), f.Exempt != nil)
		if byCase[k] == nil {
			order = append(order, k)
		}
		byCase[k] = append(byCase[k], f)
	}
	var out []junitCase
	for _, k := range order {
		out = append(out, junitCaseOf(byCase[k], o))
	}
	return out
}

func junitCaseOf(fs []*check.Finding, o Options) junitCase {
	first := fs[0]
	c := junitCase{Name: Printable(first.Rule.ID) + " " + Printable(first.Object.ID()), Class: Printable(first.Source),
		File: Printable(first.Origin.File), Line: first.Origin.Line}
	var lines []string
	fail := false
	for _, f := range fs {
		fail = fail || fails(f, o)
		line := fmt.Sprintf("%s: %s: %s [fix: %s]", place(f), f.Severity, Printable(f.Message), safety(f))
		if f.Advice != "" {
			line += "\n  " + Printable(f.Advice)
		}
		lines = append(lines, line)
	}
	text := strings.Join(lines, "\n")
	switch {
	case first.Exempt != nil:
		c.Skipped = &junitSkipped{"exempted: " + Printable(first.Exempt.Reason) + " (" + Printable(first.Exempt.By) + ")"}
	case fail:
		c.Failure = &junitProblem{Message: Printable(first.Message), Type: Printable(first.Rule.ID), Text: text}
	default:
		c.SystemOut = text
	}
	return c
}

func junitFailure(f failure) *junitProblem {
	text := Printable(errorText(f.Error))
	p := &junitProblem{Message: text, Type: "not judged", Text: text}
	if f.Hint != "" {
		p.Text += "\nhint: " + Printable(f.Hint)
	}
	return p
}
