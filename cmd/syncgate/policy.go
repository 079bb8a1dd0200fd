package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/check/config"
	"github.com/syncgate/syncgate/gitops/argocd"
	"github.com/syncgate/syncgate/render"
)

// policyFlags say what to hold objects against, and what makes the gate fail. They override the config.
type policyFlags struct {
	level     string
	version   string
	sel       []string
	ignore    []string
	failOn    string
	policyRef string

	unselected []string  // rules that run only where they are selected
	revision   *revision // that policyRef names, nil for none
	notices    []check.Notice
}

func (f *policyFlags) register(fs *pflag.FlagSet) {
	f.registerJudging(fs)
	fs.StringVar(&f.policyRef, "policy-ref", "", "take config, baseline, annotations and labels of namespaces from this git `REVISION`, "+
		"not from the work tree, so that a change cannot loosen the gate it goes through")
}

// registerJudging adds the flags that need no repository.
func (f *policyFlags) registerJudging(fs *pflag.FlagSet) {
	fs.StringVar(&f.level, "level", "restricted", "Pod Security Standards level: privileged, baseline, restricted, or auto for what "+
		"the labels of namespaces say")
	fs.StringVar(&f.version, "level-version", "latest", "version of the standard: v1.N, or latest for that of --kube-version")
	fs.StringSliceVar(&f.sel, "select", nil, "only these `RULES` or groups, such as pss,workload/cpuLimit")
	fs.StringSliceVar(&f.ignore, "ignore", nil, "not these `RULES` or groups")
	fs.StringVar(&f.failOn, "fail-on", "error", "exit with 1 from this severity on: error, warning or never")
}

// options gathers what the flags and the config say.
func (c *checkCommand) options(ctx context.Context, args []string) (check.Options, *workspace, error) {
	ws, err := openWorkspace(c.root, args)
	if err != nil {
		return check.Options{}, nil, err
	}
	if _, err := c.remotes.attach(ws); err != nil {
		return check.Options{}, nil, err
	}
	if c.policyRef != "" {
		if c.revision, err = openRevision(ctx, ws.tree.Dir(), "--policy-ref", c.policyRef); err != nil {
			return check.Options{}, nil, err
		}
	}
	loaded, err := c.loadConfig(ws, c.revision)
	if err != nil {
		return check.Options{}, nil, err
	}
	c.notices = append(c.notices, loaded.notices...)
	o, err := c.checkOptions(ws, loaded.Config)
	if err == nil {
		o.Since, err = c.since.open(ctx, ws, c.configFile, c.file)
	}
	if err == nil && c.revision != nil {
		o.Base, err = c.revision.declared(ctx, o)
	}
	return o, ws, err
}

// checkOptions puts the flags over the config.
func (c *checkCommand) checkOptions(ws *workspace, cfg *config.Config) (check.Options, error) {
	override(c.fs, "level", &cfg.Level, c.level)
	override(c.fs, "level-version", &cfg.LevelVersion, c.version)
	override(c.fs, "fail-on", &cfg.FailOn, c.failOn)
	c.failOn = cfg.FailOn
	if c.fs.Changed("select") {
		cfg.Select = c.sel
	}
	if c.fs.Changed("ignore") {
		cfg.Ignore = c.ignore
	}
	if len(cfg.Select) == 0 {
		cfg.Ignore = append(cfg.Ignore[:len(cfg.Ignore):len(cfg.Ignore)], c.unselected...)
	}
	for i := range cfg.Policies {
		if c.fs.Changed("level") {
			cfg.Policies[i].Level = ""
		}
		if c.fs.Changed("level-version") {
			cfg.Policies[i].Version = ""
		}
	}
	discover, err := c.discoverOptions(ws, cfg)
	if err != nil {
		return check.Options{}, err
	}
	o := check.Options{
		Discover:         discover,
		Render:           c.renderOptions(),
		Limits:           c.limits(),
		Floor:            cfg.Floor,
		Selection:        check.Selection{Select: cfg.Select, Ignore: cfg.Ignore},
		Severity:         cfg.Severity,
		Scopes:           cfg.Policies,
		Remedies:         cfg.Fix,
		Waivers:          cfg.Exemptions,
		AllowAnnotations: cfg.AllowAnnotations,
	}
	if o.Policy, err = check.NewPolicy(cfg.Level, cfg.LevelVersion, c.kubeVersion); err != nil {
		return o, err
	}
	if !slices.Contains([]string{"error", "warning", "never"}, c.failOn) {
		return o, fmt.Errorf("--fail-on %q: expected error, warning or never", c.failOn)
	}
	_, err = o.Selection.Rules()
	return o, err
}

// override puts a flag over a setting: when the user gave it, or when nothing else is set.
func override(fs *pflag.FlagSet, flag string, setting *string, value string) {
	if fs.Changed(flag) || *setting == "" {
		*setting = value
	}
}

// discoverOptions say where to look, by the flags and the config. They settle the cluster's version, too.
func (f *sourceFlags) discoverOptions(ws *workspace, cfg *config.Config) (render.DiscoverOptions, error) {
	override(f.fs, "kube-version", &cfg.KubeVersion, f.kubeVersion)
	f.kubeVersion = cfg.KubeVersion
	helm, err := f.helmOptions(ws)
	follow := argocd.NewResolver(func() *argocd.Repository { return thisRepository(ws.tree.Dir(), cfg.Repositories) }, ws.allows)
	return render.DiscoverOptions{Paths: ws.paths, All: f.all, Helm: helm, Declared: f.declared(cfg.Sources), AllowUnresolved: f.unresolved,
		Follow: follow}, err
}

// fails reports whether a run's findings make the gate fail.
func (f *policyFlags) fails(run *check.Run) bool {
	errs, warnings, _ := run.Count()
	switch f.failOn {
	case "never":
		return false
	case "warning":
		return errs+warnings > 0
	}
	return errs > 0
}
