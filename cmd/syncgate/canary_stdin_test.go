package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/kyaml/kio"
)

// piped runs a command on a stdin and returns what it prints, and what it says.
func piped(text string, args ...string) (out, said string) {
	var o, e bytes.Buffer
	run(args, stdio{In: strings.NewReader(text), Out: &o, Err: &e})
	return o.String(), e.String()
}

// noCanary wants none of the canaries in a text.
func noCanary(t *testing.T, what, text string) {
	t.Helper()
	for _, leak := range leaksIn(text) {
		t.Errorf("%s shows %s", what, leak)
	}
}

// manifestsIn are the plain manifests of the canary repository, and the same as a ResourceList.
func manifestsIn(t *testing.T, dir string) (text, list string) {
	t.Helper()
	for _, name := range []string{"plain/web.yaml", "unfixable/web.yaml"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		text += "---\n" + string(data)
	}
	nodes, err := kio.ParseAll(text)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := kio.ByteWriter{Writer: &b, WrappingKind: kio.ResourceListKind, WrappingAPIVersion: kio.ResourceListAPIVersion, KeepReaderAnnotations: true}
	if err := w.Write(nodes); err != nil {
		t.Fatal(err)
	}
	return text, b.String()
}

// resultsIn are the results of a ResourceList, as text.
func resultsIn(t *testing.T, list string) string {
	t.Helper()
	r := kio.ByteReader{Reader: strings.NewReader(list)}
	if _, err := r.Read(); err != nil {
		t.Fatal(err)
	}
	if r.Results == nil {
		t.Fatalf("there are no results:\n%s", list)
	}
	return r.Results.MustString()
}

// TestCanaryStdin wants no secret value of what is on stdin in results, verdicts and reports.
func TestCanaryStdin(t *testing.T) {
	dir, reports := canaryRepository(t), t.TempDir()
	t.Chdir(dir)
	text, list := manifestsIn(t, dir)
	for _, args := range [][]string{{"fn"}, {"fn", "-v"}, {"fn", "--fix", "-v"}, {"fn", "--fix", "--only", "safe"}} {
		out, said := piped(list, args...)
		results := resultsIn(t, out)
		noCanary(t, strings.Join(args, " ")+": stderr", said)
		noCanary(t, strings.Join(args, " ")+": results", results)
		if !strings.Contains(results, "secret/plaintext") || !strings.Contains(results, "secret/env") {
			t.Errorf("%v finds no secrets:\n%s", args, results)
		}
	}
	for _, args := range [][]string{{"post-render", "-v"}, {"post-render", "--select", "secret"}, {"post-render", "--fix", "-v"}} {
		what := strings.Join(args, " ")
		out, said := piped(text, append(args, "--report", "text="+filepath.Join(reports, "text"), "--report", "json="+filepath.Join(reports, "json"))...)
		if out != "" {
			t.Errorf("%s prints what does not pass", what)
		}
		if !strings.Contains(said, "secret/env") {
			t.Errorf("%s finds no secrets:\n%s", what, said)
		}
		noCanary(t, what+": stderr", said)
		for _, name := range []string{"text", "json"} {
			report, err := os.ReadFile(filepath.Join(reports, name))
			if err != nil {
				t.Fatal(err)
			}
			noCanary(t, what+": the report "+name, string(report))
		}
	}
}

// TestCanaryStdinBroken wants no error about what is on stdin to show the value that it stands beside.
func TestCanaryStdinBroken(t *testing.T) {
	for name, files := range brokenCanaries() {
		for file, text := range files {
			if file != "a.yaml" && file != "a.json" || len(files) > 1 {
				continue
			}
			list := "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ") + "\n"
			config := strings.Replace(list, "items:\n- ", "items: []\nfunctionConfig:\n  ", 1)
			for in, command := range map[string]string{text: "post-render", list: "fn", config: "fn"} {
				for _, args := range [][]string{{command, "-v"}, {command, "--fix"}} {
					out, said := piped(in, args...)
					noCanary(t, name+": "+strings.Join(args, " ")+": stderr", said)
					if _, results, ok := strings.Cut(out, "\nresults:"); ok {
						noCanary(t, name+": "+strings.Join(args, " ")+": results", results)
					}
				}
			}
		}
	}
}
