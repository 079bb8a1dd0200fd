package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/syncgate/syncgate/gitops/argocd"
	"github.com/syncgate/syncgate/render"
)

type pluginCommand struct {
	stdio
	policyFile string
	bounds     boundFlags
	remotes    remoteFlags
}

func newPlugin(std stdio) *cobra.Command {
	c := &pluginCommand{stdio: std}
	cmd := &cobra.Command{
		Use:   "plugin",
		Short: "The Argo CD config-management plugin",
		Long: `What Argo CD runs in the sidecar of its repository server: see gitops/argocd/install.

The working directory is the Application's source, and the environment says the rest, as Argo CD sets them.`,
	}
	generate := &cobra.Command{
		Use:   "generate",
		Short: "Print the source's manifests if they pass, or refuse",
		Long: `Render the source in the working directory, judge it, and print its manifests if it passes.

Otherwise nothing is printed on stdout, the verdict stands on stderr, where Argo CD shows it in the Application's
ComparisonError, and the exit code is not 0. A source that renders nothing is an error: Argo CD would delete everything.

--policy names the administrator's policy, written as a .syncgate.yaml. It is a floor: the repository's own .syncgate.yaml,
ARGOCD_ENV_SYNCGATE_LEVEL and the parameter level are held against the manifests beside it, and can only refuse more.
Exemptions count where the administrator wrote them; annotations and labels in the manifests loosen nothing.`,
		Example: `  syncgate plugin generate --policy /etc/syncgate/policy.yaml`,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.generate(cmd.Context()) },
	}
	generate.Flags().StringVar(&c.policyFile, "policy", "", "the administrator's policy `FILE` (default: restricted, nothing exempted)")
	c.bounds.register(generate.Flags())
	c.remotes.register(generate.Flags())
	cmd.AddCommand(generate, &cobra.Command{
		Use:   "discover",
		Short: "Say whether the plugin can render the working directory",
		Long:  "Print what the working directory holds (helm, kustomize or directory), or nothing when there is no manifest in it.",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return c.discover() },
	}, &cobra.Command{
		Use:   "parameters",
		Short: "Print the parameters that the plugin takes, as Argo CD reads them",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return c.parameters() },
	})
	return cmd
}

// call reads what Argo CD asks for, and opens the checkout.
func (c *pluginCommand) call() (*argocd.Call, *workspace, error) {
	dir, err := os.Getwd()
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return nil, nil, err
	}
	call, err := argocd.ReadCall(dir, os.Getenv, gitRoot)
	if err != nil {
		return nil, nil, err
	}
	tree, err := render.OpenTree(call.Root)
	return call, &workspace{tree: tree, paths: []string{call.Path}}, err
}

// gitRoot is the directory at or above dir that holds a .git, "" for none.
func gitRoot(dir string) string {
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Lstat(filepath.Join(d, ".git")); err == nil {
			return d
		}
		if d == filepath.Dir(d) {
			return ""
		}
	}
}

// generate prints manifests that pass. Argo CD takes an empty answer for an empty Application, and prunes it: nothing but a
// complete answer may end with 0.
func (c *pluginCommand) generate(ctx context.Context) error {
	call, ws, err := c.call()
	if err != nil {
		return err
	}
	defer ws.tree.Close()
	if _, err := c.remotes.attach(ws); err != nil {
		return err
	}
	src, err := call.Source(ws.tree)
	if err != nil {
		return c.refuse(call, err)
	}
	gates, err := c.gates(call, ws)
	if err != nil {
		return c.refuse(call, err)
	}
	limits := c.bounds.limits()
	pool := render.NewPool(ws.tree, gates[0].options.Render, limits)
	defer pool.Close()
	var res render.Result
	if err := pool.Render(ctx, ws.tree, []render.Source{*src}, func(r render.Result) { res = r }); err != nil {
		return err
	}
	switch {
	case res.Err != nil:
		return c.refuse(call, withHint(res.Err))
	case len(res.Objects) == 0:
		return c.refuse(call, errors.New("it renders no object, which would have Argo CD delete everything it has applied"))
	}
	for _, g := range gates {
		if err := g.judge(ws.tree, res); err != nil {
			return c.refuse(call, err)
		}
	}
	var out bytes.Buffer
	for i := range res.Objects {
		text, err := render.ObjectYAML(&res.Objects[i])
		if err != nil {
			return fmt.Errorf("printing %s: %w", res.Objects[i].ID(), err)
		}
		out.WriteString("---\n" + text)
	}
	_, err = c.Out.Write(out.Bytes())
	return err
}

// refuse says why there are no manifests, shortly and without what a terminal would obey.
func (c *pluginCommand) refuse(call *argocd.Call, why error) error {
	name := call.Name
	if name == "" {
		name = call.Path
	}
	lines := strings.Split(fmt.Sprintf("syncgate refuses %s: %v", name, why), "\n")
	for i := range lines {
		lines[i] = printable(lines[i])
	}
	text := []rune(strings.Join(lines, "\n"))
	if len(text) > maxVerdict {
		text = append(text[:maxVerdict], '…')
	}
	fmt.Fprintln(c.Err, string(text))
	return errFindings
}

// maxVerdict bounds what Argo CD has to show, in characters.
const maxVerdict = 4000

func withHint(e *render.Error) error {
	if e.Hint == "" {
		return e
	}
	return fmt.Errorf("%w; %s", e, e.Hint)
}

// discover says what the source is. Argo CD takes any output for yes.
func (c *pluginCommand) discover() error {
	call, ws, err := c.call()
	if err != nil {
		return err
	}
	defer ws.tree.Close()
	src, err := call.Source(ws.tree)
	if err != nil {
		return c.refuse(call, err)
	}
	if src.Kind == render.KindDirectory {
		found, err := render.Discover(ws.tree, render.DiscoverOptions{Paths: ws.paths})
		if err != nil || len(found.Sources) == 0 {
			return err
		}
	}
	_, err = fmt.Fprintln(c.Out, src.Kind)
	return err
}

func (c *pluginCommand) parameters() error {
	enc := json.NewEncoder(c.Out)
	enc.SetIndent("", "  ")
	return enc.Encode(argocd.Parameters)
}
