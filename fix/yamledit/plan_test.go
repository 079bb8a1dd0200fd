package yamledit

import (
	"slices"
	"testing"

	"github.com/syncgate/syncgate/render"
)

// path reads a path's text form.
func path(t testing.TB, s string) render.Path {
	t.Helper()
	p, err := render.ParsePath(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// edited plans ops on in and applies the edits.
func edited(t testing.TB, in string, ops ...Op) string {
	t.Helper()
	edits, err := Plan([]byte(in), ops...)
	if err != nil {
		t.Fatalf("plan: %v", err)
	}
	out, err := ApplyEdits([]byte(in), edits)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func set(t testing.TB, p string, v any) Op { return Set{Path: path(t, p), Value: v} }
func app(t testing.TB, p string, v any) Op { return Append{Path: path(t, p), Value: v} }
func del(t testing.TB, p string) Op        { return Delete{Path: path(t, p)} }

type m = map[string]any

// golden is an input, what is asked of it, and what comes out. The output is fed back in: asking again changes nothing.
type golden struct {
	name    string
	in      string
	ops     func(t testing.TB) []Op
	want    string
	noAgain bool // the operations are not idempotent by nature (an item is deleted by its index)
}

func runGolden(t *testing.T, tests []golden) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ops := tt.ops(t)
			got := edited(t, tt.in, ops...)
			if got != tt.want {
				t.Fatalf("got:\n%s\nwant:\n%s\n(%q)", got, tt.want, got)
			}
			if tt.noAgain {
				return
			}
			if edits, err := Plan([]byte(got), ops...); err != nil || len(edits) > 0 {
				t.Errorf("planning again: %v, %v; want no edits", edits, err)
			}
		})
	}
}

// one is the usual case of a single operation.
func one(mk func(t testing.TB) Op) func(t testing.TB) []Op {
	return func(t testing.TB) []Op { return []Op{mk(t)} }
}

func setOp(p string, v any) func(t testing.TB) []Op {
	return one(func(t testing.TB) Op { return set(t, p, v) })
}
func appOp(p string, v any) func(t testing.TB) []Op {
	return one(func(t testing.TB) Op { return app(t, p, v) })
}
func delOp(p string) func(t testing.TB) []Op {
	return one(func(t testing.TB) Op { return del(t, p) })
}

// TestEdits holds the edits themselves to be as small as they can be.
func TestEdits(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		op       Op
		want     []Edit
	}{
		{"inside quotes", "a: \"NET_RAW\"\n", set(t, "a", "ALL"), []Edit{{4, 11, "ALL"}}},
		{"a whole rune", "a: é\n", set(t, "a", "è"), []Edit{{3, 5, "è"}}},
		{"a line", "a: 1\nb:\n  c: 2\n", set(t, "b.d", 3), []Edit{{15, 15, "  d: 3\n"}}},
		{"braces", "a:\n  b: {}\nc: 1\n", set(t, "a.b.d", 3), []Edit{{7, 10, ""}, {11, 11, "    d: 3\n"}}},
		{"a line that goes", "a: 1\nb: 2\nc: 3\n", del(t, "b"), []Edit{{5, 10, ""}}},
	} {
		got, err := Plan([]byte(tt.in), tt.op)
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, %v, want %v", tt.name, got, err, tt.want)
		}
	}
}
