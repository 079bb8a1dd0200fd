package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/syncgate/syncgate/actions"
	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/check/report"
	"github.com/syncgate/syncgate/gitops/github"
)

// actionCommand is what action.yml runs. It says everything on stdout: a runner reads commands from both streams, and only
// in one stream is it certain what is quoted.
type actionCommand struct {
	stdio
	env *actions.Environment
}

func newAction(std stdio) *cobra.Command {
	c := &actionCommand{stdio: std}
	return &cobra.Command{
		Use:   "action",
		Short: "What action.yml runs in GitHub Actions",
		Long: `Do what a step of GitHub Actions asks for: judge, with annotations, a job summary, a SARIF file and outputs, and with the
input fix put fixes into a pull request. Inputs come from the environment (INPUT_<NAME>), as action.yml passes them on.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
}

// run does the step. An error becomes an annotation; the exit code is that of `syncgate check`.
func (c *actionCommand) run(ctx context.Context) error {
	env, err := actions.Open(os.Getenv)
	if err != nil {
		return err
	}
	c.env = env
	err = c.step(ctx)
	if err == nil || errors.Is(err, errFindings) || errors.Is(err, errReported) {
		return err
	}
	fmt.Fprintln(c.Out, report.WorkflowCommand("error", "", 0, 0, "syncgate", printable(err.Error())))
	return errors.Join(errReported, env.SetOutput("exit-code", strconv.Itoa(exitFailed)))
}

// step judges, then does about the findings what the input fix says. With a bundle it only opens that.
func (c *actionCommand) step(ctx context.Context) error {
	if c.env.Input("from") != "" {
		return c.pr(ctx)
	}
	mend := func(context.Context) error { return nil }
	switch v := c.env.Input("fix"); v {
	case "", "none":
	case "pr":
		mend = c.pr
	case "bundle":
		mend = c.bundle
	default:
		return fmt.Errorf("the input fix: %q: expected none, pr or bundle", v)
	}
	verdict := c.check(ctx)
	if verdict != nil && !errors.Is(verdict, errFindings) && !errors.Is(verdict, errReported) {
		return verdict
	}
	if err := mend(ctx); err != nil {
		return err
	}
	return verdict
}

// Inputs that stand for the flag of their name: once, or once for each line.
var (
	judgeFlags = []string{"level", "level-version", "kube-version", "config", "fail-on", "select", "ignore"}
	lineFlags  = []string{"allow-remote"}
)

// flags sets flags as the inputs say: those of judging, and more. No input is ever parsed as a command line.
func (c *actionCommand) flags(fs *pflag.FlagSet, more ...string) error {
	if err := c.theseFlags(fs, slices.Concat(judgeFlags, more)...); err != nil {
		return err
	}
	for _, name := range lineFlags {
		for _, v := range c.env.Lines(name) {
			if err := fs.Set(name, v); err != nil {
				return fmt.Errorf("the input %s: %w", name, err)
			}
		}
	}
	return nil
}

func (c *actionCommand) theseFlags(fs *pflag.FlagSet, names ...string) error {
	for _, name := range names {
		if v := c.env.Input(name); v != "" {
			if err := fs.Set(name, v); err != nil {
				return fmt.Errorf("the input %s: %w", name, err)
			}
		}
	}
	return nil
}

// check judges, and fails as `syncgate check` does.
func (c *actionCommand) check(ctx context.Context) error {
	cc := &checkCommand{}
	fs := pflag.NewFlagSet("check", pflag.ContinueOnError)
	cc.sourceFlags.register(fs)
	cc.policyFlags.register(fs)
	cc.baselineFlags.register(fs)
	if err := c.flags(fs, "baseline"); err != nil {
		return err
	}
	if err := c.base(cc); err != nil {
		return err
	}
	var run *check.Run
	err := actions.Quote(c.Out, func(out io.Writer) (err error) {
		cc.stdio = stdio{In: c.In, Out: out, Err: out}
		if run, err = cc.judge(ctx, c.env.Lines("paths")); err != nil {
			return err
		}
		return report.Write(out, "text", run, cc.reportOptions())
	})
	if err != nil {
		return err
	}
	if err := c.say(run, cc); err != nil {
		return err
	}
	return cc.verdict(run)
}

// base takes the policy from the revision that a proposal starts from, and what it changes.
func (c *actionCommand) base(cc *checkCommand) error {
	base, err := c.env.Base()
	if cc.policyRef = c.env.Input("policy-ref"); cc.policyRef == "" {
		if err != nil {
			return err
		}
		cc.policyRef = base
	}
	changed, err := c.env.Bool("changed-only")
	if changed {
		cc.since.ref = base // "" for what is no proposal: all of it
	}
	return err
}

// say puts a run where GitHub shows it.
func (c *actionCommand) say(run *check.Run, cc *checkCommand) error {
	o := cc.reportOptions()
	if err := report.Write(c.Out, "github", run, o); err != nil {
		return err
	}
	err := c.env.Summarize(func(w io.Writer, max int) error {
		o := o
		o.MaxBytes = max
		return report.Write(w, "markdown", run, o)
	})
	if err != nil {
		return err
	}
	outputs := outputs{stdout: "text", out: io.Discard}
	files := map[string]string{}
	for output, file := range map[string][2]string{"sarif": {"sarif", "syncgate.sarif"}, "report": {"json", "syncgate.json"}} {
		files[output] = filepath.Join(c.env.Temp, file[1])
		outputs.files = append(outputs.files, [2]string{file[0], files[output]})
	}
	if err := outputs.write(run, o); err != nil {
		return err
	}
	errs, warnings, exempted := run.Count()
	for name, n := range map[string]int{"exit-code": report.ExitCode(run, o), "errors": errs, "warnings": warnings,
		"exempted": exempted, "findings": errs + warnings, "sources": len(run.Sources), "failed-sources": run.Errors()} {
		files[name] = strconv.Itoa(n)
	}
	return c.set(files)
}

func (c *actionCommand) set(outputs map[string]string) error {
	for name, value := range outputs {
		if err := c.env.SetOutput(name, value); err != nil {
			return err
		}
	}
	return nil
}

// onlyPushes says why nothing is mended.
func (c *actionCommand) onlyPushes() bool {
	if c.env.PullRequest() {
		fmt.Fprintln(c.Out, report.WorkflowCommand("notice", "", 0, 0, "syncgate",
			"nothing is fixed on pull requests, whose branches are their authors'; use the input fix on pushes or on a schedule"))
	}
	return c.env.PullRequest()
}

// pr opens or updates a pull request. What it cannot fix is the business of the check before it, and no failure.
func (c *actionCommand) pr(ctx context.Context) error {
	if c.onlyPushes() {
		return nil
	}
	pc := &prCommand{}
	fs := pflag.NewFlagSet("pr", pflag.ContinueOnError)
	pc.register(fs)
	err := c.theseFlags(fs, "labels", "base", "from", "digest")
	if err == nil && pc.from == "" {
		err = c.flags(fs, "only", "image-config")
	}
	if err != nil {
		return err
	}
	if pc.base == "" {
		pc.base = c.env.Branch
	}
	err = c.mended(func(out stdio) error {
		pc.stdio = out
		if pc.from != "" {
			return pc.run(ctx, nil)
		}
		return pc.run(ctx, c.env.Lines("paths"))
	})
	if pc.result == nil {
		return err
	}
	return errors.Join(err, c.sayPull(pc.result))
}

// bundle writes proven fixes to a file. What cannot be fixed is the business of the check before it, and no failure.
func (c *actionCommand) bundle(ctx context.Context) error {
	if c.onlyPushes() {
		return nil
	}
	fc := &fixCommand{}
	fs := pflag.NewFlagSet("fix", pflag.ContinueOnError)
	fc.register(fs)
	if err := c.flags(fs, "only", "image-config"); err != nil {
		return err
	}
	fc.bundle = filepath.Join(c.env.Temp, "syncgate-bundle.json")
	err := c.mended(func(out stdio) error {
		fc.stdio = out
		return fc.run(ctx, c.env.Lines("paths"))
	})
	if err != nil {
		return err
	}
	return c.set(map[string]string{"bundle": fc.bundle, "digest": fc.digest})
}

// mended runs a command that mends; what it leaves is no error here.
func (c *actionCommand) mended(run func(stdio) error) error {
	err := actions.Quote(c.Out, func(out io.Writer) error { return run(stdio{In: c.In, Out: out, Err: out}) })
	if errors.Is(err, errFindings) || errors.Is(err, errReported) {
		return nil
	}
	return err
}

func (c *actionCommand) sayPull(r *github.Result) error {
	number := ""
	if r.Number > 0 {
		number = strconv.Itoa(r.Number)
	}
	text := fmt.Sprintf("\n**syncgate fixes**: %s", r.Action)
	if r.Number > 0 {
		text += fmt.Sprintf(" [#%d](%s)", r.Number, strings.NewReplacer("(", "%28", ")", "%29", " ", "%20").Replace(printable(r.URL)))
	}
	err := c.env.Summarize(func(w io.Writer, _ int) error {
		_, err := io.WriteString(w, text)
		return err
	})
	return errors.Join(err, c.set(map[string]string{"pull-request": number, "pull-request-url": r.URL, "pull-request-action": string(r.Action)}))
}
