package fix

import (
	"fmt"
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
	plain := f.unified(before, after)
	hidden := f.unified(hide(before, secrets), hide(after, secrets))
	return hidden, hidden != plain
}

func (f *FileChange) unified(before, after string) string {
	if f.Before == nil {
		return f.made(after)
	}
	edits := myers.ComputeEdits(span.URIFromPath(f.Name), before, after)
	u := gotextdiff.ToUnified("a/"+f.Name, "b/"+f.Name, before, edits)
	return fmt.Sprintf("diff --git a/%s b/%s\n%s", f.Name, f.Name, fmt.Sprint(u))
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
