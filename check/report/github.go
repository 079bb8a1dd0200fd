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

// annotations is how many errors, and how many warnings, GitHub shows of one step; fifty of a job.
const annotations = 10

// writeGitHub writes workflow commands, which a runner turns into annotations: one for each root cause, the worst
// first, at most ten errors and ten warnings, and a notice that counts the others.
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
	if e, w := dropped[check.SeverityError], dropped[check.SeverityWarning]; e+w > 0 {
		fmt.Fprintln(out, command("notice", "", 0, 0, "syncgate", fmt.Sprintf(
			"%s and %s more: GitHub shows ten of each; the job summary or the log has all of them",
			plural(e, "error"), plural(w, "warning"))))
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
	return command(string(sev), where(e.Finding), e.Origin.Line, e.Origin.Column, "syncgate "+e.Rule.ID, lines...)
}

func annotateFailure(f failure) string {
	lines := []string{"not judged: " + Printable(cmp.Or(f.Msg, "could not be judged"))}
	if f.Hint != "" {
		lines = append(lines, Printable(f.Hint))
	}
	return command("error", cmp.Or(f.File, f.Name), f.Line, 0, "syncgate: "+f.Name, lines...)
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

// command is one workflow command. The lines of its message have been through Printable.
func command(name, file string, line, column int, title string, lines ...string) string {
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
