package fix

import (
	"fmt"
	"strings"

	"github.com/hexops/gotextdiff"
	"github.com/hexops/gotextdiff/myers"
	"github.com/hexops/gotextdiff/span"
)

// Diff is a unified diff of all edited files, as git apply takes it. Line ends are kept as they are.
func (v *Verified) Diff() string {
	var b strings.Builder
	for _, f := range v.files {
		b.WriteString(f.Diff())
	}
	return b.String()
}

// Diff is the unified diff of one file.
func (f *FileChange) Diff() string {
	before, after := string(f.Before), string(f.After)
	if before == after {
		return ""
	}
	edits := myers.ComputeEdits(span.URIFromPath(f.Name), before, after)
	u := gotextdiff.ToUnified("a/"+f.Name, "b/"+f.Name, before, edits)
	return fmt.Sprintf("diff --git a/%s b/%s\n%s", f.Name, f.Name, fmt.Sprint(u))
}
