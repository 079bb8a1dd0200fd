package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"github.com/spf13/cobra"

	"github.com/syncgate/syncgate/check/config"
	"github.com/syncgate/syncgate/gitops/argocd"
	"github.com/syncgate/syncgate/gitops/helm"
)

var (
	//go:embed starter/config.yaml
	starterConfig []byte
	//go:embed starter/workflow.yaml
	starterWorkflow []byte
	//go:embed starter/pre-commit
	starterHook []byte
)

// starter is a file that init writes.
type starter struct {
	name string
	data []byte
	mode fs.FileMode
	then string // what to do with it
}

// starters are the files that init writes.
var starters = []starter{
	{config.FileName, starterConfig, 0o644, "say what you hold the repository against"},
	{".github/workflows/syncgate.yml", starterWorkflow, 0o644, "judges pull requests"},
	{".githooks/pre-commit", starterHook, 0o755, "judges commits, after `git config core.hooksPath .githooks`"},
}

// pluginStarters are the files that init writes with --argocd.
func pluginStarters() ([]starter, error) {
	const from = "install"
	entries, err := argocd.Install.ReadDir(from)
	if err != nil {
		return nil, err
	}
	var out []starter
	for _, e := range entries {
		data, err := argocd.Install.ReadFile(path.Join(from, e.Name()))
		if err != nil {
			return nil, err
		}
		out = append(out, starter{path.Join("argocd/syncgate", e.Name()), data, 0o644, pluginUse[e.Name()]})
	}
	return out, nil
}

// pluginUse says what to do with the files of the Argo CD plugin.
var pluginUse = map[string]string{
	"kustomization.yaml": "list argocd/syncgate under components where Argo CD is installed",
	"plugin.yaml":        "what Argo CD runs",
	"policy.yaml":        "say what every Application must pass",
	"repo-server.yaml":   "the sidecar; name its image",
}

type initCommand struct {
	stdio
	force  bool
	argocd bool
	helm   bool
}

func newInit(std stdio) *cobra.Command {
	c := &initCommand{stdio: std}
	cmd := &cobra.Command{
		Use:   "init [DIRECTORY]",
		Short: "Write a starter config, workflow and pre-commit hook",
		Long:  "Write a commented config, a GitHub workflow and a pre-commit hook into DIRECTORY (default: the current one).\nFiles that exist are kept.",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return c.run(dir)
		},
	}
	cmd.Flags().BoolVar(&c.argocd, "argocd", false, "write the component that adds the plugin to an installation of Argo CD, too")
	cmd.Flags().BoolVar(&c.helm, "helm", false, "write the plugin that makes Helm 4 judge or fix what it renders, too")
	cmd.Flags().BoolVar(&c.force, "force", false, "overwrite files that exist")
	return cmd
}

func (c *initCommand) run(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("opening %s: %w", dir, unwrapPath(err))
	}
	defer root.Close()
	files := starters
	if c.argocd {
		more, err := pluginStarters()
		if err != nil {
			return err
		}
		files = append(files[:len(files):len(files)], more...)
	}
	if c.helm {
		files = append(files[:len(files):len(files)], starter{"helm/syncgate/plugin.yaml", helm.Plugin, 0o644,
			"for Helm 4: `helm plugin install ./helm/syncgate`, then --post-renderer syncgate"})
	}
	for _, s := range files {
		err := c.write(root, s.name, s.data, s.mode)
		switch {
		case errors.Is(err, fs.ErrExist):
			fmt.Fprintf(c.Out, "kept   %s: it exists; --force overwrites it\n", s.name)
		case err != nil:
			return fmt.Errorf("writing %s: %w", s.name, unwrapPath(err))
		default:
			fmt.Fprintf(c.Out, "wrote  %s: %s\n", s.name, s.then)
		}
	}
	return nil
}

func (c *initCommand) write(root *os.Root, name string, data []byte, mode fs.FileMode) error {
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	if c.force {
		if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
