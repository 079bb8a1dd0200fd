package fix

import (
	"bytes"
	"slices"

	"github.com/syncgate/syncgate/fix/yamledit"
)

// Span is where a patch changes a file: Lines lines of the file as it was, from Line (1-based) on. With no lines at all,
// what is new stands before Line.
type Span struct {
	File  string `json:"file"`
	Line  int    `json:"line"`
	Lines int    `json:"lines"`
}

// Spans are the places that a patch changes, by file and line, each once. A patch that makes a mapping which other
// patches fill as well shares its place with them.
func (v *Verified) Spans(x *Patch) []Span {
	var out []Span
	for _, f := range v.files {
		if !slices.Contains(x.files(), f.Name) {
			continue
		}
		edits, err := planEdits(f.Name, f.Before, []*Patch{x})
		if err != nil {
			edits = f.Edits // only together with the others can it be planned
		}
		for _, e := range edits {
			if s := spanOf(&f, e); !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

// spanOf counts lines as git does.
func spanOf(f *FileChange, e yamledit.Edit) Span {
	first := bytes.Count(f.Before[:e.Start], []byte("\n")) + 1
	last := bytes.Count(f.Before[:e.End], []byte("\n")) + 1
	atStart := e.Start == 0 || f.Before[e.Start-1] == '\n'
	wholeLines := atStart && (e.End == e.Start || f.Before[e.End-1] == '\n')
	if wholeLines {
		return Span{f.Name, first, last - first}
	}
	if e.Start == e.End && e.New != "" && (e.New[0] == '\n' || e.New[0] == '\r') {
		return Span{f.Name, first + 1, 0} // new lines after the end of one
	}
	return Span{f.Name, first, last - first + 1}
}
