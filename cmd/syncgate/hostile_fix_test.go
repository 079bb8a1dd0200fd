//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestHostileFix runs the hostile charts, and charts that turn hostile when a fix tries something, through fix. They end as
// under check: what does not render is left alone, byte by byte, with exit code 2; the pod beside it is mended.
func TestHostileFix(t *testing.T) {
	s := newSpy(t)
	t.Run("cases", func(t *testing.T) {
		for _, list := range [][]hostile{helmCases(), bombCases(), probedCases()} {
			for _, c := range list {
				if c.defaults {
					continue // the same as another case, and takes long
				}
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					c.verifyFix(t, c.lay(t, s), s)
				})
			}
		}
	})
	s.check(t)
}

// probedCases are charts that render as long as nobody changes them.
func probedCases() []hostile {
	when := func(name, condition, bomb string) hostile {
		files := templated("{{ if " + condition + " }}" + bomb + "{{ end }}" + mendable)
		files["x/values.yaml"] = "securityContext: {}\n"
		return hostile{name: "probed " + name, files: files, finds: found}
	}
	const d = 20_000
	return []hostile{
		when("range", ".Values.securityContext", "{{ range until 10000000000 }}x{{ end }}"),
		when("time", ".Values.securityContext", "{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}"),
		when("tpl", ".Values.securityContext", `{{ tpl "{{ tpl .Values.t . }}" (dict "Values" (dict "t" "{{ tpl .Values.t . }}") "Template" .Template) }}`),
		when("failure", ".Values.securityContext", `{{ fail "no" }}`),
		when("names", ".Values.securityContext", "---\napiVersion: v1\nkind: Pod\nmetadata: {name: more}\n---\n"),
		{name: "probed nested ifs", finds: found, files: templated(strings.Repeat("{{ if true }}", d) + strings.Repeat("{{ end }}", d) + "\n" + mendable)},
		{name: "probed templates that call themselves", finds: found, files: templated(`{{ define "x" }}{{ if .y }}{{ include "x" (dict "a" . "b" . "c" . "d" .) }}{{ end }}{{ end }}` +
			`{{ include "x" .Values }}` + "\n" + mendable)},
		{name: "probed many values", finds: found, files: func() map[string]string {
			m := templated("{{ range .Values.a }}{{ range .b }}{{ .securityContext }}{{ end }}{{ end }}\n" + mendable)
			m["x/values.yaml"] = "a:\n" + strings.Repeat("- b: [{}, {}, {}, {}, {}, {}, {}, {}, {}, {}]\n", 3000)
			return m
		}()},
	}
}

// mendable is a pod whose findings a chart's fix resolves.
const mendable = `apiVersion: v1
kind: Pod
metadata: {name: mendable}
spec:
  containers:
    - name: a
      image: a:1
      {{- with .Values.securityContext }}
      securityContext:
        {{- toYaml . | nindent 8 }}
      {{- end }}
`

func (c *hostile) verifyFix(t *testing.T, dir string, s spy) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tmp := t.TempDir()
	args := append([]string{"fix", "--format", "json", "--render-timeout", testTimeout.String(), "--render-memory", "600", "-j", "2"}, c.args...)
	cmd := exec.Command(exe, args...)
	cmd.Dir = dir
	cmd.Env = []string{asCommand + "=1", "PATH=" + s.bin, "HOME=" + tmp, "TMPDIR=" + tmp, "GITHUB_TOKEN=" + secret}
	before := contents(t, dir)
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talk
	start := time.Now()
	cmd.Run()
	if took := time.Since(start); took > slowness*60*time.Second {
		t.Errorf("took %v", took)
	}
	want := exitFindings // the bad pod's host namespace stays
	if c.source != "" {
		want = exitFailed
	}
	if code := cmd.ProcessState.ExitCode(); code != want {
		t.Errorf("exit code %d, want %d\n%s", code, want, talk.Bytes())
	}
	var report struct {
		Failed  []struct{ Source, Error string }
		Patches []struct{ File string }
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatalf("stdout is no report: %v\n%.2000s", err, talk.Bytes())
	}
	for _, f := range report.Failed {
		if f.Source != c.source || !strings.HasPrefix(f.Error, c.file) {
			t.Errorf("%s failed: %.600s", f.Source, f.Error)
		}
	}
	mended := false
	for _, p := range report.Patches {
		mended = mended || p.File == "side/bad.yaml"
	}
	if len(report.Failed) == 0 && c.source != "" || !mended {
		t.Errorf("not as expected: %.2000s", out.Bytes())
	}
	for _, word := range []string{canary, secret} {
		if bytes.Contains(out.Bytes(), []byte(word)) || bytes.Contains(talk.Bytes(), []byte(word)) {
			t.Errorf("the output shows %s", word)
		}
	}
	for name, text := range contents(t, dir) {
		if text != before[name] && (c.source != "" && strings.HasPrefix(name, "x/") || before[name] == "") {
			t.Errorf("%s was touched", name)
		}
	}
}

// contents are the regular files below a directory.
func contents(t *testing.T, dir string) map[string]string {
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(p)
		rel, _ := filepath.Rel(dir, p)
		out[filepath.ToSlash(rel)] = "=" + string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
