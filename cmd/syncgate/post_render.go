package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/fix"
	"github.com/syncgate/syncgate/gitops/helm"
)

type postRenderCommand struct {
	fixCommand
	fix bool
}

func newPostRender(std stdio) *cobra.Command {
	c := &postRenderCommand{fixCommand: fixCommand{checkCommand: checkCommand{stdio: std}}}
	cmd := &cobra.Command{
		Use:   "post-render",
		Short: "As a post-renderer of Helm: pass manifests on if they pass, or fix them",
		Long: `Read the manifests of a release from stdin, judge them, and print them to stdout, byte for byte, if they pass. Otherwise nothing
is printed on stdout, the report stands on stderr, the exit code is not 0, and Helm stops before it changes the cluster. With
--fix, what is printed has proven fixes in it, and Helm stops only for what cannot be fixed.

Helm 3 runs it by its name, with each argument on its own:

  helm upgrade web ./chart --post-renderer syncgate --post-renderer-args post-render --post-renderer-args --fix

Helm 4 runs plugins, and finds syncgate on PATH; syncgate init --helm writes the plugin:

  helm plugin install ./helm/syncgate
  helm upgrade web ./chart --post-renderer syncgate --post-renderer-args=--fix

What Helm does not hand over is not judged: Helm 3 keeps hooks, tests among them, to itself, and with template --output-dir
everything; neither version hands over what is in a chart's crds folder when it installs. ` + "`syncgate check CHART`" + ` sees all of them. Helm 4 does not show what a post-renderer
says: on a terminal syncgate writes there; elsewhere --report text=FILE keeps it. Nor does Helm say which namespace its -n
names: where policies match namespaces, --namespace does.

The config is the .syncgate.yaml of the current directory, or --config FILE. Whether the value of a Secret is in git is not to be
seen here: secret/plaintext is judged only when --select, or select in the config, names it.`,
		Example: `  helm template web ./chart | syncgate post-render --level baseline
  helm upgrade web ./chart --post-renderer syncgate --post-renderer-args post-render`,
		Args: func(cmd *cobra.Command, args []string) error {
			err := cobra.NoArgs(cmd, args)
			if err != nil {
				c.sayOnTerminal(nil, err)
			}
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		err = flagError(cmd, err)
		c.sayOnTerminal(nil, err)
		return err
	})
	c.register(cmd.Flags())
	return cmd
}

func (c *postRenderCommand) register(fs *pflag.FlagSet) {
	c.registerStdin(fs)
	c.registerJudging(fs)
	fs.BoolVar(&c.fix, "fix", false, "fix the manifests")
	fs.StringVar(&c.only, "only", "", "only fixes that are `safe`")
	fs.StringVar(&c.configFile, "config", "", "the config `FILE` (default: .syncgate.yaml, looked for from the current directory up to the root)")
	fs.StringVarP(&c.namespace, "namespace", "n", "", "where objects go that name no namespace (default: $HELM_NAMESPACE)")
	fs.StringArrayVar(&c.reports, "report", nil, "write a report to a file too, as `FORMAT=FILE` (repeatable); with --fix, the format is text or json")
}

// run passes on what the command says, also where Helm does not.
func (c *postRenderCommand) run(ctx context.Context) error {
	var said bytes.Buffer
	err := c.talk(ctx, &said)
	if _, err := c.Err.Write(said.Bytes()); err != nil {
		return err
	}
	if err != nil {
		c.sayOnTerminal(said.Bytes(), err)
	}
	return err
}

// sayOnTerminal says why Helm stops, where it is Helm 4: it drops what its plugins write to stderr.
func (c *postRenderCommand) sayOnTerminal(said []byte, why error) {
	if os.Getenv("HELM_PLUGIN_DIR") == "" || isTerminal(c.Err) {
		return
	}
	tty, err := os.OpenFile("/dev/tty", os.O_WRONLY, 0)
	if err != nil {
		return // nobody looks
	}
	defer tty.Close()
	tty.Write(said)
	if !errors.Is(why, errFindings) && !errors.Is(why, errReported) {
		fmt.Fprintf(tty, "syncgate: %v\n", why)
	}
}

// talk does the work with what it says in a buffer.
func (c *postRenderCommand) talk(ctx context.Context, said *bytes.Buffer) error {
	std := c.stdio
	defer func() { c.stdio = std }()
	c.Err = said
	if c.only != "" && c.only != string(check.FixSafe) {
		return fmt.Errorf("--only %q: expected safe", c.only)
	}
	c.format = "text"
	outputs, err := c.outputFlags.open(said)
	if err != nil {
		return err
	}
	for _, f := range outputs.files {
		if c.fix && f[0] != "text" && f[0] != "json" {
			return fmt.Errorf("--report %s=%s: with --fix the format is text or json", f[0], f[1])
		}
	}
	text, err := readStdin(c.In)
	if err != nil {
		return err
	}
	if helm.Blank(text) {
		fmt.Fprintln(said, "syncgate: there is nothing to judge: Helm has rendered no manifest, or hooks only")
		_, err := c.Out.Write(text)
		return err
	}
	if c.configFile == "" {
		if c.configFile, err = configHere(); err != nil {
			return err
		}
	}
	if !c.fs.Changed("namespace") {
		c.namespace = os.Getenv("HELM_NAMESPACE")
	}
	c.unselected = []string{"secret/plaintext"}
	templates := helm.NewTemplates(text)
	c.keepSecrets = true
	c.from = func(f *check.Finding) string { return templates.Of(f.Object, f.Origin.Line) }
	c.manifests = text
	return c.onStdin(text, func(file string) error {
		if c.fix {
			return c.mendManifests(ctx, file, outputs)
		}
		return c.judgeManifests(ctx, file, outputs)
	})
}

// judgeManifests passes the manifests on when they pass.
func (c *postRenderCommand) judgeManifests(ctx context.Context, file string, o *outputs) error {
	run, err := c.judge(ctx, []string{file})
	if err != nil {
		return err
	}
	if err := c.writeVerdict(run); err != nil {
		return err
	}
	opts := c.reportOptions()
	opts.Color = false
	for _, f := range o.files {
		shown := run
		if f[0] == "text" {
			shown = c.shown(run)
		}
		if err := o.file(f[0], f[1], shown, opts); err != nil {
			return fmt.Errorf("writing the report %s: %w", f[1], err)
		}
	}
	if err := c.verdict(run); err != nil {
		return err
	}
	_, err = c.Out.Write(c.manifests)
	return err
}

// mendManifests passes the manifests on, fixed, when nothing is left that would stop them.
func (c *postRenderCommand) mendManifests(ctx context.Context, file string, o *outputs) error {
	v, err := c.mend(ctx, file)
	if err != nil {
		return err
	}
	if err := c.writeMended(v); err != nil {
		return err
	}
	for _, f := range o.files {
		if err := c.reportMended(f[0], f[1], v); err != nil {
			return fmt.Errorf("writing the report %s: %w", f[1], err)
		}
	}
	if err := c.outcome(v); err != nil {
		return err
	}
	return c.printFixed(v)
}

// reportMended writes what was fixed to a file.
func (c *postRenderCommand) reportMended(format, name string, v *fix.Verified) error {
	f, err := os.Create(name)
	if err != nil {
		return unwrapPath(err)
	}
	write := c.summarize
	if format == "json" {
		write = c.writeJSON
	}
	return errors.Join(write(f, v), f.Close())
}
