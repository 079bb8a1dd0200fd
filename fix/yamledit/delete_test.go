package yamledit

import "testing"

func TestDelete(t *testing.T) {
	runGolden(t, []golden{
		{"a key with its comment", "a: 1\nb: 2 # two\nc: 3\n", delOp("b"), "a: 1\nc: 3\n", false},
		{"comments above stay", "a: 1\n# about b\nb:\n  # inside\n  c: 1\nd: 1\n", delOp("b"), "a: 1\n# about b\nd: 1\n", false},
		{"the last key without newline", "a: 1\nb: 2", delOp("b"), "a: 1", false},
		{"blank lines before the last key without newline", "a: 1\n\n\nb: 2", delOp("b"), "a: 1", false},
		{"blank lines that a block scalar keeps", "a: |+\n  x\n\nb: 2", delOp("b"), "a: |+\n  x\n\n", false},
		{"after a block scalar without newline", "a: |\n  x\nb: 2", delOp("b"), "a: |\n  x\n", false},
		{"the only key", "a:\n  b: 1\nc: 1\n", delOp("a.b"), "a: {}\nc: 1\n", false},
		{"the only key of an item", "a:\n- b: 1 # c\n- d\n", delOp("a[0].b"), "a:\n- {} # c\n- d\n", false},
		{"the first key of an item", "- a: 1 # x\n  b: 2\n", delOp("[0].a"), "- b: 2\n", false},
		{"the first key of an item, a comment after it", "- a: 1\n  # about b\n  b: 2\n", delOp("[0].a"), "-\n  # about b\n  b: 2\n", false},
		{"an item", "a:\n  - b: 1\n    c: 2\n  # second\n  - d\ne: 1\n", delOp("a[1]"), "a:\n  - b: 1\n    c: 2\n  # second\ne: 1\n", false},
		{"the only item", "a:\n- b\nc: 1\n", delOp("a[0]"), "a: []\nc: 1\n", true},
		{"an item of an item", "- - a\n  - b\n", delOp("[0][0]"), "- - b\n", true},
		{"a long value", "a: 1\nb: |\n  x\n\n  y\nc: >-\n  z\n", delOp("b"), "a: 1\nc: >-\n  z\n", false},
		{"what is not there", "a: 1\n", delOp("b.c[3].d"), "a: 1\n", false},
		{"crlf", "a: 1\r\nb: 2\r\nc: 3\r\n", delOp("b"), "a: 1\r\nc: 3\r\n", false},
		{"two and one new", "a: 1\nb: 2\nc: 3\n", func(t testing.TB) []Op { return []Op{del(t, "b"), del(t, "c"), set(t, "d", 4)} }, "a: 1\nd: 4\n", false},
	})
}
