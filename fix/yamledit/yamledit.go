// Package yamledit computes the smallest byte edits that change fields of a YAML or JSON file.
//
// Everything an edit does not ask for stays as it was, byte for byte: comments, blank lines, quoting, indentation,
// sequence style, line breaks, a byte order mark, a missing final newline. Every plan is proven before it is returned:
// the edited bytes are parsed again and must hold the tree that the same operations make of the parsed nodes, and every
// comment. What cannot be proven is refused with a reason, and nothing is written.
package yamledit

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/syncgate/syncgate/render"
)

// Edit replaces data[Start:End] with New.
type Edit struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	New   string `json:"new"`
}

// ApplyEdits returns data with the edits made; data itself is left as it was.
// The edits must be sorted, lie within data and not overlap (they may touch); otherwise nothing is applied.
func ApplyEdits(data []byte, edits []Edit) ([]byte, error) {
	var out bytes.Buffer
	at := 0
	for i, e := range edits {
		if e.Start < at || e.End < e.Start || e.End > len(data) {
			return nil, fmt.Errorf("apply edits: edit %d replaces bytes %d to %d, after byte %d of %d",
				i, e.Start, e.End, at, len(data))
		}
		out.Write(data[at:e.Start])
		out.WriteString(e.New)
		at = e.End
	}
	out.Write(data[at:])
	return out.Bytes(), nil
}

// RefusedError says why a file cannot be edited, or why a wanted edit cannot be made without changing something that was
// not asked for.
type RefusedError struct {
	Path   render.Path
	Line   int // 1-based; 0 when no line of the file is to blame
	Reason string
}

func (e *RefusedError) Error() string {
	var b strings.Builder
	if e.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", e.Line)
	}
	if len(e.Path) > 0 {
		fmt.Fprintf(&b, "%s: ", e.Path)
	}
	b.WriteString(e.Reason)
	return b.String()
}
