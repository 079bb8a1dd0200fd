package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/check/config"
	"github.com/syncgate/syncgate/gitops/krm"
)

type fnCommand struct {
	fixCommand
	fix  bool
	list *krm.List
}

func newFn(std stdio) *cobra.Command {
	c := &fnCommand{fixCommand: fixCommand{checkCommand: checkCommand{stdio: std}}}
	cmd := &cobra.Command{
		Use:   "fn",
		Short: "As a KRM function of kustomize or kpt: judge or fix a ResourceList",
		Long: `Read a ResourceList from stdin, judge its items, and print it to stdout with results. This is what kustomize and kpt run:
https://github.com/kubernetes-sigs/kustomize/blob/master/cmd/config/docs/api-conventions/functions-spec.md

The items stay as they are, byte for byte. With --fix, or mode: fix, they come back with proven fixes, and the results say what was
done and what is left. The exit code is that of check: 1 when findings stay, and kustomize then builds nothing. A report for people
goes to stderr, unless there is nothing to say.

The functionConfig has the keys of .syncgate.yaml but those about files of a repository, and mode (check or fix) and only (safe):

  apiVersion: syncgate.io/v1alpha1
  kind: Syncgate
  metadata:
    name: gate
    annotations:
      config.kubernetes.io/function: |
        exec: {path: syncgate, args: [fn]}
  spec:
    level: baseline
    ignore: [workload/cpuLimit]

In a kustomization it stands under transformers, for kustomize build --enable-alpha-plugins --enable-exec: kustomize 5 takes what
it writes on objects itself for a change by a function, and refuses all functions under validators. In a ConfigMap, as kpt makes one of key=value, its data has the same keys. Flags override it. No .syncgate.yaml
is looked for; --config names one. Secrets are judged and never mended: syncgate fix does that in the files.`,
		Example: `  kustomize build --enable-alpha-plugins --enable-exec overlays/prod
  kpt fn eval --exec "syncgate fn" -- mode=fix level=baseline
  kustomize cfg cat --annotate --wrap-kind ResourceList --wrap-version config.kubernetes.io/v1 . | syncgate fn`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	c.register(cmd.Flags())
	return cmd
}

func (c *fnCommand) register(fs *pflag.FlagSet) {
	c.registerStdin(fs)
	c.registerJudging(fs)
	fs.BoolVar(&c.fix, "fix", false, "fix the items")
	fs.StringVar(&c.only, "only", "", "only fixes that are `safe`")
	fs.StringVar(&c.configFile, "config", "", "a config `FILE`, where the functionConfig says nothing")
}

func (c *fnCommand) run(ctx context.Context) error {
	if c.only != "" && c.only != string(check.FixSafe) {
		return fmt.Errorf("--only %q: expected safe", c.only)
	}
	text, err := readStdin(c.In)
	if err != nil {
		return err
	}
	if c.list, err = krm.Read(stdinName, text); err != nil {
		return err
	}
	if err := c.configure(); err != nil {
		return err
	}
	if c.list.Empty() {
		return c.write(text, nil)
	}
	c.keepSecrets = true
	c.from = func(f *check.Finding) string { return c.list.FileOf(f.Object).Path }
	return c.onStdin(text, func(file string) error {
		if c.fix {
			return c.mendItems(ctx, file, text)
		}
		return c.judgeItems(ctx, file, text)
	})
}

// configure takes what the functionConfig says; flags stand over it.
func (c *fnCommand) configure() error {
	f, err := config.ParseFunction(c.list.Config)
	if err != nil {
		return err
	}
	if !c.fs.Changed("fix") {
		c.fix = f.Mode == config.ModeFix
	}
	if f.OnlySafe {
		c.only = string(check.FixSafe)
	}
	said := !reflect.DeepEqual(f.Config, config.Config{})
	switch {
	case said && c.configFile != "":
		return errors.New("--config: the functionConfig is a config, too; say everything in one of them")
	case c.configFile == "":
		c.given = &f.Config
	}
	return nil
}

// judgeItems judges the items and leaves them as they are.
func (c *fnCommand) judgeItems(ctx context.Context, file string, text []byte) error {
	run, err := c.judge(ctx, []string{file})
	if err != nil {
		return err
	}
	if err := c.write(text, c.list.Judged(run)); err != nil {
		return err
	}
	if err := c.writeVerdict(run); err != nil {
		return err
	}
	return c.verdict(run)
}

// mendItems fixes the items.
func (c *fnCommand) mendItems(ctx context.Context, file string, text []byte) error {
	v, err := c.mend(ctx, file)
	if err != nil {
		return err
	}
	if err := c.write(fixedText(v, text), c.list.Fixed(v)); err != nil {
		return err
	}
	if err := c.writeMended(v); err != nil {
		return err
	}
	return c.outcome(v)
}

// write prints the list.
func (c *fnCommand) write(text []byte, results []krm.Result) error {
	text, err := c.list.WithResults(text, results)
	if err == nil {
		_, err = krm.Read(stdinName, text) // fixes add nothing beside the list
	}
	if err == nil {
		_, err = c.Out.Write(text)
	}
	return err
}
