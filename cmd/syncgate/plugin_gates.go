package main

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/check/config"
	"github.com/syncgate/syncgate/gitops/argocd"
	"github.com/syncgate/syncgate/render"
)

// gate is one thing that manifests must pass. The plugin's gates are independent of one another: whoever adds one can only
// refuse more.
type gate struct {
	by      string // whose it is, for messages
	options check.Options
	failOn  string
}

// gates are the administrator's, first, and what the repository and the Application ask for beside it.
func (c *pluginCommand) gates(call *argocd.Call, ws *workspace) ([]gate, error) {
	cfg := &config.Config{}
	if c.policyFile != "" {
		data, err := readSmall(c.policyFile, config.MaxSize)
		if err != nil {
			return nil, fmt.Errorf("reading the administrator's policy: %w", unwrapPath(err))
		}
		if cfg, err = config.Parse(filepath.Base(c.policyFile), data); err != nil {
			return nil, fmt.Errorf("the administrator's policy: %w", err)
		}
	}
	for i := range cfg.Policies {
		if m := &cfg.Policies[i].Match; len(m.Projects)+len(m.Clusters) > 0 {
			return nil, fmt.Errorf("the administrator's policy: %s: Argo CD does not tell a plugin projects and clusters; match applications, "+
				"namespaces or paths", cfg.Policies[i].By)
		}
	}
	kube := cmp.Or(call.KubeVersion, cfg.KubeVersion, render.DefaultKubeVersion)
	opts := render.Options{KubeVersion: kube, APIVersions: call.APIVersions}
	floor, err := newGate("the administrator's policy", cfg, opts)
	if err != nil {
		return nil, err
	}
	out := []gate{floor}
	file, data, err := findConfig(ws.paths, ws.tree.ReadFile)
	if err != nil {
		return nil, err
	}
	if file != "" {
		own, err := config.Parse(file, data)
		if err != nil {
			return nil, err
		}
		g, err := newGate(file, own, opts)
		if err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	for _, level := range call.Levels {
		if !slices.Contains([]string{"privileged", "baseline", "restricted"}, level) {
			return nil, fmt.Errorf("the Application asks for the level %q: expected privileged, baseline or restricted", level)
		}
		g, err := newGate("the Application's level", &config.Config{Level: level}, opts)
		if err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	return out, nil
}

// newGate makes a gate of a config. What the manifests themselves say loosens nothing: with an empty base, annotations and
// labels of namespaces in them do not count.
func newGate(by string, cfg *config.Config, opts render.Options) (gate, error) {
	g := gate{by: by, failOn: cmp.Or(cfg.FailOn, "error"), options: check.Options{
		Render: opts, Floor: cfg.Floor, Selection: check.Selection{Select: cfg.Select, Ignore: cfg.Ignore},
		Severity: cfg.Severity, Scopes: cfg.Policies, Remedies: cfg.Fix, Waivers: cfg.Exemptions,
		AllowAnnotations: cfg.AllowAnnotations, Base: &check.Declared{}}}
	var err error
	g.options.Policy, err = check.NewPolicy(cmp.Or(cfg.Level, "restricted"), cfg.LevelVersion, opts.KubeVersion)
	if err == nil {
		_, err = g.options.Selection.Rules()
	}
	return g, err
}

// judge holds what is rendered against the gate. Its error is the verdict: no value of a Secret stands in it.
func (g *gate) judge(t *render.Tree, res render.Result) error {
	run, err := check.Rendered(t, []render.Result{res}, g.options)
	if err != nil {
		return err
	}
	if run.Errors() > 0 {
		for _, s := range run.Sources {
			if s.Err != nil {
				return withHint(s.Err)
			}
		}
		return errors.New("it could not be judged")
	}
	f := policyFlags{failOn: g.failOn}
	if !f.fails(run) {
		return nil
	}
	return errors.New(g.verdict(run))
}

// verdict is one line that says how bad it is, and then the findings that count.
func (g *gate) verdict(run *check.Run) string {
	errs, warnings, _ := run.Count()
	what := count(errs, "error")
	if g.failOn == "warning" {
		what += " and " + count(warnings, "warning")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s by %s (%s)", what, g.by, run.Sources[0].Policy)
	shown := 0
	for i := range run.Findings {
		f := &run.Findings[i]
		if f.Exempt != nil || g.failOn != "warning" && f.Severity != check.SeverityError {
			continue
		}
		if shown++; shown > maxShown {
			fmt.Fprintf(&b, "\n- and more: `syncgate check` lists them, `syncgate fix` mends what can be mended")
			break
		}
		fmt.Fprintf(&b, "\n- %s: %s [%s] %s", f.Object.ID(), f.Message, f.Rule.ID, where(f))
	}
	return b.String()
}

// maxShown is how many findings a verdict lists.
const maxShown = 8
