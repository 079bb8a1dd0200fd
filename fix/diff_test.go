package fix

import (
	"bytes"
	"math/rand"
	"strings"
	"testing"

	"github.com/hexops/gotextdiff"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/fix/yamledit"
)

// TestLineEdits makes random edits of texts with few different lines. The lines of the diff make the same text, and where
// lines were only added, none is removed.
func TestLineEdits(t *testing.T) {
	pieces := []string{"a\n", "b\n", "\n", "a", "b\n  c\n", "\r\n"}
	added := 0
	for seed := range int64(20000) {
		g := rand.New(rand.NewSource(seed))
		var text strings.Builder
		for range g.Intn(8) {
			text.WriteString(pieces[g.Intn(len(pieces))])
		}
		before := []byte(text.String())
		var edits []yamledit.Edit
		only := g.Intn(2) == 0
		for at := 0; at <= len(before) && len(edits) < 3; {
			e := yamledit.Edit{Start: at + g.Intn(len(before)-at+1)}
			e.End = e.Start
			if only {
				for e.Start > 0 && before[e.Start-1] != '\n' {
					e.Start--
				}
				if e.End = e.Start; e.Start < at {
					break
				}
				e.New = []string{"a\n", "d\n", "b\na\n"}[g.Intn(3)]
			} else {
				e.End += g.Intn(min(5, len(before)-e.Start+1))
				e.New = pieces[g.Intn(len(pieces))]
			}
			edits = append(edits, e)
			at = e.End + 1
		}
		after, err := yamledit.ApplyEdits(before, edits)
		if err != nil {
			t.Fatal(err)
		}
		f := FileChange{Name: "x", Before: before, After: after, Edits: edits}
		lines := f.lineEdits()
		if got := gotextdiff.ApplyEdits(string(before), lines); got != string(after) {
			t.Fatalf("seed %d: %q with %+v gives %q, want %q: %+v", seed, before, edits, got, after, lines)
		}
		if diff, _ := f.Diff(&check.Values{}); only && !bytes.Equal(before, after) {
			if added++; strings.Contains(diff, "\n-") && strings.Count(diff, "\n-") != strings.Count(diff, "\n--- ") {
				t.Fatalf("seed %d: lines are removed:\n%s", seed, diff)
			}
		}
	}
	if added < 1000 {
		t.Errorf("%d texts got new lines: the test does not reach what it is for", added)
	}
}
