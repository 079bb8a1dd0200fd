package main

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"sync"

	"github.com/spf13/cobra"

	"github.com/syncgate/syncgate/render"
	"github.com/syncgate/syncgate/render/remote"
)

type vendorCommand struct {
	stdio
	sourceFlags
}

func newVendor(std stdio) *cobra.Command {
	c := &vendorCommand{stdio: std}
	cmd := &cobra.Command{
		Use:   "vendor [PATH...]",
		Short: "Fetch remote bases and charts once, and lock what they are",
		Long: `Fetch what PATH uses from elsewhere (remote files and bases of kustomizations, helmCharts, dependencies of charts, charts
of Argo CD Applications) from the hosts that --allow-remote names, keep it in a cache of your own, and write ` + render.LockFile + ` at the repository's root.

With the lock, every command renders from the cache without a network. What is not in the cache is fetched again from
allowed hosts, and anything but what was locked is an error. --update locks what is there now.

Credentials are those of git, curl, helm and docker: git's credential helpers, netrc, helm's repositories.yaml and registry
configuration, docker's config.json.`,
		Example: `  syncgate vendor --allow-remote github.com --allow-remote charts.example.com
  syncgate vendor --update --allow-remote github.com overlays/prod`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args) },
	}
	c.sourceFlags.register(cmd.Flags())
	cmd.Flags().BoolVar(&c.remotes.update, "update", false, "fetch anew, and lock what is there now")
	return cmd
}

func (c *vendorCommand) run(ctx context.Context, args []string) error {
	ws, err := openWorkspace(c.root, args)
	if err != nil {
		return err
	}
	defer ws.tree.Close()
	store, err := c.remotes.attach(ws)
	if err != nil {
		return err
	}
	cfg, err := c.loadConfig(ws, nil)
	if err != nil {
		return err
	}
	discover, err := c.discoverOptions(ws, cfg.Config)
	if err != nil {
		return err
	}
	pool := render.NewPool(ws.tree, c.renderOptions(), c.limits())
	defer pool.Close()
	found, err := render.Explore(ctx, ws.tree, pool, discover, nil)
	if err != nil {
		return err
	}
	failed := found.Failed
	var mu sync.Mutex
	done := 0
	progress := newProgress(c.Err, c.quiet)
	err = pool.Render(ctx, ws.tree, found.Sources, func(r render.Result) {
		mu.Lock()
		defer mu.Unlock()
		if r.Err != nil {
			failed = append(failed, r.Err)
		}
		done++
		progress.update(done, len(found.Sources))
	})
	progress.clear()
	if err != nil {
		return err
	}
	return c.lock(ws, store, failed)
}

// lock writes the lock. What was not looked at, or did not render, keeps its entries.
func (c *vendorCommand) lock(ws *workspace, store *remote.Store, failed []*render.Error) error {
	sort.Slice(failed, func(i, j int) bool { return failed[i].Source < failed[j].Source })
	for _, e := range failed {
		complain(c.Err, e)
	}
	whole := slices.Equal(ws.paths, []string{"."})
	data, err := store.Lock(!whole || len(failed) > 0)
	if err != nil {
		return err
	}
	changed, err := remote.WriteLock(ws.tree.Dir(), data)
	if err != nil {
		return err
	}
	if !c.quiet {
		state := "is up to date"
		switch {
		case data == nil && changed:
			state = "was removed: nothing is remote"
		case data == nil:
			state = "is not needed: nothing is remote"
		case changed:
			state = "written"
		}
		fmt.Fprintf(c.Out, "%s %s; %d in use, %d fetched\n", render.LockFile, state, store.Used(), store.Fetched())
	}
	if len(failed) > 0 {
		return errReported
	}
	return nil
}
