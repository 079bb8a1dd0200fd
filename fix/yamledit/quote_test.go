package yamledit

import (
	"testing"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

func TestStringsOfNewValues(t *testing.T) {
	for in, want := range map[string]string{
		"plain": "plain", "100m": "100m", "1Gi": "1Gi", "1.2.3": "1.2.3", "docker.io/x:1": "docker.io/x:1", "--flag=1": "--flag=1",
		"a#b": "a#b", "a:b": "a:b", "with space": "with space", "ünï": "ünï", "RuntimeDefault": "RuntimeDefault",
		"": `""`, "yes": `"yes"`, "On": `"On"`, "n": `"n"`, "null": `"null"`, "~": `"~"`, "true": `"true"`,
		"1": `"1"`, "1e3": `"1e3"`, "1_000": `"1_000"`, "0x1F": `"0x1F"`, "010": `"010"`, "0o7": `"0o7"`, ".5": `".5"`, "-.inf": `"-.inf"`,
		"12:30": `"12:30"`, "2024-01-02": `"2024-01-02"`, "- a": `"- a"`, "-": `"-"`, "*a": `"*a"`, "&a": `"&a"`, "!a": `"!a"`,
		"%a": `"%a"`, "@a": `"@a"`, "`a": "\"`a\"", "{a": `"{a"`, "[a": `"[a"`, "a: b": `"a: b"`, "a:": `"a:"`, "a #b": `"a #b"`,
		" a": `" a"`, "a ": `"a "`, "a\tb\x00": `"a\tb\u0000"`, "---": `"---"`, "... a": `"... a"`, "<<": `"<<"`, "=": `"="`,
		"a\u2028b": `"a\u2028b"`, "\"q\" \\": `"\"q\" \\"`, "a\r\n": `"a\r\n"`, "\n": `"\n"`,
	} {
		got := edited(t, "a: 1\n", set(t, "b", in))
		if got != "a: 1\nb: "+want+"\n" {
			t.Errorf("%q: got %q, want %s", in, got, want)
		}
		f, err := Parse([]byte(got))
		if err != nil {
			t.Fatal(err)
		}
		if n, _ := f.Find(0, path(t, "b")); n.Value != in || n.ShortTag() != yaml.NodeTagString {
			t.Errorf("%q reads as %s %q", in, n.ShortTag(), n.Value)
		}
	}
}

func TestValues(t *testing.T) {
	runGolden(t, []golden{
		{"numbers", "a: 1\n", func(t testing.TB) []Op {
			return []Op{set(t, "b", int64(-5)), set(t, "c", 1.5), set(t, "d", 3.0), set(t, "e", 1e30)}
		}, "a: 1\nb: -5\nc: 1.5\nd: 3\ne: 1e+30\n", false},
		{"the file's quotes", "a: 'x'\nb: 'y'\nc: \"z\"\n", setOp("d", "yes"), "a: 'x'\nb: 'y'\nc: \"z\"\nd: 'yes'\n", false},
		{"keys that need quotes", "a: 1\n", setOp(`b["on"].c`, "x"), "a: 1\nb:\n  \"on\":\n    c: x\n", false},
		{"text", "a:\n- b: 1\n", setOp("a[0].c", []any{"x\n  y\n\nz", "p\nq\n"}), "a:\n- b: 1\n  c:\n  - |-\n    x\n      y\n\n    z\n  - |\n    p\n    q\n", false},
		{"text without one, too", "a: 1", setOp("b", "x\ny"), "a: 1\nb: |-\n  x\n  y", false},
		{"text of a file without a final newline", "a: 1", setOp("b", "x\ny\n"), "a: 1\nb: \"x\\ny\\n\"", false},
		{"text, crlf", "a: 1\r\n", setOp("b", "x\ny\n"), "a: 1\r\nb: |\r\n  x\r\n  y\r\n", false},
	})
}
