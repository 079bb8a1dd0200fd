//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
)

// TestHostileArguments runs what ends before anything is rendered, and what holds for every chart.
func TestHostileArguments(t *testing.T) {
	s := newSpy(t)
	for _, c := range []struct {
		name  string
		files map[string]string
		args  []string
		says  string
	}{
		{"values outside", chart(nil), []string{"-f", "OUTSIDE/values.yaml"}, "is outside the repository"},
		{"values that leave through a link", chart(map[string]string{"v.yaml": "-> OUTSIDE/values.yaml"}), []string{"-f", "v.yaml"}, "outside the repository"},
		{"missing values", chart(nil), []string{"-f", "gone.yaml"}, "gone.yaml: no such file"},
		{"values from the network", chart(nil), []string{"-f", "http://127.0.0.1:PORT/values.yaml"}, ""},
		{"a file outside", chart(nil), []string{"--set-file", "a=OUTSIDE/data.txt"}, "outside the repository"},
		{"a file outside, relative", chart(nil), []string{"--set-file", "a=UP-OUTSIDE/data.txt"}, "outside the repository"},
		{"a path outside", nil, []string{"OUTSIDE"}, "outside the repository"},
		{"nothing to render", nil, []string{"empty"}, "nothing to judge"},
		{"unknown rule", nil, []string{"--select", "pss/x"}, `unknown rule "pss/x"`},
		{"unknown level", nil, []string{"--level", "x"}, `level "x": expected`},
		{"no version", nil, []string{"--level-version", "2.x"}, `version "2.x" of the standard`},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := hostile{files: map[string]string{"empty/x.txt": "x"}}
			for k, v := range c.files {
				h.files[k] = v
			}
			dir := h.lay(t, s)
			r := h.replacer(dir, s)
			args := []string{"check", "--root", dir}
			for _, a := range c.args {
				args = append(args, r.Replace(a))
			}
			exe, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(exe, args...)
			cmd.Dir, cmd.Env = dir, []string{asCommand + "=1", "PATH=" + s.bin, "HOME=" + t.TempDir()}
			out, _ := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != exitFailed || !bytes.Contains(out, []byte(c.says)) {
				t.Errorf("exit code %d, want %d and %q:\n%.1000s", code, exitFailed, c.says, out)
			}
			if bytes.Contains(out, []byte(canary)) {
				t.Errorf("what stands outside is shown:\n%s", out)
			}
		})
	}
	s.check(t)
}
