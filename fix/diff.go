package fix

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hexops/gotextdiff"
	"github.com/hexops/gotextdiff/myers"
	"github.com/hexops/gotextdiff/span"

	"github.com/syncgate/syncgate/check"
)

// Diff is a unified diff of all edited files. Line ends are kept as they are. git apply takes it unless masked is true: then
// secret values stand in it, and stars stand for them.
func (v *Verified) Diff() (diff string, masked bool) {
	var b strings.Builder
	for _, f := range v.files {
		text, hides := f.Diff(v.secrets)
		if hides {
			fmt.Fprintf(&b, "# %s: secret values are masked, so this part cannot be applied; syncgate fix writes it\n", f.Name)
		}
		masked = masked || hides
		b.WriteString(text)
	}
	return b.String(), masked
}

// Diff is the unified diff of one file, with secret values masked.
func (f *FileChange) Diff(secrets *check.Values) (diff string, masked bool) {
	before, after := string(f.Before), string(f.After)
	if before == after {
		return "", false
	}
	if f.Before == nil {
		plain, hidden := f.made(after), f.made(hide(after, secrets))
		return hidden, hidden != plain
	}
	plain := f.unified(before, f.lineEdits())
	hiddenBefore, hiddenAfter := hide(before, secrets), hide(after, secrets)
	if hiddenBefore == before && hiddenAfter == after {
		return plain, false
	}
	hidden := f.unified(hiddenBefore, myers.ComputeEdits(span.URIFromPath(f.Name), hiddenBefore, hiddenAfter))
	return hidden, hidden != plain
}

func (f *FileChange) unified(before string, edits []gotextdiff.TextEdit) string {
	u := gotextdiff.ToUnified("a/"+f.Name, "b/"+f.Name, before, edits)
	return fmt.Sprintf("diff --git a/%s b/%s\n%s", f.Name, f.Name, fmt.Sprint(u))
}

// lineEdits are the lines that go and come. They are looked for only where the edits are: to compare whole files takes time
// and memory with the square of their difference.
func (f *FileChange) lineEdits() []gotextdiff.TextEdit {
	lines := lineStarts(f.Before)
	if lines[len(lines)-1] < len(f.Before) {
		lines = append(lines, len(f.Before))
	}
	var out []gotextdiff.TextEdit
	for i := 0; i < len(f.Edits); {
		first := f.line(lines, f.Edits[i].Start)
		next, at := first, lines[first] // the line after those that change, and how much of them is written
		var now []byte
		for ; i < len(f.Edits) && f.line(lines, f.Edits[i].Start) <= next; i++ {
			e := f.Edits[i]
			now = append(append(now, f.Before[at:e.Start]...), e.New...)
			at = e.End
			next, _ = slices.BinarySearch(lines, at)
			if lines[next] == at && len(now) > 0 && now[len(now)-1] != '\n' && next < len(lines)-1 {
				next++ // what follows now stands on this line
			}
		}
		now = append(now, f.Before[at:lines[next]]...)
		out = append(out, changedLines(first, string(f.Before[lines[first]:lines[next]]), string(now))...)
	}
	return out
}

// line is the line that holds an offset, or a new one after the last.
func (f *FileChange) line(lines []int, at int) int {
	i, found := slices.BinarySearch(lines, at)
	last := len(lines) - 1
	if !found || i == last && last > 0 && f.Before[at-1] != '\n' {
		i--
	}
	return i
}

// changedLines are the edits that make some lines, which have others before them, into others.
func changedLines(above int, before, after string) []gotextdiff.TextEdit {
	a, b := strings.SplitAfter(before, "\n"), strings.SplitAfter(after, "\n")
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b, above = a[1:], b[1:], above+1
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	before, after = strings.Join(a, ""), strings.Join(b, "")
	at := func(line int) span.Point { return span.NewPoint(above+line, 1, 0) }
	if before == "" || after == "" {
		if before == after {
			return nil
		}
		n := strings.Count(before, "\n")
		if before != "" && !strings.HasSuffix(before, "\n") {
			n++
		}
		return []gotextdiff.TextEdit{{Span: span.New("", at(1), at(1+n)), NewText: after}}
	}
	edits := myers.ComputeEdits("", before, after)
	for i, e := range edits {
		edits[i].Span = span.New("", at(e.Span.Start().Line()), at(e.Span.End().Line()))
	}
	return edits
}

// made is the diff of a file that is made.
func (f *FileChange) made(text string) string {
	lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
	end := "\n"
	if !strings.HasSuffix(text, "\n") {
		end = "\n\\ No newline at end of file\n"
	}
	return fmt.Sprintf("diff --git a/%s b/%s\nnew file mode 100644\n--- /dev/null\n+++ b/%s\n@@ -0,0 +1,%d @@\n+%s%s", f.Name, f.Name, f.Name, len(lines),
		strings.Join(lines, "+"), end)
}
