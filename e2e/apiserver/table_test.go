package apiserver

import (
	"fmt"
	"sort"
	"strings"
	"testing"
	"text/tabwriter"
)

// judged is one pod under one policy.
type judged struct {
	pod    *pod
	server answer
	check  *opinion
}

// disagreement says how the two judges differ; empty when they do not. A pod that check could not judge fails the gate,
// which is only right for a pod that the server refuses as well.
func (j *judged) disagreement() string {
	why := strings.Join(append(j.check.why, j.check.failed), "; ")
	switch {
	case j.server.verdict == refused:
		return ""
	case j.check.failed != "":
		return fmt.Sprintf("check could not judge it: %s\n  but %s", why, j.server)
	case j.check.denied && j.server.verdict == allowed:
		return fmt.Sprintf("check finds %s\n  but the server accepts it", why)
	case !j.check.denied && j.server.verdict == denied:
		return fmt.Sprintf("check finds nothing\n  but %s", j.server)
	}
	return ""
}

func (a answer) String() string {
	if a.verdict == allowed {
		return "the server accepts it"
	}
	return "the server says: " + a.why
}

// counts is a row of the table.
type counts struct{ pods, denied, allowed, disagreed, refused int }

func (c *counts) add(d counts) {
	c.pods += d.pods
	c.denied += d.denied
	c.allowed += d.allowed
	c.disagreed += d.disagreed
	c.refused += d.refused
}

// table is the outcome of a test.
type table struct {
	text      strings.Builder
	rows      *tabwriter.Writer
	pods      []*pod
	total     counts
	disagreed []string
	refused   map[*pod]string
}

// shown is how many disagreements are told in full; one defect often makes hundreds.
const shown = 20

func newTable(pods []*pod) *table {
	t := &table{pods: pods, refused: map[*pod]string{}}
	t.rows = tabwriter.NewWriter(&t.text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t.rows, "policy\tpods\tdenied by both\tallowed by both\tdisagreements\trefused otherwise\t")
	return t
}

// add counts what became of the pods under one policy.
func (t *table) add(p policy, list []judged) {
	c := counts{pods: len(list)}
	for i := range list {
		j := &list[i]
		difference := j.disagreement()
		switch {
		case difference != "":
			c.disagreed++
			t.disagreed = append(t.disagreed, fmt.Sprintf("%s: %s\n  %s\n  %s", p, j.pod.from, difference, j.pod.json))
		case j.server.verdict == refused:
			c.refused++
			t.refused[j.pod] = j.server.why
		case j.server.verdict == denied:
			c.denied++
		default:
			c.allowed++
		}
	}
	t.row(p.String(), c)
	t.total.add(c)
}

func (t *table) row(name string, c counts) {
	fmt.Fprintf(t.rows, "%s\t%d\t%d\t%d\t%d\t%d\t\n", name, c.pods, c.denied, c.allowed, c.disagreed, c.refused)
}

// report prints the table and fails for disagreements, and for judges that always say the same.
func (t *table) report(test *testing.T) {
	test.Helper()
	t.row("all", t.total)
	t.rows.Flush()
	test.Logf("%d pods\n%s", len(t.pods), &t.text)
	if len(t.refused) > 0 {
		test.Logf("%d pods are refused for other reasons:\n%s", len(t.refused), t.refusals())
	}
	for _, d := range t.disagreed[:min(shown, len(t.disagreed))] {
		test.Error(d)
	}
	if more := len(t.disagreed) - shown; more > 0 {
		test.Errorf("and %d more disagreements", more)
	}
	if t.total.denied == 0 || t.total.allowed == 0 {
		test.Errorf("%d denied and %d allowed: the server does not enforce the labels of namespaces", t.total.denied, t.total.allowed)
	}
}

// refusals lists what the server refused before Pod Security was asked, one pod a line.
func (t *table) refusals() string {
	var lines []string
	for p, why := range t.refused {
		why = strings.TrimPrefix(strings.ReplaceAll(why, "\n", " "), `Pod "`+p.name+`" is invalid: `)
		if len(why) > 200 {
			why = why[:200] + "…"
		}
		lines = append(lines, "  "+p.from+": "+why+"\n")
	}
	sort.Strings(lines)
	return strings.Join(lines, "")
}

// dashed makes a version part of a name.
func dashed(version string) string { return strings.ReplaceAll(version, ".", "-") }
