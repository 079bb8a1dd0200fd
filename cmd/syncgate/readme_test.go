package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var updateReadme = flag.Bool("update-readme", false, "rewrite the output that the README shows")

var consoleBlock = regexp.MustCompile("(?s)```console\n(.*?)```")

// TestReadme runs every command that the README shows, in its order, on a copy of the demo repository, and compares what
// they print with what the README shows.
func TestReadme(t *testing.T) {
	const file = "../../README.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../testdata/demo")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	blocks := consoleBlock.FindAllSubmatchIndex(text, -1)
	if len(blocks) == 0 {
		t.Fatal("the README shows no command")
	}
	var out bytes.Buffer
	last := 0
	for _, b := range blocks {
		out.Write(text[last:b[2]])
		for _, line := range strings.Split(string(text[b[2]:b[3]]), "\n") {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				out.WriteString(line + "\n")
				out.WriteString(shown(t, dir, command))
			}
		}
		last = b[3]
	}
	out.Write(text[last:])
	if *updateReadme {
		if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := out.String(); got != string(text) && !*updateReadme {
		t.Errorf("the README shows other output than the commands print; `go test ./cmd/syncgate -run Readme -update-readme` rewrites it.\nThey print:\n%s", got)
	}
}

// shown is what a terminal shows of a command: stdout and stderr together.
func shown(t *testing.T, dir, command string) string {
	t.Helper()
	args := strings.Fields(command)
	if args[0] != "syncgate" {
		t.Fatalf("the README shows %q, which is no syncgate command", command)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.Background(), exe, args[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), asCommand+"=1")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if code := cmd.ProcessState.ExitCode(); code > exitFindings {
		t.Errorf("%s ends with %d:\n%s", command, code, out)
	}
	return string(out)
}
