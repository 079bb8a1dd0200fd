package render

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	sigsyaml "sigs.k8s.io/yaml"
)

// differential compares what decode makes of one document with what clients read (sigs.k8s.io/yaml). Documents that
// sigs refuses may be refused or not: nobody can apply them.
func differential(t *testing.T, text []byte) {
	t.Helper()
	if bytes.Contains(text, []byte("\n---")) {
		return // clients cut there first
	}
	if loneTag.Match(text) {
		return // yaml.v3 loses the tag "!", which makes a string of what follows: the API server then refuses the type
	}
	want, err := sigsyaml.YAMLToJSON(text)
	if err != nil {
		return
	}
	if _, err := sigsyaml.YAMLToJSONStrict(text); err != nil {
		return // duplicate keys
	}
	docs, err := decode("f.yaml", text, newBudget())
	if err != nil {
		if anyObject([]document{{json: want}}) && renderText(t, text).Err == nil {
			t.Fatalf("%q: %v is no failure, but clients read %s", text, err, want)
		}
		return
	}
	got := []byte("null") // clients read the first document, whatever follows
	if len(docs) > 0 && docs[0].json != nil {
		got = docs[0].json
	}
	g, w := folded(parsed(t, got)), folded(parsed(t, want))
	if !reflect.DeepEqual(g, w) {
		t.Fatalf("%q reads as %s, but clients read %s", text, got, want)
	}
}

func renderText(t *testing.T, text []byte) Result {
	t.Helper()
	return Render(writeRepo(t, map[string]string{"f.yaml": string(text)}), Source{Path: "f.yaml", Kind: KindPlain}, Options{})
}

// folded evens out white space: yaml.v3 folds a line of blanks inside a plain scalar in another way than v2.
func folded(v any) any {
	switch x := v.(type) {
	case string:
		return strings.Join(strings.Fields(x), " ")
	case []any:
		for i := range x {
			x[i] = folded(x[i])
		}
	case map[string]any:
		out := map[string]any{}
		for k, e := range x {
			out[folded(k).(string)] = folded(e)
		}
		return out
	}
	return v
}

var loneTag = regexp.MustCompile(`!([\s,\[\]{}]|$|!<)`)

func parsed(t *testing.T, raw []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%q is no JSON: %v", raw, err)
	}
	return v
}

var oddDocuments = []string{
	"a: yes\nb: No\nc: on\nd: OFF\ne: y\nf: N\ng: true\nh: ~\ni: null\nj: ''\n",
	"a: 0777\nb: 0o17\nc: 0x1F\nd: 0b11\ne: 1_000\nf: 1e3\ng: .5\nh: +7\ni: -0\nj: 1:30:00\nk: 08\nl: 1.\nm: 12e03\n",
	"a: .inf\n", "a: -.INF\n", "a: .NaN\n", "a: 2001-01-01\nb: 2001-12-14t21:59:43.10-05:00\n",
	"a: !!str yes\nb: !!int \"7\"\nc: !!float 3\nd: !!bool \"on\"\ne: !!binary aGk=\nf: !custom x\ng: !!null ''\n",
	"a: |\n  x\n  y\nb: >-\n  x\n  y\nc: |+\n  x\n\n", "a: \"\\x41\\u00e9\\U0001F600\\n\\e\"\n", "'a': \"b\"\n", "a: b #c\n",
	"1: a\ntrue: b\n~: c\n1.5: d\n0x10: e\n", "? a\n: b\n", "{a: [1, {b: c}], }", "[a, b]", "- a\n-\n- - b\n", "just text", "''", "",
	"# comment\n", "a: &x {b: 1}\nc: *x\n", "a: &x {b: 1, d: 2}\nc: {<<: *x, b: 3}\n", "c: {<<: [{a: 1}, {a: 2, b: 3}]}\n",
	"\ufeffa: b\n", "a: b\r\nc: d\r\n", "%YAML 1.1\n---\na: b\n", "--- a: b\n", "--- # x\na: b\n", "---\na: b\n...\n", "a:\n- b\n- c\n",
	"a: 18446744073709551615\nb: 18446744073709551616\nc: -9223372036854775809\nd: 9007199254740993\n", "a: 1e400\n", "a: =\nb: <<\n",
	"a: 'it''s'\n", "a: b: c\n", "a: [\n", "\ta: b\n", "a: @x\n", "a: %x\n", "a: *x\n", "<<: {a: b}\n", "a: {<<: null}\n", "\"<<\": {a: b}\n",
}

func TestDecodeAsClientsRead(t *testing.T) {
	for _, text := range oddDocuments {
		differential(t, []byte(text))
	}
	files, err := filepath.Glob("../testdata/demo/*/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files of the demo: %v", err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, doc := range bytes.Split(text, []byte("\n---\n")) {
			differential(t, doc)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, text := range oddDocuments {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) < 1<<12 {
			differential(t, text)
		}
	})
}
