package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

// sourceFlags say what to look at and how to render it.
type sourceFlags struct {
	root        string
	all         bool
	kubeVersion string
	apiVersions []string
	timeout     time.Duration
	memory      int64
	jobs        int
	remotes     remoteFlags

	values       []string
	set          []string
	setString    []string
	setFile      []string
	setJSON      []string
	releaseName  string
	namespace    string
	skipCRDs     bool
	skipTests    bool
	noHooks      bool
	verbose      bool
	quiet        bool
	noColor      bool
	renderedText bool
}

func (f *sourceFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.root, "root", "", "the repository's root (default: the git work tree around PATH)")
	fs.BoolVar(&f.all, "all", false, "take bases, components and subcharts too, not only what is applied on its own")
	fs.StringVar(&f.kubeVersion, "kube-version", render.DefaultKubeVersion, "the cluster's Kubernetes version")
	fs.StringSliceVarP(&f.apiVersions, "api-versions", "a", nil, "further API versions of the cluster, for charts")
	fs.DurationVar(&f.timeout, "render-timeout", render.DefaultLimits.Time, "how long one source may take to render")
	fs.Int64Var(&f.memory, "render-memory", render.DefaultLimits.Memory>>20, "how much memory one source may take to render, in MiB")
	fs.IntVarP(&f.jobs, "jobs", "j", render.DefaultLimits.Workers, "how many sources are rendered at once")

	f.remotes.register(fs)

	fs.StringArrayVarP(&f.values, "values", "f", nil, "charts: a values `FILE`, relative to the root's or the current directory (repeatable)")
	fs.StringArrayVar(&f.set, "set", nil, "charts: set a value, as helm does (repeatable)")
	fs.StringArrayVar(&f.setString, "set-string", nil, "charts: set a string value (repeatable)")
	fs.StringArrayVar(&f.setFile, "set-file", nil, "charts: set a value from a file of the repository (repeatable)")
	fs.StringArrayVar(&f.setJSON, "set-json", nil, "charts: set a JSON value (repeatable)")
	fs.StringVar(&f.releaseName, "release-name", "", "charts: the release's name (default release-name, as helm template's)")
	fs.StringVarP(&f.namespace, "namespace", "n", "", "charts: the release's namespace (default default)")
	fs.BoolVar(&f.skipCRDs, "skip-crds", false, "charts: leave out CRDs")
	fs.BoolVar(&f.skipTests, "skip-tests", false, "charts: leave out test hooks")
	fs.BoolVar(&f.noHooks, "no-hooks", false, "charts: leave out hooks")

	fs.BoolVarP(&f.verbose, "verbose", "v", false, "list what was rendered and what was skipped")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "only findings and errors")
	fs.BoolVar(&f.noColor, "no-color", false, "no colour (also: NO_COLOR)")
}

func (f *sourceFlags) renderOptions() render.Options {
	return render.Options{KubeVersion: f.kubeVersion, APIVersions: f.apiVersions, Text: f.renderedText}
}

func (f *sourceFlags) limits() render.Limits {
	return render.Limits{Time: f.timeout, Memory: f.memory << 20, Workers: f.jobs}
}

// policyFlags say what to hold objects against, and what makes the gate fail.
type policyFlags struct {
	level   string
	version string
	sel     []string
	ignore  []string
	failOn  string
}

func (f *policyFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.level, "level", "restricted", "Pod Security Standards level: privileged, baseline or restricted")
	fs.StringVar(&f.version, "level-version", "latest", "version of the standard: v1.N, or latest for that of --kube-version")
	fs.StringSliceVar(&f.sel, "select", nil, "only these `RULES` or groups, such as pss,workload/cpuLimit")
	fs.StringSliceVar(&f.ignore, "ignore", nil, "not these `RULES` or groups")
	fs.StringVar(&f.failOn, "fail-on", "error", "exit with 1 from this severity on: error, warning or never")
}

func (f *policyFlags) policy(kubeVersion string) (check.Policy, error) {
	p, err := check.NewPolicy(f.level, f.version, kubeVersion)
	if err != nil {
		return p, err
	}
	if !slices.Contains([]string{"error", "warning", "never"}, f.failOn) {
		return p, fmt.Errorf("--fail-on %q: expected error, warning or never", f.failOn)
	}
	return p, nil
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

// outputFlags say where reports go.
type outputFlags struct {
	format  string
	reports []string // FORMAT=FILE
}

func (f *outputFlags) register(fs *pflag.FlagSet, formats []string) {
	fs.StringVar(&f.format, "format", "text", "format of the report on stdout: "+strings.Join(formats, ", "))
	fs.StringArrayVar(&f.reports, "report", nil, "write a report to a file too, as `FORMAT=FILE` (repeatable)")
}
