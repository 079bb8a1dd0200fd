//go:build unix

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func itoa(i int) string { return strconv.Itoa(i) }

// chart is a chart at x with more files.
func chart(more map[string]string) map[string]string {
	m := map[string]string{"x/Chart.yaml": "apiVersion: v2\nname: x\nversion: 0.1.0\n", "x/templates/pod.yaml": evilPod}
	for k, v := range more {
		m[k] = v
	}
	return m
}

func templated(text string) map[string]string {
	return chart(map[string]string{"x/templates/t.yaml": text})
}

// tgz is a packaged chart of headers and their contents.
func tgz(t *testing.T, entries ...any) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	w := tar.NewWriter(z)
	for i := 0; i < len(entries); i += 2 {
		h, ok := entries[i].(*tar.Header)
		if !ok {
			h = &tar.Header{Name: entries[i].(string), Typeflag: tar.TypeReg}
		}
		data := entries[i+1].([]byte)
		h.Mode, h.Size = 0o644, int64(len(data))
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// packed is a chart whose dependency is an archive with further entries.
func packed(name, file, says, hint string, entries func() []any) hostile {
	return hostile{name: "archive " + name, files: chart(nil), source: "x", file: file, says: says, hint: hint,
		make: func(t *testing.T, dir string) {
			all := append([]any{"sub/Chart.yaml", []byte("apiVersion: v2\nname: sub\nversion: 0.1.0\n")}, entries()...)
			err := os.MkdirAll(filepath.Join(dir, "x/charts"), 0o755)
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, "x/charts/sub-0.1.0.tgz"), tgz(t, all...), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}}
}

// helmCases are about broken and greedy charts.
func helmCases() []hostile {
	h := func(name string, files map[string]string, file, says, hint string, args ...string) hostile {
		return hostile{name: "helm " + name, files: files, source: "x", file: file, says: says, hint: hint, args: args}
	}
	return []hostile{
		h("template that fails", templated("a: 1\nb: {{ fail \"no\" }}\n"), "x/templates/t.yaml:2: no", "", "set the value"),
		h("template that does not parse", templated("a: {{ if }}\n"), "x/templates/t.yaml:1", "missing value for if", "helm template fails"),
		h("template of broken YAML", templated("apiVersion: v1\nkind: Pod\n a: b\n"), "x/templates/t.yaml: ", "line 3: mapping values are not allowed", "helm template --debug"),
		h("broken values", chart(map[string]string{"x/values.yaml": "a: [\n"}), "x/values.yaml:2: ", "did not find expected node content", "expected YAML"),
		h("broken Chart.yaml", chart(map[string]string{"x/Chart.yaml": "name: [\n"}), "x/Chart.yaml:2: ", "did not find expected node content", "expected YAML"),
		h("Chart.yaml without a name", chart(map[string]string{"x/Chart.yaml": "apiVersion: v2\nversion: 0.1.0\n"}), "x/Chart.yaml: ", "chart.metadata.name is required", "correct Chart.yaml"),
		h("missing dependency", chart(map[string]string{"x/Chart.yaml": "apiVersion: v2\nname: x\nversion: 0.1.0\ndependencies: [{name: gone, version: 1.0.0, repository: \"http://127.0.0.1:PORT\"}]\n"}),
			"x/Chart.yaml:4", "gone", "helm dependency build"),
		h("a file outside", templated("a: {{ .Files.Get \"../UP-OUTSIDE/data.txt\" | quote }}{{ fail \"read nothing\" }}\n"), "x/templates/t.yaml:1: read nothing", "", ""),
		h("files outside, by glob", templated("{{ range $p, $_ := .Files.Glob \"../**\" }}{{ fail $p }}{{ end }}{{ fail \"read nothing\" }}\n"), "x/templates/t.yaml:1: read nothing", "", ""),
		h("git's settings", func() map[string]string {
			m := templated("{{ fail (.Files.Get \".git/config\") }}")
			m["x/.git/config"] = canary
			return m
		}(), "x/templates/t.yaml:1", "", ""),
		h("environment", templated("{{ fail (printf \"%s%s\" (env \"GITHUB_TOKEN\") (expandenv \"$GITHUB_TOKEN\")) }}"), "x/templates/t.yaml:1: ", `function "env" not defined`, ""),
		h("network", templated("{{ fail (getHostByName \"localhost\") }}"), "x/templates/t.yaml:1", "", ""),
		h("lookup", templated("{{ fail (printf \"%v\" (lookup \"v1\" \"Secret\" \"\" \"\")) }}"), "x/templates/t.yaml:1: map[]", "", ""),
		h("link in a chart that leaves", chart(map[string]string{"x/templates/l.yaml": "-> OUTSIDE/pod.yaml"}), "x/templates/l.yaml: is a link to ", "outside the repository", "only files inside"),
		h("linked templates that leave", chart(map[string]string{"x/charts": "-> OUTSIDE"}), "x/charts: is a link to ", "outside the repository", "only files inside"),
		h("link in a chart that dangles", chart(map[string]string{"x/files": "-> nobody"}), "x/files: no such file", "", "add the file"),
		h("named pipe as template", chart(map[string]string{"x/templates/l.yaml": "| "}), "x/templates/l.yaml: is no regular file", "", "only regular files"),
		h("named pipe as values", chart(map[string]string{"x/values.yaml": "| "}), "x/values.yaml: is no regular file", "", "only regular files"),
		h("schema over http", schema(`{"$ref": "http://127.0.0.1:PORT/x.json"}`), "x/values.schema.json: ", "a schema may refer to itself only", "helm cannot read this schema"),
		h("schema from a file", schema(`{"$ref": "file://OUTSIDE/schema.json"}`), "x/values.schema.json: ", "a schema may refer to itself only", "helm cannot read this schema"),
		h("schema from a relative file", schema(`{"$ref": "../UP-OUTSIDE/schema.json"}`), "x/values.schema.json: ", "a schema may refer to itself only", "helm cannot read this schema"),
		h("schema that refuses a secret", chart(map[string]string{"x/values.yaml": "password: " + secret + "\n",
			"x/values.schema.json": `{"properties":{"password":{"type":"integer"}}}`}), "x/values.schema.json: ", "at '/password': got string, want integer", "change the values"),
		h("secret in a template's error", func() map[string]string {
			m := templated("{{ .Values.password.x }}")
			m["x/values.yaml"] = "password: " + secret + "\n"
			return m
		}(), "x/templates/t.yaml:1: ", "can't evaluate field x", ""),
		h("secret in what a template gives", func() map[string]string {
			m := templated("kind: {{ .Values.password }}: x\n\ta")
			m["x/values.yaml"] = "password: " + secret + "\n"
			return m
		}(), "x/templates/t.yaml: ", "mapping values are not allowed", "renders to is no YAML"),
		packed("with names that leave", "x/charts/sub-0.1.0.tgz: ", "illegally references parent directory", "helm package", func() []any { return []any{"sub/../../../evil", []byte("x")} }),
		{name: "archive with absolute names", files: chart(nil), finds: found, make: packed("", "", "", "", func() []any {
			return []any{"/sub/templates/a.yaml", []byte("x: y")}
		}).make},
		packed("that is a bomb", "x/charts/sub-0.1.0.tgz: ", "larger than the maximum file size 104857600", "", func() []any {
			var out []any
			for i := range 40 {
				out = append(out, "sub/f"+itoa(i), make([]byte, 4<<20))
			}
			return out
		}),
		packed("with one large file", "x/charts/sub-0.1.0.tgz: ", "larger than the maximum file size 5242880", "", func() []any { return []any{"sub/f", make([]byte, 64<<20)} }),
		packed("of many files", "x/charts/sub-0.1.0.tgz: ", "more than 20000 files", "", func() []any {
			var out []any
			for i := range 30_000 {
				out = append(out, "sub/f"+itoa(i), []byte{})
			}
			return out
		}),
		{name: "archive with links", files: chart(nil), finds: found, make: packed("", "", "", "", func() []any {
			return []any{&tar.Header{Name: "sub/templates/a.yaml", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, []byte{}}
		}).make},
		{name: "archive that is none", files: chart(map[string]string{"x/charts/sub.tgz": "hello"}), source: "x", file: "x/charts/sub.tgz: ", hint: "helm package"},
	}
}

func schema(text string) map[string]string {
	return chart(map[string]string{"x/values.schema.json": text, "x/values.yaml": "a: b\n"})
}

// aliasBomb expands to nine to the power of n values.
func aliasBomb(n int) string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < n; i++ {
		ref := "*a" + itoa(i-1)
		b.WriteString("a" + itoa(i) + ": &a" + itoa(i) + " [" + strings.Repeat(ref+", ", 8) + ref + "]\n")
	}
	return b.String()
}

// selfApplied is a chart whose value is a template that applies itself.
func selfApplied() map[string]string {
	m := templated("{{ tpl .Values.t . }}\n")
	m["x/values.yaml"] = "t: '{{ tpl .Values.t . }}'\n"
	return m
}

// bombCases take all the time, memory or stack they get.
func bombCases() []hostile {
	bomb := func(name string, files map[string]string, file, says, hint string) hostile {
		return hostile{name: "bomb " + name, files: files, source: "x", file: file, says: says, hint: hint}
	}
	plain := func(name, text, says, hint string) hostile {
		return broken("bomb "+name, text, "x/x.yaml", says, hint)
	}
	const d = 100_000
	return []hostile{
		bomb("endless range", templated("{{ range until 100000 }}{{ range until 1000000 }}{{ end }}{{ end }}"), "x: ", "processor time", "--render-timeout"),
		{name: "bomb endless range, default bounds", files: templated("{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}"), source: "x",
			file: "x: ", says: "processor time", hint: "--render-timeout", defaults: true},
		bomb("huge range", templated("{{ range until 10000000000 }}x{{ end }}"), "x: ", "MiB of memory", "--render-memory"),
		bomb("include in itself", templated(`{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}`), "x/templates/t.yaml:1: ", "nested reference name: a", "helm template fails"),
		bomb("template in itself", templated(`{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}`), "x", "", ""),
		bomb("tpl in itself", selfApplied(), "x", "", ""),
		bomb("repeat to 10 GB", templated(`{{ repeat 10000000000 "x" }}`), "x", "memory", "--render-memory"),
		bomb("repeat that doubles", templated(`{{ $x := "xxxxxxxxxxxxxxxx" }}{{ range until 60 }}{{ $x = printf "%s%s" $x $x }}{{ end }}{{ $x }}`), "x", "memory", "--render-memory"),
		bomb("output", templated(`{{ $x := repeat 1000000 "x" }}{{ range until 1000 }}{{ $x }}{{ end }}`), "x: ", "MiB of memory", "--render-memory"),
		{name: "bomb documents of a template", files: templated("{{ range until 3000 }}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: p}}\n{{ end }}"), source: "x",
			file: "x/templates/t.yaml: ", says: "more than 2000 documents", hint: "--max-objects", args: []string{"--max-objects", "2000"}},
		bomb("keys", templated(`{{ genPrivateKey "rsa" }}{{ range until 1000 }}{{ genPrivateKey "rsa" }}{{ end }}`), "x: ", "processor time", "--render-timeout"),
		plain("aliases", evilPod+aliasBomb(12), "expands to more than", "aliases"),
		plain("merge keys", evilPod+strings.ReplaceAll(aliasBomb(12), "a0: &a0 [x, x, x, x, x, x, x, x, x]", "a0: &a0 {x: x}")+"b: {<<: *a11}\n", "expand", "aliases"),
		bomb("aliases in a resource", kustomization("resources: [pod.yaml]\n", "x/pod.yaml", evilPod+aliasBomb(12)), "x/pod.yaml", "expand to more than", "aliases"),
		bomb("aliases in a kustomization", kustomization("resources: [pod.yaml]\n"+aliasBomb(12)), "x/kustomization.yaml:1: ", "aliases expand to more than", "aliases"),
		bomb("aliases in values", chart(map[string]string{"x/values.yaml": aliasBomb(12)}), "x/values.yaml: ", "excessive aliasing", ""),
		bomb("aliases in Chart.yaml", chart(map[string]string{"x/Chart.yaml": "apiVersion: v2\nname: x\nversion: 0.1.0\n" + aliasBomb(12)}), "x/Chart.yaml: ", "excessive aliasing", ""),
		bomb("aliases in a template", templated(evilPod+aliasBomb(12)), "x/templates/t.yaml: ", "expands to more than", "aliases"),
		plain("flow nesting", evilPod+"a: "+strings.Repeat("[", d)+strings.Repeat("]", d), "nested deeper than", ""),
		plain("mapping nesting", evilPod+"a: "+strings.Repeat("{a: ", d)+strings.Repeat("}", d), "nested deeper than", ""),
		plain("block nesting", evilPod+"a:\n"+strings.Repeat("- ", d)+"x\n", "nested deeper than", ""),
		plain("JSON nesting", `{"apiVersion":"v1","kind":"Pod","a":`+strings.Repeat("[", d)+strings.Repeat("]", d)+"}", "nested deeper than", ""),
		plain("shallower nesting", evilPod+"a: "+strings.Repeat("[", 5000)+strings.Repeat("]", 5000), "nested deeper than 500 levels", "--max-depth"),
		bomb("nesting in values", chart(map[string]string{"x/values.yaml": "a: " + strings.Repeat("[", d) + strings.Repeat("]", d)}), "x/values.yaml: ", "nested deeper than", ""),
		bomb("nesting in a resource", kustomization("resources: [pod.yaml]\n", "x/pod.yaml", evilPod+"a: "+strings.Repeat("{a: ", 9000)+strings.Repeat("}", 9000)), "x", "", ""),
		plain("a million documents", strings.Repeat("apiVersion: v1\nkind: Pod\n---\n", 1_000_000), "more than 100000 documents", "--max-objects"),
		plain("a million empty documents", "# apiVersion kind\n"+strings.Repeat("---\n", 1_000_000), "more than 100000 documents", "--max-objects"),
		plain("a hundred thousand and one items", `{"apiVersion": "v1", "kind": "List", "items": [{}`+strings.Repeat(`,{"apiVersion":"v1","kind":"Pod"}`, 100_000)+"]}", "items[0] has no kind", ""),
	}
}
