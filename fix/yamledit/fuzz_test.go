package yamledit

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/syncgate/syncgate/render"
)

// seeds are files of every style that the fuzzers start from.
var seeds = []string{
	"a: 1\nb:\n  c: x # y\n", "a: {b: 1, c: [x, y]}\n", "{\n  \"a\": [1, 2],\n  \"b\": {}\n}\n", "a: |\n  x\n\n# c\nb:\n- 1\n- c: 2\n",
	"a: &x {k: 1}\nb: *x\nc:\n  <<: *x\n", "---\n---\na: 1\n...\n", "? a\n: b\n", "a: >+\n  x\n\n", "\xef\xbb\xbfa: 'ü'\r\nb:\r\n", "a: \"x\n  y\"\nb: p\n  q\n",
	"- - a\n  -\n- {}\n", "a: [\n  b, # c\n]\n", "a: !!str 1\nb: !t\n  c: ~\n", "a: 1 # x\u2028b: 2\u0085c: 3\rd:", "", "# c", "a: |2-\n   x",
	"a:\n  # c\n  b:\n    - x\n    # - y\n", "a: [b: c, {d}]\n",
}

func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse(data)
		if err != nil {
			if !strings.Contains(err.Error(), "line ") {
				t.Errorf("an error without a line: %v", err)
			}
			return
		}
		for i := range file.Len() {
			if root := file.Root(i); root != nil {
				file.Find(i, path(t, "a.b[0].c"))
				if line, _, _ := file.Position(i, path(t, "a.b")); line < 1 {
					t.Errorf("document %d is at line %d", i, line)
				}
			}
		}
	})
}

// fuzzOps are what the fuzzer chooses from, by number.
func fuzzOps(t testing.TB, which uint8, p, s string) ([]Op, bool) {
	at := path(t, "a")
	if parsed, err := render.ParsePath(p); err == nil {
		at = parsed
	}
	doc := int(which>>5) % 2
	switch which % 8 {
	case 0:
		return []Op{Set{doc, at, s}}, true
	case 1:
		return []Op{Set{doc, at, m{"name": s, "drop": []any{"ALL", 1}, "x": m{}}}}, true
	case 2:
		return []Op{Append{doc, at, s}}, true
	case 3:
		return []Op{Append{doc, at, m{"k": s, "l": true}}}, true
	case 4:
		return []Op{Delete{doc, at}}, len(at) == 0 || !at[len(at)-1].IsIndex
	case 5:
		return []Op{Set{doc, at.Key("k"), true}, Append{doc, at.Key("l"), s}}, true
	case 6:
		return []Op{Set{doc, at, false}, Set{doc, path(t, "z.y"), s}}, !path(t, "z.y").HasPrefix(at)
	}
	return []Op{ReplaceDoc{doc, "x: 1 # c\n"}}, true
}

func FuzzPlan(f *testing.F) {
	for i, s := range seeds {
		for which := range uint8(8) {
			f.Add([]byte(s), which, []string{"a", "b", "a.k", "b.c", "[0]", "a[0]", "[0][1].d"}[(i+int(which))%7], "x")
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, which uint8, p, s string) {
		ops, again := fuzzOps(t, which, p, s)
		checkPlan(t, data, ops, again)
	})
}

// checkPlan holds a plan to the package's promises: only what the edits name has changed, the outcome parses, every
// line that no edit touches is still there, and the same operations ask for nothing more when again says so.
func checkPlan(t testing.TB, data []byte, ops []Op, again bool) {
	t.Helper()
	before := bytes.Clone(data)
	edits, err := Plan(data, ops...)
	if !bytes.Equal(before, data) {
		t.Fatal("the input was changed")
	}
	if err != nil {
		return
	}
	out, err := ApplyEdits(data, edits)
	if err != nil {
		t.Fatal(err)
	}
	if len(edits) == 0 {
		return
	}
	if bytes.Equal(out, data) {
		t.Fatalf("edits %+v change nothing", edits)
	}
	for _, e := range edits {
		if e.Start == e.End && e.New == "" || e.Start < e.End && string(data[e.Start:e.End]) == e.New {
			t.Errorf("an edit without effect: %+v", e)
		}
	}
	if _, err := Parse(out); err != nil {
		t.Fatalf("%+v makes %q: %v", ops, out, err)
	}
	if _, replaced := ops[0].(ReplaceDoc); !replaced && json.Valid(data) && bytes.ContainsAny(data[:1], "{[") && !json.Valid(out) {
		t.Errorf("%q: %+v makes %q, which is not JSON", before, ops, out)
	}
	more, err := Plan(out, ops...)
	var refused *RefusedError
	if again && (len(more) > 0 || err != nil && !errors.As(err, &refused)) {
		t.Errorf("%q: %+v on %q again: %v, %v", before, ops, out, more, err)
	}
}
