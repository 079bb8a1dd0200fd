package yamledit

import (
	"strings"
	"testing"
)

func TestDocuments(t *testing.T) {
	at := func(doc int, p string, v any) func(t testing.TB) []Op {
		return func(t testing.TB) []Op { return []Op{Set{Doc: doc, Path: path(t, p), Value: v}} }
	}
	runGolden(t, []golden{
		{"the second", "a: 1\n---\nb: 1\n---\nc: 1\n", at(1, "d", 2), "a: 1\n---\nb: 1\nd: 2\n---\nc: 1\n", false},
		{"before an end marker", "a: 1\n...\n---\nb: 1\n", at(0, "d", 2), "a: 1\nd: 2\n...\n---\nb: 1\n", false},
		{"empty ones count", "---\n---\na: 1\n", at(1, "b", 2), "---\n---\na: 1\nb: 2\n", false},
		{"on the separator's line", "--- {a: 1}\n--- # x\nb: 1\n", at(0, "c", 2), "--- {a: 1, c: 2}\n--- # x\nb: 1\n", false},
		{"directive", "%YAML 1.1\n---\na: 1\n", at(0, "b", 2), "%YAML 1.1\n---\na: 1\nb: 2\n", false},
		{"fill an empty one", "a: 1\n---\n# nothing\n---\nb: 1\n", at(1, "c.d", 2), "a: 1\n---\n# nothing\nc:\n  d: 2\n---\nb: 1\n", false},
		{"fill an empty file", "", at(0, "a", 1), "a: 1\n", false},
		{"fill a file of comments", "# nothing", at(0, "a", 1), "# nothing\na: 1", false},
		{"fill null", "# x\nnull # y\n", at(0, "a", 1), "# x\n{a: 1} # y\n", false},
		{"fill the end", "a: 1\n---", at(1, "b", 1), "a: 1\n---\nb: 1", false},
		{"kind List", "kind: List\nitems:\n- spec:\n    a: 1\n- spec:\n    a: 2\n", at(0, "items[1].spec.b", true), "kind: List\nitems:\n- spec:\n    a: 1\n- spec:\n    a: 2\n    b: true\n", false},
	})
}

func TestReplaceDoc(t *testing.T) {
	re := func(doc int, text string) func(t testing.TB) []Op {
		return func(testing.TB) []Op { return []Op{ReplaceDoc{Doc: doc, Text: text}} }
	}
	runGolden(t, []golden{
		{"the second", "# top\na: 1\n---\nb: 1 # gone\n---\nc: 1\n", re(1, "x: 1 # new\ny: 2"), "# top\na: 1\n---\nx: 1 # new\ny: 2\n---\nc: 1\n", false},
		{"the last without newline", "a: 1\n---\nb: 1", re(1, "x: 1\n"), "a: 1\n---\nx: 1", false},
		{"crlf", "a: 1\r\n---\r\nb: 1\r\n", re(0, "x: 1\ny: 1\n"), "x: 1\r\ny: 1\r\n---\r\nb: 1\r\n", false},
		{"on the separator's line", "--- {a: 1}\n---\nb: 1\n", re(0, "x: 1\n"), "---\nx: 1\n---\nb: 1\n", false},
		{"the same", "a: 1\n", re(0, "a: 1\n"), "a: 1\n", false},
	})
	got := edited(t, "a: 1\n---\nb: 1\n", ReplaceDoc{Doc: 0, Text: "x: 1\n"}, Set{Doc: 0, Path: path(t, "z"), Value: 2}, Set{Doc: 1, Path: path(t, "c"), Value: 2})
	if want := "x: 1\nz: 2\n---\nb: 1\nc: 2\n"; got != want {
		t.Errorf("with other operations: got %q, want %q", got, want)
	}
	for _, text := range []string{"", "a: 1\n---\nb: 1\n", "a: [\n"} {
		if _, err := Plan([]byte("a: 1\n"), ReplaceDoc{Text: text}); err == nil {
			t.Errorf("text %q: want an error", text)
		}
	}
}

func TestParse(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"duplicate keys", "a:\n  b: 1\n  c: 2\n  b: 3\n", "line 4"},
		{"duplicate keys, quoted", "a: 1\n'a': 2\n", "line 2"},
		{"UTF-16", "\xff\xfea\x00:\x00", "UTF-16"},
		{"not YAML", "a: 1\nb: [\n", "line 2"},
		{"on the first line", "a: b: c\n", "line 1"},
		{"anchor in itself", "a: &x\n- *x\n", "line 2"},
	} {
		if _, err := Parse([]byte(tt.in)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
	for in, want := range map[string]int{"": 1, "# c\n": 1, "---\n": 1, "a: 1\n---\n": 2, "a: 1\n---\n---\n# c\n---\nb: 1\n": 4} {
		f, err := Parse([]byte(in))
		if err != nil || f.Len() != want {
			t.Errorf("%q: %d documents, %v; want %d", in, f.Len(), err, want)
		}
	}
}

func TestFindAndPosition(t *testing.T) {
	f, err := Parse([]byte("base: &b\n  x: {ä: 1, y: 2}\n  l: &l [p, q]\nc:\n  <<: *b\n  m: *l\n  z:\n  - n: 1\n---\n---\n{k: v}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		doc          int
		path, value  string
		line, column int
		exact        bool
	}{
		{0, "base.x.y", "2", 2, 13, true},
		{0, "c.x.y", "2", 2, 13, true},
		{0, "c.m[1]", "q", 3, 13, true},
		{0, "c.z[0]", "", 8, 5, true},
		{0, "c.z[0].n", "1", 8, 5, true},
		{0, "c.z[0].other.deep", "", 8, 5, false},
		{0, "c.z[4]", "", 7, 3, false},
		{0, "nothing", "", 1, 1, false},
		{1, "a", "", 0, 0, false},
		{2, "k", "v", 11, 2, true},
		{9, "k", "", 0, 0, false},
	} {
		n, ok := f.Find(tt.doc, path(t, tt.path))
		if ok != tt.exact || ok && n.Value != tt.value {
			t.Errorf("%s: found %v, %v", tt.path, n, ok)
		}
		if line, column, exact := f.Position(tt.doc, path(t, tt.path)); line != tt.line || column != tt.column || exact != tt.exact {
			t.Errorf("%s: %d:%d %v, want %d:%d %v", tt.path, line, column, exact, tt.line, tt.column, tt.exact)
		}
	}
	if f.Root(1) != nil || f.Root(3) != nil || f.Root(0) == nil {
		t.Error("roots: only documents 0 and 2 have one")
	}
}
