//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// hostile is a repository that a stranger could send, and what becomes of it. A good and a bad pod stand beside it, and
// are judged whatever it does.
type hostile struct {
	name string
	// files by path, and what they hold: text; "-> x", a link to x; "| ", a named pipe; "~ N", N MiB of zeros.
	// OUTSIDE is a directory beside the repository, PORT a local port that nobody may call.
	files map[string]string
	make  func(t *testing.T, dir string) // what files cannot say
	args  []string
	// source is what fails, file the prefix of its error: "file", "file:line" or what the message starts with.
	// Without a source all of it is judged, and finds are (rule, object) pairs that must be reported, in any order.
	source, file, says, hint string
	finds                    []string
	defaults                 bool // run with default bounds, not those of a test
}

// What no output may ever hold: it stands outside the repository, or is a secret.
const (
	canary = "canary-4be2"
	secret = "hunter2-9c1d"
)

// outcome is what one run gave.
type outcome struct {
	code           int
	stdout, stderr []byte
	text           []byte // the text report
	wall, cpu      time.Duration
	memory         int64 // bytes at most, of the command without its workers
	report         struct {
		Sources []struct {
			ID, Error, Hint string
			Objects         int
		}
		Findings []struct {
			Rule, Source string
			Object       struct{ Name string }
		}
	}
}

// memoryLimit bounds the address space of the command and its workers, in KiB (ulimit -v).
const memoryLimit = 6 << 20

func (c *hostile) run(t *testing.T, dir string, s spy) *outcome {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tmp := t.TempDir()
	text, peak := filepath.Join(tmp, "report.txt"), filepath.Join(tmp, "peak")
	args := []string{"check", "--format", "json", "--report", "text=" + text, "-v", "-j", "2"}
	if !c.defaults {
		args = append(args, "--render-timeout", testTimeout.String(), "--render-memory", "600")
	}
	args = append(args, c.args...)
	limit := ""
	if !raceEnabled {
		limit = fmt.Sprintf("ulimit -v %d && ", memoryLimit)
	}
	cmd := exec.Command("/bin/sh", append([]string{"-c", limit + `exec "$0" "$@"`, exe}, args...)...)
	cmd.Dir = dir
	cmd.Env = []string{asCommand + "=1", peakFile + "=" + peak, "PATH=" + s.bin, "HOME=" + tmp, "TMPDIR=" + tmp,
		"GITHUB_TOKEN=" + secret, "AWS_SECRET_ACCESS_KEY=" + secret}
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talk
	start := time.Now()
	cmd.Run()
	o := &outcome{code: cmd.ProcessState.ExitCode(), stdout: out.Bytes(), stderr: talk.Bytes(), wall: time.Since(start)}
	o.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	o.text, _ = os.ReadFile(text)
	if raw, err := os.ReadFile(peak); err == nil {
		o.memory, _ = strconv.ParseInt(string(raw), 10, 64)
	}
	if left, _ := filepath.Glob(filepath.Join(tmp, "syncgate-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := json.Unmarshal(o.stdout, &o.report); err != nil {
		t.Errorf("stdout is no report: %v\n%s", err, o.stderr)
	}
	return o
}

// verify holds an outcome against what the case says, and against what always holds.
func (c *hostile) verify(t *testing.T, o *outcome) {
	// What uses up its default share of processor time takes longer by the clock when the machine has other work.
	took, limit := o.wall, slowness*10*time.Second
	if c.defaults {
		took = min(o.wall, o.cpu)
	}
	if took > limit {
		t.Errorf("took %v, more than %v", took, limit)
	}
	if o.memory > parentMemory || o.memory == 0 {
		t.Errorf("the command took %d MB, more than %d MB", o.memory>>20, parentMemory>>20)
	}
	for name, text := range map[string][]byte{"stdout": o.stdout, "stderr": o.stderr, "text report": o.text} {
		for _, word := range []string{canary, secret} {
			if i := bytes.Index(text, []byte(word)); i >= 0 {
				t.Errorf("%s shows %s: %s", name, word, text[max(0, i-200):min(len(text), i+100)])
			}
		}
		if i := bytes.IndexAny(text, "\x1b\x00\u202e\u2066"); i >= 0 {
			t.Errorf("%s holds a control character: %q", name, text[max(0, i-40):min(len(text), i+40)])
		}
	}
	c.verifySources(t, o)
	c.verifyFindings(t, o)
}

func (c *hostile) verifySources(t *testing.T, o *outcome) {
	want := exitFindings
	if c.source != "" {
		want = exitFailed
	}
	if o.code != want {
		t.Errorf("exit code %d, want %d\n%s", o.code, want, o.stderr)
	}
	failed := false
	for _, s := range o.report.Sources {
		if s.Error == "" {
			continue
		}
		if s.ID != c.source {
			t.Errorf("source %s failed: %s", s.ID, s.Error)
			continue
		}
		failed = true
		t.Logf("%.400s | %s", s.Error, s.Hint)
		if !strings.HasPrefix(s.Error, c.file) || !strings.Contains(s.Error, c.says) {
			t.Errorf("got error  %.600s\nwant prefix %s\nand in it   %s", s.Error, c.file, c.says)
		}
		if s.Hint == "" || !strings.Contains(s.Hint, c.hint) {
			t.Errorf("%.300s\nhas the hint %q, want %q", s.Error, s.Hint, c.hint)
		}
		if len(s.Error) > 4000 {
			t.Errorf("the error has %d bytes: %.200s…", len(s.Error), s.Error)
		}
		if line, _, _ := strings.Cut(strings.Join(strings.Fields(s.Error), " "), " "); !bytes.Contains(o.text, []byte(line)) {
			t.Errorf("the text report does not tell of %s:\n%.2000s", line, o.text)
		}
	}
	if c.source != "" && !failed {
		t.Errorf("%s did not fail\n%.2000s", c.source, o.text)
	}
}

func (c *hostile) verifyFindings(t *testing.T, o *outcome) {
	got := map[string]bool{}
	for _, f := range o.report.Findings {
		got[f.Rule+" "+f.Object.Name] = true
		if f.Object.Name == "good" && strings.HasPrefix(f.Rule, "pss/") {
			t.Errorf("the good pod has a finding of %s", f.Rule)
		}
	}
	for _, want := range append([]string{"pss/hostNamespaces bad"}, c.finds...) {
		if not, ok := strings.CutPrefix(want, "!"); ok == got[not] {
			t.Errorf("finding %q: not as expected\n%.1500s", want, o.text)
		}
	}
	judged := map[string]int{}
	for _, s := range o.report.Sources {
		judged[s.ID] = s.Objects
	}
	if judged["side/good.yaml"] != 1 || judged["side/bad.yaml"] != 1 {
		t.Errorf("what stands beside it was not judged: %v", judged)
	}
}

// TestHostile runs every hostile repository through the real binary.
func TestHostile(t *testing.T) {
	s := newSpy(t)
	n := 0
	t.Run("cases", func(t *testing.T) {
		seen := map[string]bool{}
		for _, list := range [][]hostile{yamlCases(), objectCases(), fileCases(), kustomizeCases(), pathCases(), helmCases(), bombCases()} {
			for _, c := range list {
				if n++; seen[c.name] {
					t.Errorf("two cases are called %q", c.name)
				}
				seen[c.name] = true
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					o := c.run(t, c.lay(t, s), s)
					c.verify(t, o)
					t.Logf("%v, %v of processor time, %d MB", o.wall.Round(time.Millisecond), o.cpu.Round(time.Millisecond), o.memory>>20)
				})
			}
		}
	})
	s.check(t)
	if n < 60 {
		t.Errorf("only %d cases", n)
	}
}
