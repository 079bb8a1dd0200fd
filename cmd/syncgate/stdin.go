package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/check/report"
	"github.com/syncgate/syncgate/render"
)

// stdinName is what is on stdin is called in messages.
const stdinName = "stdin.yaml"

// readStdin reads all of stdin, up to the largest file that is read anywhere.
func readStdin(in io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(in, render.MaxFileSize+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading stdin: %w", err)
	case len(text) > render.MaxFileSize:
		return nil, fmt.Errorf("stdin has more than the %d MiB that are read", render.MaxFileSize>>20)
	}
	return text, nil
}

// registerStdin adds the flags of commands that judge what is on stdin: a source by itself.
func (f *sourceFlags) registerStdin(fs *pflag.FlagSet) {
	f.fs, f.jobs = fs, 1
	f.registerCluster(fs)
	f.bounds.register(fs)
	f.registerTalk(fs)
}

// onStdin puts what stdin held into a directory of its own, which becomes the root, and calls do with the file.
func (f *sourceFlags) onStdin(text []byte, do func(file string) error) error {
	dir, err := os.MkdirTemp("", "syncgate-stdin-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, stdinName)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	f.root, f.stdin = dir, true
	return do(file)
}

// declared are the sources that the config describes. What is on stdin is none of them, and goes to --namespace.
func (f *sourceFlags) declared(configured []render.Declared) []render.Declared {
	switch {
	case !f.stdin:
		return configured
	case f.namespace == "":
		return nil
	}
	return []render.Declared{{Source: render.Source{Path: stdinName, Namespace: f.namespace}}}
}

// located is a finding as people are told of it: with the file that stdin says it comes from.
func (f *sourceFlags) located(x check.Finding) check.Finding {
	if f.from == nil {
		return x
	}
	if file := f.from(&x); file != "" {
		x.Source, x.Origin = file, render.Origin{File: file}
	}
	return x
}

// writeVerdict says on stderr what a gate found on stdin. A gate that found nothing is silent unless it is asked.
func (c *checkCommand) writeVerdict(run *check.Run) error {
	if run.Errors()+len(run.Findings)+len(run.Notices) == 0 && !c.verbose {
		return nil
	}
	o := c.reportOptions()
	o.Color = useColor(c.Err, c.noColor)
	return report.Write(c.Err, "text", c.shown(run), o)
}

// shown is a run as people are told of it.
func (c *checkCommand) shown(run *check.Run) *check.Run {
	out := *run
	out.Findings = make([]check.Finding, len(run.Findings))
	for i, x := range run.Findings {
		out.Findings[i] = c.located(x)
	}
	return &out
}

// here is the repository around the current directory, whose config and certificate hold for what is on stdin.
func here() (*workspace, error) { return openWorkspace("", nil) }

// configHere is the config that a run on the current directory goes by, "" when there is none.
func configHere() (string, error) {
	ws, err := here()
	if err != nil {
		return "", err
	}
	defer ws.tree.Close()
	file, _, err := findConfig(ws.paths, ws.tree.ReadFile)
	if err != nil || file == "" {
		return "", err
	}
	return filepath.Join(ws.tree.Dir(), filepath.FromSlash(file)), nil
}

// readHere reads a file of the repository around the current directory.
func readHere(name string) ([]byte, error) {
	ws, err := here()
	if err != nil {
		return nil, err
	}
	defer ws.tree.Close()
	return ws.tree.ReadFile(name)
}
