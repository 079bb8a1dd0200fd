package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/fix"
)

type fixCommand struct {
	checkCommand
	secretFlags
	diff      bool
	only      string
	bundle    string
	digest    string // of the bundle that was written
	manifests []byte // from stdin, nil when there are none
	// keepSecrets leaves secrets alone, whatever the config says: sealing is for the files in git, and gives another text each time.
	keepSecrets bool
}

func newFix(std stdio) *cobra.Command {
	c := &fixCommand{checkCommand: checkCommand{stdio: std}}
	cmd := &cobra.Command{
		Use:   "fix [PATH...]",
		Short: "Write proven fixes in place",
		Long: `Find what would make PATH pass, prove it by rendering again, and write it to the sources.

A fix is written only when the findings it is for are gone, no new one appeared, and the rendered objects differ in
nothing else. All files are written, or none. --diff prints the changes instead, and exits with 1 if there are any.
--bundle writes them to a file instead, for ` + "`syncgate pr --from`" + ` to open a pull request with: so the job that renders needs no
token, and the job with the token renders nothing.

Every fix is safe (a correct workload cannot notice) or needs review (it can break one; what to test is printed). What
needs a person's decision is listed, never written.

With - for PATH, manifests are read from stdin and printed to stdout; the report goes to stderr.`,
		Example: `  syncgate fix --diff
  syncgate fix --only safe apps/
  syncgate fix overlays/prod && git diff
  syncgate fix --bundle fixes.json
  syncgate fix - < pod.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args) },
	}
	c.register(cmd.Flags())
	return cmd
}

func (c *fixCommand) register(fs *pflag.FlagSet) {
	c.sourceFlags.register(fs)
	c.policyFlags.register(fs)
	c.secretFlags.register(fs)
	c.since.register(fs)
	fs.StringVar(&c.format, "format", "text", "format of the report on stdout: text, json")
	fs.BoolVar(&c.diff, "diff", false, "print a unified diff, write nothing, and exit with 1 if there is any")
	fs.StringVar(&c.bundle, "bundle", "", "write the patches to a `FILE` for pr --from, and nothing to the work tree")
	fs.StringVar(&c.only, "only", "", "only fixes that are `safe`")
}

func (c *fixCommand) run(ctx context.Context, args []string) error {
	if c.only != "" && c.only != "safe" {
		return fmt.Errorf("--only %q: expected safe", c.only)
	}
	if c.bundle != "" && c.diff {
		return errBundleAndDiff
	}
	if c.format != "text" && c.format != "json" {
		return fmt.Errorf("--format %q: expected text or json", c.format)
	}
	if slices.Contains(args, "-") {
		if len(args) > 1 {
			return errors.New("-: stdin stands alone; leave out the other paths")
		}
		return c.runStdin(ctx)
	}
	return c.runOn(ctx, args)
}

func (c *fixCommand) runOn(ctx context.Context, args []string) error {
	o, ws, err := c.options(ctx, args)
	if err != nil {
		return err
	}
	defer ws.tree.Close()
	if err := c.recover(ws); err != nil {
		return err
	}
	var head *revision
	if c.bundle != "" {
		if head, err = openRevision(ctx, ws.tree.Dir(), "", "HEAD"); err != nil {
			return fmt.Errorf("--bundle: %s is no git work tree with a commit; a bundle says which one its patches are for", ws.tree.Dir())
		}
	}
	v, err := c.prove(ctx, o, ws)
	if err != nil {
		return err
	}
	switch {
	case c.diff:
	case c.manifests != nil:
		err = c.printFixed(v)
	case c.bundle != "":
		err = c.writeBundle(ctx, ws, head, v)
	default:
		err = fix.NewWriter(ws.tree).Write(v)
	}
	if err != nil {
		return err
	}
	if err := c.report(v); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if c.bundle != "" && c.format == "text" {
		fmt.Fprintf(c.Out, "bundle: %s for the commit %s, digest %s\n", printable(c.bundle), head.commit[:12], c.digest)
	}
	return c.outcome(v)
}

// mend proves fixes for what is on stdin.
func (c *fixCommand) mend(ctx context.Context, file string) (*fix.Verified, error) {
	o, ws, err := c.options(ctx, []string{file})
	if err != nil {
		return nil, err
	}
	defer ws.tree.Close()
	return c.prove(ctx, o, ws)
}

// prove finds fixes, and says on the way what there is to say about the config.
func (c *fixCommand) prove(ctx context.Context, o check.Options, ws *workspace) (*fix.Verified, error) {
	if c.keepSecrets {
		o.Remedies.Secrets = check.SecretRemedy{}
	}
	sealer, err := c.secretFlags.apply(&o, ws, c.revision, c.stdin)
	if err != nil {
		return nil, err
	}
	for _, n := range c.notices {
		fmt.Fprintf(c.Err, "notice: %s: %s\n", printable(n.File), printable(n.Text))
	}
	progress := newProgress(c.Err, c.quiet)
	o.Progress = progress.update
	v, err := fix.Fix(ctx, ws.tree, fix.Options{Check: o, OnlySafe: c.only == "safe", Sealer: sealer})
	progress.clear()
	return v, err
}

// recover puts back what an interrupted run has written. --diff changes nothing, so it only says so.
func (c *fixCommand) recover(ws *workspace) error {
	if c.diff {
		return fix.Interrupted(ws.tree)
	}
	said, err := fix.Recover(ws.tree)
	for _, text := range said {
		fmt.Fprintf(c.Err, "notice: %s\n", printable(text))
	}
	return err
}

// report prints what was done. A diff has stdout for itself.
func (c *fixCommand) report(v *fix.Verified) error {
	if c.format == "json" {
		return c.writeJSON(c.Out, v)
	}
	if c.manifests != nil {
		return c.summarize(c.Err, v)
	}
	if !c.diff {
		return c.summarize(c.Out, v)
	}
	if err := c.printDiff(v); err != nil {
		return err
	}
	return c.summarize(c.Err, v)
}

// printDiff prints the patches as a diff, in which secret values are masked.
func (c *fixCommand) printDiff(v *fix.Verified) error {
	diff, masked := v.Diff()
	_, err := io.WriteString(c.Out, diff)
	if err == nil && masked {
		fmt.Fprintln(c.Err, "syncgate: secret values in the diff are masked, so it cannot be applied; run fix without --diff")
	}
	return err
}

// outcome is the exit status: what could not be rendered fails, then a diff or findings that stay.
func (c *fixCommand) outcome(v *fix.Verified) error {
	switch {
	case v.Before().Errors() > 0:
		return errReported
	case len(v.Before().Sources) == 0 && c.since.ref != "":
		return nil
	case len(v.Before().Sources) == 0 && c.stdin:
		return errors.New("nothing to fix: stdin holds no manifest that can be read, with apiVersion and kind")
	case len(v.Before().Sources) == 0:
		return fmt.Errorf("nothing to fix: no kustomization, chart or manifest was found; name a path that holds one")
	case c.diff && len(v.Files()) > 0:
		return errFindings
	case c.diff:
		return nil
	}
	rest := &check.Run{}
	for _, l := range v.Left() {
		rest.Findings = append(rest.Findings, l.Finding)
	}
	if c.fails(rest) {
		return errFindings
	}
	return nil
}
