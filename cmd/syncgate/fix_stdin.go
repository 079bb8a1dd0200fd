package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/syncgate/syncgate/fix"
	"github.com/syncgate/syncgate/render"
)

// stdinName is what manifests from stdin are called in messages.
const stdinName = "stdin.yaml"

// runStdin fixes the manifests on stdin and prints them to stdout, whole, fixed or not; the report goes to stderr. The
// config is the one of the current directory.
func (c *fixCommand) runStdin(ctx context.Context) error {
	if c.diff || c.bundle != "" || c.format != "text" {
		return errors.New("-: stdout has the manifests; leave out --diff, --bundle and --format")
	}
	text, err := io.ReadAll(io.LimitReader(c.In, render.MaxFileSize+1))
	switch {
	case err != nil:
		return fmt.Errorf("reading stdin: %w", err)
	case len(text) > render.MaxFileSize:
		return fmt.Errorf("stdin has more than the %d MiB that are read", render.MaxFileSize>>20)
	}
	if c.configFile == "" {
		if c.configFile, err = configHere(); err != nil {
			return err
		}
	}
	dir, err := os.MkdirTemp("", "syncgate-stdin-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, stdinName)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	c.root, c.manifests = dir, text
	return c.runOn(ctx, []string{file})
}

// configHere is the config that a run on the current directory goes by, "" when there is none.
func configHere() (string, error) {
	ws, err := openWorkspace("", nil)
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

// printFixed prints the manifests of stdin as they are now.
func (c *fixCommand) printFixed(v *fix.Verified) error {
	text := c.manifests
	for _, f := range v.Files() {
		if f.Name == stdinName {
			text = f.After
		}
	}
	_, err := io.Copy(c.Out, bytes.NewReader(text))
	return err
}
