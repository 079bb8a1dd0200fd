package main

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/syncgate/syncgate/fix"
)

// runStdin fixes the manifests on stdin and prints them to stdout, whole, fixed or not; the report goes to stderr. The
// config is the one of the current directory.
func (c *fixCommand) runStdin(ctx context.Context) error {
	if c.diff || c.bundle != "" || c.format != "text" {
		return errors.New("-: stdout has the manifests; leave out --diff, --bundle and --format")
	}
	text, err := readStdin(c.In)
	if err != nil {
		return err
	}
	if c.configFile == "" {
		if c.configFile, err = configHere(); err != nil {
			return err
		}
	}
	c.manifests = text
	return c.onStdin(text, func(file string) error { return c.runOn(ctx, []string{file}) })
}

// printFixed prints the manifests of stdin as they are now.
func (c *fixCommand) printFixed(v *fix.Verified) error {
	_, err := io.Copy(c.Out, bytes.NewReader(fixedText(v, c.manifests)))
	return err
}

// fixedText is what stdin held with the fixes in it.
func fixedText(v *fix.Verified, text []byte) []byte {
	for _, f := range v.Files() {
		if f.Name == stdinName {
			return f.After
		}
	}
	return text
}

// writeMended says on stderr what was fixed and what is left, unless there is neither.
func (c *fixCommand) writeMended(v *fix.Verified) error {
	if len(v.Patches())+len(v.Left())+len(v.Failed())+len(v.Before().Notices) == 0 && !c.verbose {
		return nil
	}
	return c.summarize(c.Err, v)
}
