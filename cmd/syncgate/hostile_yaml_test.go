//go:build unix

package main

import (
	"strings"
	"unicode/utf16"
)

// evilPod is a pod that must be found, called evil.
const evilPod = `apiVersion: v1
kind: Pod
metadata:
  name: evil
spec:
  hostNetwork: true
  containers:
  - name: evil
    image: registry.example/evil:1
`

// found are findings that evilPod must have.
var found = []string{"pss/hostNamespaces evil", "pss/runAsNonRoot evil"}

func one(text string) map[string]string { return map[string]string{"x/x.yaml": text} }

// broken is a plain file that fails.
func broken(name, text, file, says, hint string) hostile {
	return hostile{name: name, files: one(text), source: "x/x.yaml", file: file, says: says, hint: hint}
}

// judged is a plain file whose pods must be judged.
func judged(name, text string, finds ...string) hostile {
	if finds == nil {
		finds = found
	}
	return hostile{name: name, files: one(text), finds: finds}
}

func toUTF16(text string) string {
	var b strings.Builder
	b.WriteString("\xff\xfe")
	for _, u := range utf16.Encode([]rune(text)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

func with(old, text string) string { return strings.Replace(evilPod, old, text, 1) }

// yamlCases are about the text of manifests.
func yamlCases() []hostile {
	return []hostile{
		broken("yaml tab", with("  name: evil", "\tname: evil"), "x/x.yaml:4: ", "cannot start any token", "expected YAML"),
		broken("yaml unclosed flow", evilPod+"x: {a: [b\n", "x/x.yaml:", "", "expected YAML"),
		broken("yaml unclosed quote", evilPod+"x: \"b\n", "x/x.yaml:", "", "expected YAML"),
		broken("yaml indentation", with("  containers:", " containers:"), "x/x.yaml:7: ", "did not find expected", "expected YAML"),
		broken("yaml mapping in mapping", evilPod+"a: b: c\n", "x/x.yaml:10: ", "mapping values are not allowed", "expected YAML"),
		broken("yaml unknown anchor", evilPod+"a: *nobody\n", "x/x.yaml", "unknown anchor", "expected YAML"),
		broken("yaml second document broken", evilPod+"---\nkind: ]\n", "x/x.yaml:11: ", "", "expected YAML"),
		broken("template outside a chart", with("name: evil", "name: {{ .Values.x }}"), "x/x.yaml:4: ", "", "looks like a template"),
		broken("NUL byte", with("name: evil", "name: ev\x00il"), "x/x.yaml", "control characters are not allowed", "expected YAML"),
		broken("invalid UTF-8", with("name: evil", "name: ev\xffil"), "x/x.yaml", "invalid", "expected YAML"),
		broken("separator that is none", "---x\n"+evilPod, "x/x.yaml:1: ", "starts with ---", "nothing after ---"),
		broken("merge cycle", evilPod+"a: &a {b: {<<: *a}}\n", "x/x.yaml", "", ""),
		judged("duplicate keys", "kind: ConfigMap\nspec: {}\n"+evilPod),
		judged("duplicate nested keys", with("hostNetwork: true", "hostNetwork: false\n  hostNetwork: true")),
		judged("empty documents", "---\n---\n# x\n---\n"+evilPod+"---\n\n---\n"),
		{name: "only comments", files: map[string]string{"x/x.yaml": "# apiVersion: v1\n# kind: Pod\n", "x/y.yaml": ""}},
		judged("BOM", "\ufeff"+evilPod),
		judged("UTF-16", toUTF16(evilPod)),
		judged("CRLF", strings.ReplaceAll(evilPod, "\n", "\r\n")),
		judged("CR", strings.ReplaceAll(evilPod, "\n", "\r")),
		judged("no final newline", strings.TrimRight(evilPod, "\n")),
		judged("directives", "%YAML 1.1\n---\n"+evilPod),
		judged("document end", evilPod+"...\n# x\n"),
		judged("escaped keys", strings.NewReplacer("apiVersion", `"\x61piVersion"`, "kind", `"\u006bind"`).Replace(evilPod)),
		judged("complex keys", "? apiVersion\n: v1\n? kind\n: Pod\n"+strings.SplitN(evilPod, "\n", 3)[2]),
		judged("boolean yes", with("true", "yes")),
		judged("boolean on", with("true", "on")),
		judged("boolean y", with("true", "Y")),
		judged("boolean no", with("true", "no"), "pss/runAsNonRoot evil", "!pss/hostNamespaces evil"),
		judged("boolean off", with("true", "OFF"), "pss/runAsNonRoot evil", "!pss/hostNamespaces evil"),
		judged("octal", with("hostNetwork: true", "hostNetwork: true\n  securityContext: {runAsUser: 0o0, runAsNonRoot: false}")),
		judged("anchors", with("hostNetwork: true", "hostNetwork: &t true\n  hostPID: *t")),
		judged("merge key that opens", "x: &x {hostNetwork: true}\n"+with("hostNetwork: true", "hostNetwork: false\n  <<: *x")),
		judged("JSON in YAML", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"evil"},"spec":{"hostNetwork":true,"containers":[{"name":"a","image":"b"}]}}`),
		judged("tagged", with("hostNetwork: true", "hostNetwork: !!bool yes")),
	}
}

// objectCases are about what the text says.
func objectCases() []hostile {
	list := func(items string) string { return "apiVersion: v1\nkind: List\nitems:\n" + items }
	item := "- " + strings.ReplaceAll(strings.TrimRight(evilPod, "\n"), "\n", "\n  ") + "\n"
	indented := "  " + strings.ReplaceAll(list(item), "\n", "\n  ")
	return []hostile{
		judged("List", list(item)),
		judged("List in List", list("- "+strings.TrimLeft(indented, " "))),
		broken("List in List in List", strings.Repeat("{apiVersion: v1, kind: List, items: [", 100)+strings.Repeat("]}", 100),
			"x/x.yaml:1: ", "lists within lists, more than 20 deep", "flatten"),
		judged("items of no List", strings.Replace(list(item), "kind: List", "kind: ConfigMap", 1)),
		judged("kind in other case", evilPod+"Kind: ConfigMap\nKIND: ConfigMap\n"),
		judged("empty group", with("apiVersion: v1", "apiVersion: /v1")),
		judged("generateName", with("name: evil", "generateName: evil-"), "pss/hostNamespaces evil-"),
		broken("spec a string", with("spec:\n", "spec: "+secret+"\nother:\n"), "x/x.yaml", "spec must be a mapping", "mend"),
		broken("containers a mapping", with("containers:\n  - name: evil\n   ", "containers:\n    name: "+secret+"\n   "),
			"x/x.yaml", "spec.containers must be a list", "mend"),
		broken("container a string", with("  - name: evil\n    image: registry.example/evil:1", "  - "+secret), "x/x.yaml", "spec.containers", "mend"),
		broken("security context a string", evilPod+"    securityContext: "+secret+"\n", "x/x.yaml",
			"Pod evil is no valid pod: spec.containers[0].securityContext must be a mapping, not a string", "mend"),
		broken("number as name", with("name: evil", "name: 123"), "x/x.yaml:1: ", "metadata.name must be a string", "quote"),
		broken("no kind", evilPod+"---\napiVersion: v1\nmetadata: {name: x}\n", "x/x.yaml:11: ", "has no kind", "apiVersion and kind"),
		broken("no apiVersion", evilPod+"---\nkind: Pod\n", "x/x.yaml:11: ", "has no apiVersion", "apiVersion and kind"),
		broken("no kind, empty", evilPod+"---\napiVersion: v1\nkind: \"\"\nmetadata: {name: x}\n", "x/x.yaml:11: ", "has no kind", "apiVersion and kind"),
		judged("no metadata", strings.Replace(evilPod, "metadata:\n  name: evil\n", "", 1), "pss/hostNamespaces "),
		broken("scalar among objects", evilPod+"---\n"+secret+"\n", "x/x.yaml:11: ", "is no object", "mapping"),
		broken("secret with wrong types", "apiVersion: v1\nkind: Secret\nmetadata: "+secret+"\ndata: "+secret+"\n", "x/x.yaml:1: ", "metadata must be", ""),
		broken("secret in broken YAML", "apiVersion: v1\nkind: Secret\ndata:\n  a: "+secret+"\n "+secret+"\n", "x/x.yaml:", "", "expected YAML"),
		broken("secret in broken JSON", `{"apiVersion": "v1", "kind": "Secret", "stringData": {"a": "`+secret+`" "`+secret+`"}}`, "x/x.yaml", "", ""),
		judged("escapes in names", with("name: evil", `name: "evil\e[31m\u202e\n::error::x\0"`), "pss/hostNamespaces evil\x1b[31m\u202e\n::error::x\x00"),
		judged("a long name", with("name: evil", "name: "+strings.Repeat("evil", 20_000)), "pss/hostNamespaces "+strings.Repeat("evil", 20_000)),
	}
}
