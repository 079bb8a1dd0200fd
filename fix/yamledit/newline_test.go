package yamledit

import (
	"math/rand"
	"strings"
	"testing"
)

// TestFinalNewline edits generated documents, with a line break at their end and without, at all kinds of places. The file
// ends as it did, unless what is its last text then is one of "|" or ">", whose own line break is the file's.
func TestFinalNewline(t *testing.T) {
	edited := map[bool]int{}
	for seed := range int64(250) {
		in := generate(seed)
		open := strings.TrimRight(in, " \r\n")
		for _, in := range []string{in, open} {
			f, err := Parse([]byte(in))
			if err != nil {
				continue
			}
			for _, op := range placedOps(rand.New(rand.NewSource(seed)), f) {
				edits, err := f.Plan(op)
				if err != nil || len(edits) == 0 {
					continue
				}
				after, err := ApplyEdits(f.data, edits)
				if err != nil {
					t.Fatal(err)
				}
				broken := endsBroken(in)
				edited[broken]++
				if endsBroken(string(after)) != broken && !endsWithText(t, after) {
					t.Errorf("seed %d: %T%v\n%q\n%q", seed, op, op, in[max(0, len(in)-60):], after[max(0, len(after)-60):])
				}
			}
		}
	}
	if edited[true] < 1000 || edited[false] < 1000 {
		t.Errorf("%v edits: the test does not reach what it is for", edited)
	}
}

func endsBroken(text string) bool { return strings.HasSuffix(text, "\n") }

// endsWithText reports whether a file ends with a block scalar that ends with a line break.
func endsWithText(t *testing.T, data []byte) bool {
	f, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	last := f.docs[len(f.docs)-1].root.lastLeaf()
	return last.block() && strings.HasSuffix(last.y.Value, "\n")
}

// placedOps are one operation of each kind, in the last document, where the end of the file is.
func placedOps(g *rand.Rand, f *File) []Op {
	doc := f.Len() - 1
	ops := []Op{ReplaceDoc{doc, "x: 1\ny: 2\n"}}
	if f.Root(doc) == nil {
		return ops
	}
	maps, lists, scalars := places(f, doc)
	values := []any{"yes", "two\nlines\n", m{"drop": []any{"ALL"}}, m{}, []any{m{"a": 1}}}
	for _, v := range values {
		ops = append(ops, Set{doc, maps[0].Key("new"), v}, Set{doc, maps[len(maps)-1].Key("new"), v})
		if len(scalars) > 0 {
			ops = append(ops, Set{doc, scalars[len(scalars)-1], v})
		}
		if len(lists) > 0 {
			ops = append(ops, Append{doc, lists[len(lists)-1], v}, Append{doc, lists[g.Intn(len(lists))], v})
		}
	}
	if len(lists) > 0 {
		ops = append(ops, Delete{doc, lists[len(lists)-1].At(0)})
	}
	if len(scalars) > 0 {
		ops = append(ops, Delete{doc, scalars[len(scalars)-1]}, Delete{doc, scalars[g.Intn(len(scalars))]})
	}
	return ops
}
