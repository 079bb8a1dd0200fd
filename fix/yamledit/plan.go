package yamledit

import (
	"bytes"
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"
)

// maxAttempts bounds how many combinations of placements are tried for one operation.
const maxAttempts = 48

// Plan parses data and plans as File.Plan does.
func Plan(data []byte, ops ...Op) ([]Edit, error) {
	f, err := Parse(data)
	if err != nil {
		return nil, err
	}
	return f.Plan(ops...)
}

// Plan returns the edits that make the operations, in terms of the file's bytes: sorted, not overlapping, and none
// when everything is so already. Operations see the effect of those before them.
//
// It is all or nothing: when one operation cannot be made without changing something else, the error is a
// *RefusedError. Any other error is a mistake of the caller: a document that does not exist, a value that cannot be
// written.
func (f *File) Plan(ops ...Op) ([]Edit, error) {
	if len(ops) == 0 {
		return nil, nil
	}
	trees, batch, err := f.apply(ops)
	if err != nil {
		return nil, err
	}
	if batch {
		attempts := 1
		if len(ops) == 1 {
			attempts = maxAttempts
		}
		if edits, ok := f.realize(trees, attempts); ok {
			return edits, nil
		}
	}
	if len(ops) == 1 {
		doc := ops[0].document()
		return nil, f.unprovable(doc, trees[doc])
	}
	return f.split(ops)
}

// Sketch says where Plan would write, without proving it: the first way of making each change. It is for telling people
// where operations belong, and costs little in a file that is parsed already.
func (f *File) Sketch(ops ...Op) ([]Edit, error) {
	trees, _, err := f.apply(ops)
	if err != nil {
		return nil, err
	}
	var changes []change
	for i, d := range f.docs {
		if t := trees[i]; t != nil {
			changes = append(changes, f.changes(d, t)...)
		}
	}
	edits, ok := merge(f.data, gather(changes, make([]int, len(changes))))
	if !ok {
		return nil, fmt.Errorf("sketch edits: they overlap")
	}
	return edits, nil
}

// apply makes the trees that the operations ask for. batch is false when they must be planned one after the other.
func (f *File) apply(ops []Op) (trees map[int]*tree, batch bool, err error) {
	trees, batch = map[int]*tree{}, true
	for _, op := range ops {
		d := f.doc(op.document())
		if d == nil {
			return nil, false, fmt.Errorf("there is no document %d: the file has %d", op.document(), len(f.docs))
		}
		t := trees[op.document()]
		if t == nil {
			t = newTree(d)
			trees[op.document()] = t
		}
		if t.text != nil {
			return trees, false, nil
		}
		if err := op.apply(t); err != nil {
			return nil, false, err
		}
	}
	return trees, batch, nil
}

// unprovable says that every way of writing an operation failed its proof.
func (f *File) unprovable(doc int, t *tree) error {
	line, _, _ := f.Position(doc, t.path)
	return &RefusedError{Path: t.path, Line: line, Reason: "no way of writing it leaves the rest of the file as it is"}
}

// split plans each half of the operations on its own, the second on what the first makes.
func (f *File) split(ops []Op) ([]Edit, error) {
	half := len(ops) / 2
	first, err := f.Plan(ops[:half]...)
	if err != nil {
		return nil, err
	}
	between, err := ApplyEdits(f.data, first)
	if err != nil {
		return nil, err
	}
	mid, err := Parse(between)
	if err != nil {
		return nil, err
	}
	second, err := mid.Plan(ops[half:]...)
	if err != nil {
		return nil, err
	}
	after, err := ApplyEdits(between, second)
	if err != nil {
		return nil, err
	}
	edits := compose(f.data, first, second)
	if made, err := ApplyEdits(f.data, edits); err != nil || !bytes.Equal(made, after) {
		return nil, fmt.Errorf("join edits: they do not make the planned bytes (%v)", err)
	}
	return edits, nil
}

// realize derives edits from how the trees differ from their documents, and proves them. When a proof fails the next
// placement is tried, up to a number of attempts.
func (f *File) realize(trees map[int]*tree, attempts int) ([]Edit, bool) {
	var changes []change
	for i, d := range f.docs {
		if t := trees[i]; t != nil {
			changes = append(changes, f.changes(d, t)...)
		}
	}
	if len(changes) == 0 {
		return nil, true
	}
	choice := make([]int, len(changes))
	for range attempts {
		pieces := gather(changes, choice)
		if edits, ok := merge(f.data, pieces); ok && f.proven(edits, trees, pieces) {
			return edits, true
		}
		if !advance(choice, changes) {
			break
		}
	}
	return nil, false
}

func (f *File) proven(edits []Edit, trees map[int]*tree, pieces []piece) bool {
	data, err := ApplyEdits(f.data, edits)
	if err != nil {
		return false
	}
	edited, err := Parse(data)
	return err == nil && f.proves(edited, trees, pieces)
}

// changes lists the differences between a document and its tree.
func (f *File) changes(d *document, t *tree) []change {
	if t.text == nil && (comparer{}).equal(d.y(), t.root) {
		return nil // operations may undo each other
	}
	p := &planner{f: f, d: d, t: t, h: f.habits(d)}
	switch {
	case t.text != nil:
		p.replaceDocument(*t.text)
	case d.root != nil:
		p.diff(t.root)
	case t.root != nil:
		p.fillDocument(t.root)
	}
	return p.changes
}

// gather takes the chosen way of each change, and puts the pieces in the order in which they are written.
func gather(changes []change, choice []int) []piece {
	var pieces []piece
	for i, ways := range changes {
		if len(ways) > 0 {
			pieces = append(pieces, ways[choice[i]]()...)
		}
	}
	sort.SliceStable(pieces, func(i, j int) bool {
		a, b := pieces[i], pieces[j]
		if a.Start != b.Start {
			return a.Start < b.Start
		}
		if aInserts, bInserts := a.Start == a.End, b.Start == b.End; aInserts != bInserts {
			return aInserts
		}
		return a.depth > b.depth
	})
	return pieces
}

// advance turns to the next combination of ways; false after the last.
func advance(choice []int, changes []change) bool {
	for i := range choice {
		if choice[i]++; choice[i] < len(changes[i]) {
			return true
		}
		choice[i] = 0
	}
	return false
}

// merge makes edits of sorted pieces: those that touch become one, and what an edit leaves as it was is cut off at both
// ends. false when pieces overlap.
func merge(data []byte, pieces []piece) ([]Edit, bool) {
	var edits []Edit
	for _, p := range pieces {
		if n := len(edits); n > 0 && p.Start < edits[n-1].End {
			return nil, false
		} else if n > 0 && p.Start == edits[n-1].End {
			edits[n-1].End, edits[n-1].New = p.End, edits[n-1].New+p.New
			continue
		}
		edits = append(edits, p.Edit)
	}
	out := edits[:0]
	for _, e := range edits {
		if e = trim(data, e); e.Start < e.End || e.New != "" {
			out = append(out, e)
		}
	}
	return out, true
}

// trim cuts off what an edit replaces by itself, leaving runes and line breaks whole.
func trim(data []byte, e Edit) Edit {
	if e.Start == e.End {
		return e
	}
	old := string(data[e.Start:e.End])
	n := 0
	for n < len(old) && n < len(e.New) && old[n] == e.New[n] {
		n++
	}
	for n > 0 && (n < len(old) && !utf8.RuneStart(old[n]) || n < len(e.New) && !utf8.RuneStart(e.New[n]) || old[n-1] == '\r') {
		n--
	}
	e.Start, e.New, old = e.Start+n, e.New[n:], old[n:]
	m := 0
	for m < len(old) && m < len(e.New) && old[len(old)-1-m] == e.New[len(e.New)-1-m] {
		m++
	}
	for m > 0 && (!utf8.RuneStart(old[len(old)-m]) || strings.HasPrefix(old[len(old)-m:], "\n")) {
		m--
	}
	e.End, e.New = e.End-m, e.New[:len(e.New)-m]
	return e
}
