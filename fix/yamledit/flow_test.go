package yamledit

import "testing"

func TestFlow(t *testing.T) {
	runGolden(t, []golden{
		{"one line", "a: {b: 1}\n", setOp("a.c", true), "a: {b: 1, c: true}\n", false},
		{"padded", "a: { b: 1 }\n", setOp("a.c", m{"d": 1}), "a: { b: 1, c: { d: 1 } }\n", false},
		{"quoted keys", `a: {"b": 1}` + "\n", setOp("a.c", "x"), `a: {"b": 1, "c": x}` + "\n", false},
		{"sequence", "a: [b, c] # d\n", appOp("a", "e"), "a: [b, c, e] # d\n", false},
		{"quoted members", `a: ["b"]` + "\n", appOp("a", "c"), `a: ["b", "c"]` + "\n", false},
		{"flow inside flow", "a: [{b: 1}]\n", setOp("a[0].c.d", []any{"x,y"}), "a: [{b: 1, c: {d: [\"x,y\"]}}]\n", false},
		{"empty inside flow", "a: [{}, []]\n", func(t testing.TB) []Op { return []Op{set(t, "a[0].c", 1), app(t, "a[1]", 2)} }, "a: [{c: 1}, [2]]\n", false},
		{"missing values", "a: {b, c: , d}\n", func(t testing.TB) []Op { return []Op{set(t, "a.b", 1), set(t, "a.c", 2), set(t, "a.d", 3)} }, "a: {b: 1, c: 2, d: 3}\n", false},
		{"lines", "a: {\n  b: 1\n}\n", setOp("a.c", m{"d": 1}), "a: {\n  b: 1,\n  c: {\n    d: 1\n  }\n}\n", false},
		{"lines with a comment", "a: {\n  b: 1 # c\n}\n", setOp("a.c", 1), "a: {\n  b: 1, # c\n  c: 1\n}\n", false},
		{"lines with a trailing comma", "a: [\n  b, # c\n  d,\n]\n", appOp("a", "e"), "a: [\n  b, # c\n  d,\n  e,\n]\n", false},
		{"last line closes", "a: [b,\n    c]\n", appOp("a", "d"), "a: [b,\n    c,\n    d]\n", false},
		{"remove the first", "a: {b: 1, c: 2}\n", delOp("a.b"), "a: {c: 2}\n", false},
		{"remove one in between", "a: [b, c, d]\n", delOp("a[1]"), "a: [b, d]\n", true},
		{"remove the last", "a: [b, c]\n", delOp("a[1]"), "a: [b]\n", false},
		{"remove the only one", "a: {b: 1} # c\n", delOp("a.b"), "a: {} # c\n", false},
		{"remove a line", "a: {\n  b: 1,\n  c: 2, # d\n  e: 3\n}\n", delOp("a.c"), "a: {\n  b: 1,\n  e: 3\n}\n", false},
		{"remove the last line", "a: {\n  b: 1, # c\n  d: 2\n}\n", delOp("a.d"), "a: {\n  b: 1 # c\n}\n", false},
		{"pad lines of json", "{\n\t\"a\": {\n\t\t\"b\": 1\n\t}\n}", setOp("a.c", []any{"x"}), "{\n\t\"a\": {\n\t\t\"b\": 1,\n\t\t\"c\": [\n\t\t\t\"x\"\n\t\t]\n\t}\n}", false},
	})
}

func TestJSON(t *testing.T) {
	runGolden(t, []golden{
		{"indented", "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n", setOp("a.c.d", "no"), "{\n  \"a\": {\n    \"b\": 1,\n    \"c\": {\n      \"d\": \"no\"\n    }\n  }\n}\n", false},
		{"minified", `{"a":{"b":1}}`, setOp("a.c", m{"d": []any{"x", 1, true}}), `{"a":{"b":1,"c":{"d":["x",1,true]}}}`, false},
		{"empty", "{}\n", setOp("a.b", "x"), `{"a": {"b": "x"}}` + "\n", false},
		{"fill", "{\n  \"a\": {},\n  \"b\": null\n}\n", func(t testing.TB) []Op { return []Op{set(t, "a.c", 1), set(t, "b", "x")} },
			"{\n  \"a\": {\n    \"c\": 1\n  },\n  \"b\": \"x\"\n}\n", false},
		{"escapes", `{"a": "x"}`, setOp("a", "tab\t\"q\" \\ \u0001 line\n"), `{"a": "tab\t\"q\" \\ \u0001 line\n"}`, false},
		{"remove", "{\n  \"a\": 1,\n  \"b\": 2\n}\n", delOp("b"), "{\n  \"a\": 1\n}\n", false},
	})
}
