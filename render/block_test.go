package render

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sameAsYAML holds what decodeBlock makes of a text, if anything, against decodeYAML.
func sameAsYAML(t *testing.T, text []byte) (known bool) {
	t.Helper()
	fast, slow := newBudget(), newBudget()
	docs, ok := decodeBlock(text, fast)
	if !ok {
		if *fast != *slow {
			t.Errorf("budget %+v after a text that it leaves alone\n%q", *fast, text)
		}
		return false
	}
	want, err := decodeYAML("f.yaml", text, slow)
	if err != nil {
		t.Fatalf("decodeBlock reads what is an error to decodeYAML: %v\n%q", err, text)
	}
	if *fast != *slow {
		t.Errorf("budget %+v, decodeYAML leaves %+v\n%q", *fast, *slow, text)
	}
	if len(docs) != len(want) {
		t.Fatalf("%d documents, decodeYAML reads %d\n%q", len(docs), len(want), text)
	}
	for i, d := range docs {
		w := want[i]
		if d.index != w.index || !bytes.Equal(d.json, w.json) || !bytes.Equal(d.head, w.head) || d.json != nil && d.line != w.line {
			t.Fatalf("document %d, line %d:\n%s\nhead %s\ndecodeYAML reads document %d, line %d:\n%s\nhead %s\n%q",
				d.index, d.line, d.json, d.head, w.index, w.line, w.json, w.head, text)
		}
	}
	return true
}

// blockCases are texts that decodeBlock reads, known, or must leave to decodeYAML.
var blockCases = []struct {
	name, text string
	known      bool
}{
	{"mapping", "a: b\nc:\n  d: e\n  f: g h\ni:\n", true},
	{"words of YAML 1.1", "a: yes\nb: No\non: off\nc: ~\nd: null\ne: 'y'\n\"no\": n\n", true},
	{"numbers", "a: 1\nb: 01\nc: 1.50\nd: 0x1f\ne: 1e3\nf: -3\ng: 1_000\nh: 1.2.3\ni: 123456789012345678901\nj: .inf\n8080: 80\n", true},
	{"dates and times", "a: 2024-01-01\nb: 12:30:45\nc: 1:20\n", true},
	{"HTML", "a: <b>&\nb: '<b>&'\n", true},
	{"list in the key's column", "a:\n- b\n- c: d\n  e: f\n-\n- - g\n  - h\nb: c\n", true},
	{"list deeper", "a:\n    - b\n    -   c: d\n        e: f\nb: c\n", true},
	{"quoted", "a: \"b\" # c\nb: 'it''s'\nc: \"\\\"\\n\\t\\\\ \"\n'd e': f\n\"g\": h\n", true},
	{"quoted in lines", "a: \"b\n  c\n\n  d \\\n  e \\\n    \\ f\"\ng: 'h  \n   i'\nj: k\n", true},
	{"plain in lines", "a: b\n  c\n\n\n  - d ] \"\nb: c\nl:\n- d\n  e\n", true},
	{"literal", "a: |\n  b\n   c\n\n  d\n\nb: |-\n\n  # e\n\nc: |+\n  f\n   \n\n# g\nd:\n- |\n  h\n", true},
	{"folded", "a: >\n  b\n  c\n\n\n  d\n\nb: >-\n  e\n", true},
	{"flow in a line", "a: {}\nb: []\nc: [d, \"e\", 'f g', -h, 1, true]\nd: { }\ne: [ a , b ] # f\n", true},
	{"comments", "# a\na: b # c\n# d\nb:\n  # e\n  c: d#e\n     # f\ng: # h\n  i: j\n", true},
	{"documents", "---\na: b\n--- # c\n---\n# d\n---\ne: f\n---\n", true},
	{"no first separator", "# a\na: b\n---\nc: d", true},
	{"only comments", "# a\n\n", true},
	{"nothing", "", true},
	{"one separator", "---\n", true},
	{"head", "apiVersion: v1\nkind: List\nmetadata:\n  name: a\nitems:\n- b: c\nspec:\n  d: e\n", true},
	{"not ASCII", "a: grüße – 世界\nβ: γ\n", true},

	{"anchor", "a: &b c\nd: *b\n", false},
	{"merge", "a:\n  <<: b\n", false},
	{"tag", "a: !!str 1\n", false},
	{"twice", "a: b\nc: d\na: e\n", false},
	{"tab", "a:\tb\n", false},
	{"carriage return", "a: b\r\n", false},
	{"byte order mark", "\ufeffa: b\n", false},
	{"next line", "a: b\u0085c: d\n", false},
	{"line separator", "a: b\u2028c: d\n", false},
	{"no UTF-8", "a: \xff\n", false},
	{"deeper than its first key", "a: b\n c: d\n", false},
	{"less deep than its siblings", "a:\n    b: c\n  d: e\n", false},
	{"value that is a key", "a: b: c\n", false},
	{"complex key", "? a\n: b\n", false},
	{"directive", "%YAML 1.1\n---\na: b\n", false},
	{"end of document", "a: b\n...\nc: d\n", false},
	{"key that ends the document", "... a: b\n", false},
	{"value on the separator", "--- a: b\n", false},
	{"scalar", "a\n", false},
	{"list of documents", "- a\n", false},
	{"escapes", "a: \"\\u0041\"\n", false},
	{"escaped space at the end", "a: \"b\\ \n  c\"\n", false},
	{"quote that never ends", "a: \"b\nc: d\n", false},
	{"after a quote", "a: \"b\" c\n", false},
	{"flow mapping", "a: {b: c}\n", false},
	{"flow in lines", "a: [b,\n  c]\n", false},
	{"indentation of a block said", "a: |2\n   b\n", false},
	{"deeper spaces before a block", "a: |\n    \n  b\n", false},
	{"block without its last line break", "a: |\n  b", false},
	{"folded with deeper lines", "a: >\n  b\n    c\n", false},
	{"reserved", "a: @b\nc: `d`\n", false},
}

func TestDecodeBlock(t *testing.T) {
	for _, c := range blockCases {
		t.Run(c.name, func(t *testing.T) {
			if known := sameAsYAML(t, []byte(c.text)); known != c.known {
				t.Errorf("decodeBlock knows it: %v", known)
			}
		})
	}
}

// TestDecodeBlockDepth: what nests too deep is the same error for both.
func TestDecodeBlockDepth(t *testing.T) {
	var deep strings.Builder
	for i := range DefaultLimits.Depth + 2 {
		deep.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	if sameAsYAML(t, []byte(deep.String())) {
		t.Error("decodeBlock goes deeper than it may")
	}
}

// TestDecodeBlockExamples: whatever this repository holds is read in the same way, and most of it by decodeBlock.
func TestDecodeBlockExamples(t *testing.T) {
	files, known := 0, 0
	err := filepath.WalkDir("..", func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !isYAMLName(name) || strings.HasSuffix(name, ".json") {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if files++; sameAsYAML(t, text) {
			known++
		}
		return nil
	})
	if err != nil || files < 100 || known < files/2 {
		t.Errorf("%d of %d files, %v", known, files, err)
	}
}

func FuzzDecodeBlock(f *testing.F) {
	for _, c := range blockCases {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { sameAsYAML(t, text) })
}
