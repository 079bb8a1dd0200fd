package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/check/report"
	"github.com/syncgate/syncgate/render"
)

type checkCommand struct {
	stdio
	sourceFlags
	policyFlags
	baselineFlags
	outputFlags
	since sinceFlags
}

func newCheck(std stdio) *cobra.Command {
	c := &checkCommand{stdio: std}
	cmd := &cobra.Command{
		Use:   "check [PATH...]",
		Short: "Render and judge",
		Long: `Render everything that would be applied from PATH (default: the current directory) and judge it.

Kustomizations and charts that are only parts of others are not judged on their own, unless PATH names them or --all is
given. What was skipped is counted, and listed with -v.

With --changed-since, sources whose output nothing can have changed since a revision are left out, and counted: a file that
one reads, lists or looks for in vain counts as its change. A change of the config or baseline, of what namespaces declare for
others, or of a link concerns all sources. What is left out is not rendered, so nobody hears whether it still renders.`,
		Example: `  syncgate check
  syncgate check --level baseline apps/
  syncgate check --changed-since origin/main
  syncgate check --format json --report sarif=syncgate.sarif overlays/prod`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args) },
	}
	c.sourceFlags.register(cmd.Flags())
	c.policyFlags.register(cmd.Flags())
	c.baselineFlags.register(cmd.Flags())
	c.since.register(cmd.Flags())
	c.outputFlags.register(cmd.Flags(), report.Formats)
	return cmd
}

func (c *checkCommand) run(ctx context.Context, args []string) error {
	outputs, err := c.outputFlags.open(c.Out)
	if err != nil {
		return err
	}
	res, err := c.judge(ctx, args)
	if err != nil {
		return err
	}
	if err := outputs.write(res, c.reportOptions()); err != nil {
		return err
	}
	return c.verdict(res)
}

// judge does all of the work but for the reports.
func (c *checkCommand) judge(ctx context.Context, args []string) (*check.Run, error) {
	o, ws, err := c.options(ctx, args)
	if err != nil {
		return nil, err
	}
	defer ws.tree.Close()
	baseline, err := c.baselineFlags.open(ws, c.revision, o.Since != nil)
	if err != nil {
		return nil, err
	}
	progress := newProgress(c.Err, c.quiet)
	o.Progress = progress.update
	res, err := check.Check(ctx, ws.tree, o)
	progress.clear()
	if err != nil {
		return nil, err
	}
	res.Say(c.notices...)
	return res, baseline.apply(res, o.Whole())
}

// verdict turns a run into the command's outcome.
func (c *checkCommand) verdict(res *check.Run) error {
	if res.Errors() > 0 {
		return errReported
	}
	if len(res.Sources) == 0 && c.stdin {
		return errors.New("nothing to judge: stdin holds no manifest that can be read, with apiVersion and kind")
	}
	if len(res.Sources)+res.Unchanged == 0 {
		return fmt.Errorf("nothing to judge: no kustomization, chart or manifest was found; name a path that holds one")
	}
	if c.fails(res) {
		return errFindings
	}
	return nil
}

func (c *checkCommand) reportOptions() report.Options {
	return report.Options{
		Version: version(),
		Color:   useColor(c.Out, c.noColor),
		Verbose: c.verbose,
		Quiet:   c.quiet,
		FailOn:  check.Severity(c.failOn),
	}
}

func (f *sourceFlags) helmOptions(ws *workspace) (render.HelmOptions, error) {
	o := render.HelmOptions{ReleaseName: f.releaseName, Namespace: f.namespace, Set: f.set, SetString: f.setString,
		SetJSON: f.setJSON, SetFile: f.setFile, SkipCRDs: f.skipCRDs, SkipTests: f.skipTests, NoHooks: f.noHooks}
	for _, v := range f.values {
		rel, err := ws.rootPath(v)
		if err != nil {
			return o, fmt.Errorf("--values: %w", err)
		}
		o.Values = append(o.Values, render.ValueLayer{File: rel, Encoding: render.EncodingFile})
	}
	return o, nil
}

// outputs are the reports of a run.
type outputs struct {
	stdout string
	out    interface{ Write([]byte) (int, error) }
	files  [][2]string // format, file
}

// open checks formats and files before any work is done.
func (f *outputFlags) open(stdout interface{ Write([]byte) (int, error) }) (*outputs, error) {
	o := &outputs{stdout: f.format, out: stdout}
	if !slices.Contains(report.Formats, f.format) {
		return nil, unknownFormat(f.format)
	}
	for _, r := range f.reports {
		format, file, ok := strings.Cut(r, "=")
		if !ok || file == "" {
			return nil, fmt.Errorf("--report %q: expected FORMAT=FILE, such as sarif=syncgate.sarif", r)
		}
		if !slices.Contains(report.Formats, format) {
			return nil, unknownFormat(format)
		}
		if info, err := os.Stat(filepath.Dir(file)); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("--report %q: the directory %s does not exist", r, filepath.Dir(file))
		}
		o.files = append(o.files, [2]string{format, file})
	}
	return o, nil
}

func unknownFormat(name string) error {
	return fmt.Errorf("unknown format %q: expected one of %s", name, strings.Join(report.Formats, ", "))
}

func (o *outputs) write(run *check.Run, opts report.Options) error {
	if err := report.Write(o.out, o.stdout, run, opts); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	opts.Color = false
	for _, f := range o.files {
		if err := o.file(f[0], f[1], run, opts); err != nil {
			return fmt.Errorf("writing the report %s: %w", f[1], err)
		}
	}
	return nil
}

func (o *outputs) file(format, name string, run *check.Run, opts report.Options) error {
	f, err := os.Create(name)
	if err != nil {
		return unwrapPath(err)
	}
	if err := report.Write(f, format, run, opts); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
