package yamledit

import "testing"

func TestSetInBlock(t *testing.T) {
	runGolden(t, []golden{
		{"last key", "a: 1\nb: 2\n", setOp("c", true), "a: 1\nb: 2\nc: true\n", false},
		{"beside scalars", "a: 1\nb:\n  c: 2\n", setOp("d", true), "a: 1\nd: true\nb:\n  c: 2\n", false},
		{"no final newline", "a: 1\nb: 2", setOp("c", true), "a: 1\nc: true\nb: 2", false},
		{"no final newline, one key", "a: 1", setOp("c", true), "a: 1\nc: true", false},
		{"crlf", "a: 1\r\nb: 2\r\n", setOp("c.d", true), "a: 1\r\nb: 2\r\nc:\r\n  d: true\r\n", false},
		{"bom", "\xef\xbb\xbfa: 1\n", setOp("a", 2), "\xef\xbb\xbfa: 2\n", false},
		{"comment of what follows", "a:\n  b: 1\n# about c\nc: 2\n", setOp("a.d", 3), "a:\n  b: 1\n  d: 3\n# about c\nc: 2\n", false},
		{"deeper comment belongs to the value", "a:\n  b:\n    - x\n    # - y\nc: 2\n", setOp("a.d", m{"e": 1}),
			"a:\n  b:\n    - x\n    # - y\n  d:\n    e: 1\nc: 2\n", false},
		{"in a container", "spec:\n  containers:\n  - name: a\n    image: x\n    resources:\n      limits: {}\n    volumeMounts:\n    - name: v\n  # second\n  - name: b\n",
			setOp("spec.containers[0].securityContext.capabilities.drop", []any{"ALL"}),
			"spec:\n  containers:\n  - name: a\n    image: x\n    resources:\n      limits: {}\n    securityContext:\n      capabilities:\n        drop:\n        - ALL\n    volumeMounts:\n    - name: v\n  # second\n  - name: b\n", false},
		{"after the image and what is small beside it", "- image: x\n  name: a\n  lifecycle:\n    b: 1\n", setOp("[0].securityContext.c", true),
			"- image: x\n  name: a\n  securityContext:\n    c: true\n  lifecycle:\n    b: 1\n", false},
		{"indented sequences", "a:\n    b:\n      - x\n", setOp("a.c", m{"d": []any{"z"}}), "a:\n    b:\n      - x\n    c:\n        d:\n          - z\n", false},
		{"block scalar keeps its blank lines", "a: |+\n  x\n\nb: 1\n", setOp("c", m{"d": 1}), "a: |+\n  x\n\nb: 1\nc:\n  d: 1\n", false},
		{"block scalar last without newline", "a: 1\nb: |\n  x", setOp("c", m{"d": 1}), "a: 1\nc:\n  d: 1\nb: |\n  x", false},
		{"only a block scalar without newline", "b: |\n  x", setOp("c", 1), "c: 1\nb: |\n  x", false},
		{"separator inside a block scalar", "a: |\n  ---\n  x\nb: 1\n---\nc: 1\n", setOp("d", 1), "a: |\n  ---\n  x\nb: 1\nd: 1\n---\nc: 1\n", false},
		{"empty value", "a:\nb: 1\n", setOp("a.c", 1), "a:\n  c: 1\nb: 1\n", false},
		{"empty value with comments", "a: # why\n  # x: 1\nb: 1\n", setOp("a.c", 1), "a: # why\n  c: 1\n  # x: 1\nb: 1\n", false},
		{"empty braces", "a:\n  s: {}\n  # x: y\nb: 1\n", setOp("a.s.c", 1), "a:\n  s:\n    c: 1\n  # x: y\nb: 1\n", false},
		{"empty braces with a comment", "a: {} # none\nb: 1\n", setOp("a.c", 1), "a: {c: 1} # none\nb: 1\n", false},
		{"null", "a: null\nb: ~\n", func(t testing.TB) []Op { return []Op{set(t, "a.c", 1), set(t, "b", "x")} }, "a:\n  c: 1\nb: x\n", false},
		{"root braces with a comment", "# values\n{}\n", setOp("a.b", 1), "# values\na:\n  b: 1\n", false},
		{"an item", "- name: a\n-\n- {}\n", func(t testing.TB) []Op { return []Op{set(t, "[0].x.w", 1), set(t, "[1].x.w", 1), set(t, "[2].x", 1)} },
			"- name: a\n  x:\n    w: 1\n- x:\n    w: 1\n- x: 1\n", false},
		{"nothing to do", "a: {b: 0x10, c: yes}\n", func(t testing.TB) []Op { return []Op{set(t, "a.b", 16), set(t, "a.c", "yes")} }, "a: {b: 0x10, c: yes}\n", false},
	})
}
