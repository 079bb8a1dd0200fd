package fix

import (
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

// Spans are the places that each patch changes, by file and line. A patch that makes a mapping which other patches
// fill as well shares its place with them.
func (v *Verified) Spans() map[*Patch][]Span {
	parts := map[string][]patchPart{}
	for _, x := range v.patches {
		for _, p := range x.parts {
			parts[p.file] = append(parts[p.file], patchPart{x, p})
		}
	}
	out := map[*Patch][]Span{}
	for i := range v.files {
		f := &v.files[i]
		parsed, err := yamledit.Parse(f.Before)
		starts := lineStarts(f.Before)
		for _, p := range parts[f.Name] {
			edits := p.edits
			if err == nil && len(p.ops) > 0 {
				more, err := parsed.Sketch(p.fileOps(f.Before)...)
				if err != nil {
					more = f.Edits // only together with others can it be planned
				}
				edits = slices.Concat(edits, more)
			}
			for _, e := range edits {
				if s := spanOf(f, starts, e); !slices.Contains(out[p.patch], s) {
					out[p.patch] = append(out[p.patch], s)
				}
			}
		}
	}
	return out
}

// patchPart is what one patch does to one file.
type patchPart struct {
	patch *Patch
	part
}

// fileOps are a part's operations on its file's own documents.
func (p *part) fileOps(data []byte) []yamledit.Op {
	if p.in == nil {
		return p.ops
	}
	var t texts
	if t.add(data, *p) != nil {
		return nil
	}
	ops, err := t.ops()
	if err != nil {
		return nil
	}
	return ops
}

// lineStarts are the offsets at which lines start.
func lineStarts(data []byte) []int {
	out := []int{0}
	for i, c := range data {
		if c == '\n' {
			out = append(out, i+1)
		}
	}
	return out
}

// spanOf counts lines as git does.
func spanOf(f *FileChange, starts []int, e yamledit.Edit) Span {
	line := func(at int) int {
		i, found := slices.BinarySearch(starts, at)
		if !found {
			i--
		}
		return i + 1
	}
	first, last := line(e.Start), line(e.End)
	whole := starts[first-1] == e.Start && starts[last-1] == e.End
	switch {
	case whole:
		return Span{f.Name, first, last - first}
	case e.Start == e.End && e.New != "" && (e.New[0] == '\n' || e.New[0] == '\r'):
		return Span{f.Name, first + 1, 0} // new lines after the end of one
	}
	return Span{f.Name, first, last - first + 1}
}
