package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

type renderCommand struct {
	stdio
	sourceFlags
	showSecrets bool
	noOrigins   bool
	format      string
	since       sinceFlags
	secrets     check.Values
}

func newRender(std stdio) *cobra.Command {
	c := &renderCommand{stdio: std}
	cmd := &cobra.Command{
		Use:   "render [PATH...]",
		Short: "Print rendered objects with their origins",
		Long: `Print the objects that PATH would send to a cluster, each with the file it comes from.

The data of Secrets and credentials in env are masked unless --show-secrets is given.`,
		Example: `  syncgate render overlays/prod
  syncgate render --format json charts/web -f charts/web/values-prod.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args) },
	}
	c.sourceFlags.register(cmd.Flags())
	c.since.register(cmd.Flags())
	cmd.Flags().BoolVar(&c.showSecrets, "show-secrets", false, "print the data of Secrets, and credentials in env")
	cmd.Flags().BoolVar(&c.noOrigins, "no-origins", false, "no comment that says where an object comes from")
	cmd.Flags().StringVar(&c.format, "format", "yaml", "yaml, or json: one object a line")
	return cmd
}

func (c *renderCommand) run(ctx context.Context, args []string) error {
	if c.format != "yaml" && c.format != "json" {
		return fmt.Errorf("unknown format %q: expected yaml or json", c.format)
	}
	ws, err := openWorkspace(c.root, args)
	if err != nil {
		return err
	}
	defer ws.tree.Close()
	if _, err := c.remotes.attach(ws); err != nil {
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
	c.renderedText = c.format == "yaml"
	pool := render.NewPool(ws.tree, c.renderOptions(), c.limits())
	defer pool.Close()
	since, err := c.since.open(ctx, ws, c.configFile)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var results []render.Result
	total := 0
	progress := newProgress(c.Err, c.quiet)
	take := func(r render.Result) {
		mu.Lock()
		defer mu.Unlock()
		results = append(results, r)
		progress.update(len(results), max(total, len(results)))
	}
	each := take
	if c.since.ref != "" {
		each = nil // perhaps it is left out
	}
	found, err := render.Explore(ctx, ws.tree, pool, discover, each)
	if err != nil {
		return err
	}
	if since != nil {
		if found.Sources, _, err = since.Split(ws.tree, found, discover); err != nil {
			return err
		}
	}
	rest, gone := found.Remaining()
	mu.Lock()
	total = len(found.Sources)
	mu.Unlock()
	err = pool.Render(ctx, ws.tree, rest, take)
	if last := found.Wait(); err == nil {
		err = last
	}
	progress.clear()
	if err != nil {
		return err
	}
	results = slices.DeleteFunc(results, func(r render.Result) bool { return slices.Contains(gone, r.Source.ID) })
	sort.Slice(results, func(i, j int) bool { return results[i].Source.ID < results[j].Source.ID })
	return c.print(results, found)
}

// print writes the objects of all sources, and errors to stderr.
func (c *renderCommand) print(results []render.Result, found *render.Discovery) error {
	failed := false
	sources := 0
	var out bytes.Buffer
	for i := range results {
		for j := range results[i].Objects {
			c.secrets.AddObject(&results[i].Objects[j])
		}
	}
	for i := range results {
		r := &results[i]
		if r.Err != nil {
			failed = true
			complain(c.Err, r.Err)
			continue
		}
		if r.NotManifests != "" {
			continue
		}
		sources++
		for j := range r.Objects {
			if err := c.object(&out, r.Source, &r.Objects[j]); err != nil {
				return err
			}
		}
	}
	for _, e := range found.Failed {
		failed = true
		complain(c.Err, e)
	}
	if _, err := c.Out.Write(out.Bytes()); err != nil {
		return err
	}
	switch {
	case failed:
		return errReported
	case sources == 0 && c.since.ref != "":
		fmt.Fprintf(c.Err, "nothing has changed since %s\n", printable(c.since.ref))
	case sources == 0:
		return fmt.Errorf("nothing to render: no kustomization, chart or manifest was found; name a path that holds one")
	}
	return nil
}

// hidden is a text without the secret values that are rendered elsewhere: charts put one value into several objects.
func (c *renderCommand) hidden(text string) string {
	if c.showSecrets {
		return text
	}
	return c.secrets.Mask(text)
}

// complain prints what was wrong with a source.
func complain(w io.Writer, e *render.Error) {
	fmt.Fprintf(w, "%s: %s\n", e.Source, printable(e.Error()))
	if e.Hint != "" {
		fmt.Fprintf(w, "  %s\n", printable(e.Hint))
	}
}

func (c *renderCommand) object(out *bytes.Buffer, src render.Source, o *render.Object) error {
	if c.format == "json" {
		return c.objectJSON(out, src, o)
	}
	text := o.Text
	if !c.showSecrets {
		raw, err := check.MaskObject(o)
		if err != nil {
			return fmt.Errorf("printing %s of %s: %w", o.ID(), src.ID, err)
		}
		if !bytes.Equal(raw, o.JSON) {
			masked := *o
			masked.JSON, text, o = raw, "", &masked
		}
	}
	if text == "" {
		var err error
		if text, err = render.ObjectYAML(o); err != nil {
			return fmt.Errorf("printing %s of %s: %w", o.ID(), src.ID, err)
		}
	}
	text = c.hidden(text)
	out.WriteString("---\n")
	if !c.noOrigins {
		fmt.Fprintf(out, "# syncgate: source %s, file %s\n", printable(src.ID), printable(o.File))
	}
	out.WriteString(strings.TrimRight(text, "\n") + "\n")
	return nil
}

func (c *renderCommand) objectJSON(out *bytes.Buffer, src render.Source, o *render.Object) error {
	raw := o.JSON
	if !c.showSecrets {
		var err error
		if raw, err = check.MaskObject(o); err != nil {
			return err
		}
		raw = json.RawMessage(c.hidden(string(raw)))
	}
	line, err := json.Marshal(struct {
		Source string          `json:"source"`
		File   string          `json:"file"`
		Object json.RawMessage `json:"object"`
	}{src.ID, o.File, raw})
	out.Write(line)
	out.WriteByte('\n')
	return err
}
