package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/syncgate/syncgate/check"
)

// annotations is how many errors, how many warnings, and how many notices GitHub shows of one step; fifty of a job.
const annotations = 10

// writeGitHub writes workflow commands, which a runner turns into annotations: one for each root cause, the worst
// first, at most ten errors and ten warnings; the run's notices; and a notice that counts the others.
// https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
func writeGitHub(w io.Writer, run *check.Run, _ Options) error {
	out := bufio.NewWriter(w)
	counting, _ := split(run)
	left := map[check.Severity]int{check.SeverityError: annotations, check.SeverityWarning: annotations}
	dropped := map[check.Severity]int{}
	emit := func(sev check.Severity, command string) {
		if left[sev] == 0 {
			dropped[sev]++
			return
		}
		left[sev]--
		fmt.Fprintln(out, command)
	}
	for _, f := range failures(run) {
		emit(check.SeverityError, annotateFailure(f))
	}
	for _, e := range bySeverity(group(counting)) {
		sev := check.SeverityWarning
		if rank(e.Severity) == 0 {
			sev = check.SeverityError
		}
		emit(sev, annotateEntry(e, sev))
	}
	notices := run.Notices[:min(len(run.Notices), annotations-1)] // one is kept for the count
	for _, n := range notices {
		fmt.Fprintln(out, WorkflowCommand("notice", n.File, n.Line, 0, "syncgate", Printable(n.Text)))
	}
	if e, w, n := dropped[check.SeverityError], dropped[check.SeverityWarning], len(run.Notices)-len(notices); e+w+n > 0 {
		more := plural(e, "error") + " and " + plural(w, "warning")
		if n > 0 {
			more = plural(e, "error") + ", " + plural(w, "warning") + " and " + plural(n, "notice")
		}
		fmt.Fprintln(out, WorkflowCommand("notice", "", 0, 0, "syncgate",
			more+" more: GitHub shows ten of each; the job summary or the log has all of them"))
	}
	return out.Flush()
}

// bySeverity lists all entries, the worst first, otherwise in the order of the report.
func bySeverity(groups []fileGroup) []*entry {
	var all []*entry
	for _, g := range groups {
		all = append(all, g.Entries...)
	}
	slices.SortStableFunc(all, func(a, b *entry) int { return cmp.Compare(weight(b.Finding), weight(a.Finding)) })
	return all
}

func annotateEntry(e *entry, sev check.Severity) string {
	lines := []string{Printable(e.Message)}
	about := strings.Join(printables(e.objects(), namesShown), ", ")
	if in := e.renderedBy(); in != nil {
		about += " in " + strings.Join(printables(in, namesShown), ", ")
	}
	lines = append(lines, about, "fix: "+string(safety(e.Finding)))
	if e.Advice != "" {
		lines[2] += ": " + Printable(e.Advice)
	}
	return WorkflowCommand(string(sev), where(e.Finding), e.Origin.Line, e.Origin.Column, "syncgate "+e.Rule.ID, lines...)
}

func annotateFailure(f failure) string {
	lines := []string{"not judged: " + Printable(cmp.Or(f.Msg, "could not be judged"))}
	if f.Hint != "" {
		lines = append(lines, Printable(f.Hint))
	}
	return WorkflowCommand("error", cmp.Or(f.File, f.Name), f.Line, 0, "syncgate: "+f.Name, lines...)
}

// printables makes names fit to print, and counts those beyond the first few.
func printables(names []string, most int) []string {
	var out []string
	for i, n := range names {
		if i == most && len(names) > most+1 {
			return append(out, fmt.Sprintf("%d more", len(names)-most))
		}
		out = append(out, Printable(n))
	}
	return out
}

// WorkflowCommand is one workflow command: error, warning or notice, about a file or, with "", about none; a line or column of 0
// is unknown. The lines of its message have been through Printable.
func WorkflowCommand(name, file string, line, column int, title string, lines ...string) string {
	var props []string
	add := func(key, value string) { props = append(props, key+"="+escapeProperty(Printable(value))) }
	if file != "" {
		add("file", file)
		if line > 0 {
			add("line", fmt.Sprint(line))
			if column > 0 {
				add("col", fmt.Sprint(column))
			}
		}
	}
	add("title", title)
	return "::" + name + " " + strings.Join(props, ",") + "::" + escapeData(strings.Join(lines, "\n"))
}

// escapeData and escapeProperty are those of @actions/core (command.ts), and the runner's ActionCommand.cs undoes them.
func escapeData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func escapeProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
