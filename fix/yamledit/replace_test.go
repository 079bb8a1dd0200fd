package yamledit

import "testing"

func TestReplaceScalar(t *testing.T) {
	runGolden(t, []golden{
		{"a boolean", "a: true # why\n", setOp("a", false), "a: false # why\n", false},
		{"a boolean over a string", `a: "true"` + "\n", setOp("a", false), "a: false\n", false},
		{"double quotes stay", `a: "x"` + "\n", setOp("a", "y"), `a: "y"` + "\n", false},
		{"single quotes stay", "a: 'x'\n", setOp("a", "it's"), "a: 'it''s'\n", false},
		{"single quotes cannot hold it", "a: 'x'\n", setOp("a", "b\tc\x01"), `a: "b\tc\u0001"` + "\n", false},
		{"a number over a plain one", "a: 1000m\n", setOp("a", 2), "a: 2\n", false},
		{"nothing", "a:\nb: # c\nc:\t\n", func(t testing.TB) []Op { return []Op{set(t, "a", 1), set(t, "b", 2), set(t, "c", 3)} }, "a: 1\nb: 2 # c\nc: 3\t\n", false},
		{"an empty item", "-\n- # c\n", func(t testing.TB) []Op { return []Op{set(t, "[0]", 1), set(t, "[1]", 2)} }, "- 1\n- 2 # c\n", false},
		{"several lines, plain", "a: b\n  c\n\n  d # e\nf: 1\n", setOp("a", "x"), "a: x # e\nf: 1\n", false},
		{"several lines, quoted", "a: \"b\n  c\\\n  d\"\nf: 1\n", setOp("a", "x"), "a: \"x\"\nf: 1\n", false},
		{"block scalar", "a: | # c\n  b\n\n  d\ne: 1\n", setOp("a", "x"), "a: x # c\ne: 1\n", false},
		{"to several lines", "a: b\nc: 1\n", setOp("a", "x\ny\n"), "a: |\n  x\n  y\nc: 1\n", false},
		{"to several lines beside a comment", "a: b # d\nc: 1\n", setOp("a", "x\ny"), "a: \"x\\ny\" # d\nc: 1\n", false},
		{"an alias", "a: &x 1\nb: *x\n", setOp("b", 2), "a: &x 1\nb: 2\n", false},
		{"an anchor nobody uses", "a: &x 1\n", setOp("a", 2), "a: &x 2\n", false},
		{"a tag", "a: !!str 1\n", setOp("a", 2), "a: 2\n", false},
		{"non-ascii before it", "ä: {ö: \"ü\", b: 1}\n", setOp("ä.b", 2), "ä: {ö: \"ü\", b: 2}\n", false},
		{"other line breaks", "a: 1 # x\u0085b: 2 # y\u2028c: 3\rd: 4\n", func(t testing.TB) []Op { return []Op{set(t, "b", 5), set(t, "d", 6)} }, "a: 1 # x\u0085b: 5 # y\u2028c: 3\rd: 6\n", false},
	})
}

func TestReplaceCollection(t *testing.T) {
	runGolden(t, []golden{
		{"only what differs", "a:\n  b: 1 # x\n  c: [1, 2]\n  d: 4\n", setOp("a", m{"b": 1, "c": []any{1, 3}, "e": 5}), "a:\n  b: 1 # x\n  c: [1, 3]\n  e: 5\n", false},
		{"items that go", "a:\n- 1\n# two\n- 2\n- 3\n", setOp("a", []any{1, 3}), "a:\n- 1\n# two\n- 3\n", false},
		{"items that come", "drop:\n  - A\n", setOp("drop", []any{"ALL", "B"}), "drop:\n  - ALL\n  - B\n", false},
		{"by a scalar", "a: # c\n  b: 1\n  d: 2\ne: 3\n", setOp("a", "x"), "a: x # c\ne: 3\n", false},
		{"an item by a scalar", "- a: 1\n  b: 2 # c\n- d\n", setOp("[0]", "x"), "- x # c\n- d\n", false},
		{"a mapping by a sequence", "a:\n  b: 1\n  c: 2\ne: 3\n", setOp("a", []any{"x"}), "a:\n- x\ne: 3\n", false},
		{"a sequence by a mapping, flow", "a: [b, c]\n", setOp("a", m{"d": 1}), "a:\n  d: 1\n", false},
		{"block scalar by a mapping", "a: |\n  x\nb: 1\n", setOp("a", m{"d": 1}), "a:\n  d: 1\nb: 1\n", false},
		{"flow over lines by a scalar", "a: {\n  b: 1\n}\nc: 1\n", setOp("a", 1), "a: 1\nc: 1\n", false},
		{"all new", "a:\n  b: 1\n  c: 2\nd: 1\n", setOp("a", m{"x": 1, "y z": m{}}), "a:\n  x: 1\n  y z: {}\nd: 1\n", false},
		{"order of keys", "a: 1\n", setOp("b", m{"z": 1, "name": "n", "a": []any{m{"x": 1, "name": "m"}, []any{1}}}),
			"a: 1\nb:\n  name: \"n\"\n  a:\n  - name: m\n    x: 1\n  - - 1\n  z: 1\n", false},
	})
}

func TestAppend(t *testing.T) {
	runGolden(t, []golden{
		{"beside others", "a:\n- b # c\n\n# d\ne: 1\n", appOp("a", "f"), "a:\n- b # c\n- f\n\n# d\ne: 1\n", false},
		{"indented", "a:\n    - name: b\n      x: 1\nc: 1\n", appOp("a", m{"name": "d", "emptyDir": m{}}), "a:\n    - name: b\n      x: 1\n    - name: d\n      emptyDir: {}\nc: 1\n", false},
		{"wide dash", "a:\n-   b: 1\n", appOp("a", m{"b": 2, "c": 3}), "a:\n-   b: 1\n-   b: 2\n    c: 3\n", false},
		{"quoted as the last", "a:\n- 'b'\n", appOp("a", "c"), "a:\n- 'b'\n- 'c'\n", false},
		{"absent", "a:\n  b: 1\n", appOp("a.c.d", "x"), "a:\n  b: 1\n  c:\n    d:\n    - x\n", false},
		{"absent, sequences are indented", "l:\n  - 1\na: 1\n", appOp("c", "x"), "l:\n  - 1\na: 1\nc:\n  - x\n", false},
		{"null and empty", "a:\nb: []\nc: null\n", func(t testing.TB) []Op { return []Op{app(t, "a", 1), app(t, "b", 2), app(t, "c", 3)} }, "a:\n- 1\nb:\n- 2\nc:\n- 3\n", false},
		{"there already", "a:\n- {b: 1, c: 'x'}\n", appOp("a", m{"c": "x", "b": 1}), "a:\n- {b: 1, c: 'x'}\n", false},
		{"no final newline", "a:\n- b", appOp("a", "c"), "a:\n- b\n- c", false},
		{"at the root", "- b\n", func(t testing.TB) []Op { return []Op{Append{Value: "c"}} }, "- b\n- c\n", false},
		{"inner and outer at one place", "a:\n- b\n", func(t testing.TB) []Op { return []Op{set(t, "d", m{"e": 1}), app(t, "a", "c")} }, "a:\n- b\n- c\nd:\n  e: 1\n", false},
	})
}
