package yamledit

import (
	"errors"
	"strings"
	"testing"
)

func TestAnchors(t *testing.T) {
	runGolden(t, []golden{
		{"a key inherited through a merge is written out", "a: &x\n  k: 1\nb:\n  <<: *x\n", setOp("b.k", 2), "a: &x\n  k: 1\nb:\n  <<: *x\n  k: 2\n", false},
		{"inherited as wanted", "a: &x\n  k: 1\nb:\n  <<: *x\n", setOp("b.k", 1), "a: &x\n  k: 1\nb:\n  <<: *x\n", false},
		{"as wanted through an alias", "a: &x\n  k: [1]\nb: *x\n", func(t testing.TB) []Op { return []Op{set(t, "b.k", []any{1}), app(t, "b.k", 1), del(t, "b.z")} }, "a: &x\n  k: [1]\nb: *x\n", false},
		{"an alias replaced", "a: &x\n  k: 1\nb: *x # c\n", setOp("b", m{"k": 2}), "a: &x\n  k: 1\nb: {k: 2} # c\n", false},
		{"an alias deleted, then its anchor changed", "a: &x\n  k: 1\nb: *x\n", func(t testing.TB) []Op { return []Op{del(t, "b"), set(t, "a.k", 2)} }, "a: &x\n  k: 2\n", false},
		{"a mapping with a merge key is replaced whole", "a: &x\n  k: 1\nb:\n  <<: *x\nc: 1\n", setOp("b", m{"l": 1}), "a: &x\n  k: 1\nb:\n  l: 1\nc: 1\n", false},
		{"a merge key of nothing", "a:\n  <<:\n", setOp("a", m{"l": 1}), "a:\n  l: 1\n", false},
		{"beside an anchor", "a: &x\n  k: 1\nb: *x\n", setOp("c", 1), "a: &x\n  k: 1\nb: *x\nc: 1\n", false},
		{"an anchor on a key", "&x a: 1\nb: *x\n", setOp("a", 2), "&x a: 2\nb: *x\n", false},
		{"an unused anchor on nothing", "a: &x\nb: 1\n", setOp("a.c", 1), "a: &x\n  c: 1\nb: 1\n", false},
		{"tagged", "a: !t\n  b: 1\n", setOp("a.c", 1), "a: !t\n  b: 1\n  c: 1\n", false},
		{"explicit key", "? a\n: b: 1\n? [c]\n: 2\n", setOp("a.d", 1), "? a\n: b: 1\n  d: 1\n? [c]\n: 2\n", false},
	})
}

func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		op       func(t testing.TB) []Op
		line     int
		reason   string
	}{
		{"inside an anchor in use", "a: &x\n  k: 1\nb: *x\n", setOp("a.k", 2), 1, "&x is used elsewhere"},
		{"inside a merged anchor", "a: &x\n  k: 1\nb:\n  <<: *x\n", setOp("a.z.y", 2), 1, "&x is used elsewhere"},
		{"the anchor itself", "a: &x 1\nb: *x\n", setOp("a", 2), 1, "would lose it"},
		{"an anchor within", "a:\n  c: &x 1\nb: *x\n", delOp("a"), 2, "would lose it"},
		{"append inside an anchor in use", "a: &x [1]\nb: *x\n", appOp("a", 2), 1, "&x is used elsewhere"},
		{"append to an alias", "a: &x [1]\nb: *x\n", appOp("b", 2), 2, "alias *x"},
		{"through an alias", "a: &x {k: 1}\nb: *x\n", setOp("b.k", 2), 2, "alias *x"},
		{"under an inherited key", "a: &x {k: {l: 1}}\nb:\n  <<: *x\n", setOp("b.k.l", 2), 3, "merge key"},
		{"append to an inherited key", "a: &x {k: [1]}\nb:\n  <<: *x\n", appOp("b.k", 2), 3, "merge key"},
		{"delete an inherited key", "a: &x {k: 1}\nb:\n  <<: *x\n", delOp("b.k"), 3, "merge key"},
		{"through a scalar", "a:\n  b: x\n", setOp("a.b.c", 1), 2, "through a scalar"},
		{"a key of a sequence", "a:\n- b\n", setOp("a.b", 1), 2, "not a mapping"},
		{"an item of a mapping", "a:\n  b: 1\n", setOp("a[0]", 1), 2, "not a sequence"},
		{"no such item", "a:\n- b\n", setOp("a[1]", 1), 2, "no such item"},
		{"an item of nothing", "a: 1\n", setOp("b[0]", 1), 0, "no such item"},
		{"append to a scalar", "a: b\n", appOp("a", 1), 1, "not a sequence"},
		{"empty path", "a: b\n", setOp("", 1), 1, "path is empty"},
		{"a pair without braces", "a: [b: 1]\n", setOp("a[0].c", 1), 1, "no way"},
		{"an explicit key", "? a\n: 1\nb: 2\n", delOp("a"), 1, "no way"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Plan([]byte(tt.in), tt.op(t)...)
			var refused *RefusedError
			if !errors.As(err, &refused) {
				t.Fatalf("got %v, want a refusal", err)
			}
			if refused.Line != tt.line || !strings.Contains(refused.Reason, tt.reason) {
				t.Errorf("got %q (line %d), want %q at line %d", refused, refused.Line, tt.reason, tt.line)
			}
		})
	}
}

func TestCallerMistakes(t *testing.T) {
	for _, op := range []Op{
		set(t, "a", nil), set(t, "a", struct{}{}), set(t, "a", []any{nil}), set(t, "a", m{"b": nil}), app(t, "a", nil),
		set(t, "a", "\xff"), Set{Doc: 1, Path: path(t, "a"), Value: 1}, Set{Doc: -1, Path: path(t, "a"), Value: 1},
	} {
		_, err := Plan([]byte("a: 1\n"), op)
		var refused *RefusedError
		if err == nil || errors.As(err, &refused) {
			t.Errorf("%+v: got %v, want an error that is no refusal", op, err)
		}
	}
}

func TestApplyEdits(t *testing.T) {
	got, err := ApplyEdits([]byte("abcdef"), []Edit{{0, 1, "X"}, {1, 1, "Y"}, {3, 5, ""}, {6, 6, "Z"}})
	if err != nil || string(got) != "XYbcfZ" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, bad := range [][]Edit{{{2, 3, ""}, {1, 2, ""}}, {{0, 3, ""}, {2, 4, ""}}, {{3, 2, ""}}, {{0, 7, ""}}, {{-1, 0, ""}}} {
		if _, err := ApplyEdits([]byte("abcdef"), bad); err == nil {
			t.Errorf("%v: want an error", bad)
		}
	}
}
