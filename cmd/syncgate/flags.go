package main

import (
	"strings"

	"github.com/spf13/pflag"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/check/config"
	"github.com/syncgate/syncgate/render"
)

// sourceFlags say what to look at and how to render it.
type sourceFlags struct {
	fs          *pflag.FlagSet
	root        string
	configFile  string
	all         bool
	unresolved  bool
	kubeVersion string
	apiVersions []string
	jobs        int
	bounds      boundFlags
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

	stdin bool                        // the only source is what was on stdin
	from  func(*check.Finding) string // where stdin says that it comes from, "" where it does not; nil when it never does
	given *config.Config              // a config that is in no file, nil for none
}

func (f *sourceFlags) register(fs *pflag.FlagSet) {
	f.fs = fs
	fs.StringVar(&f.root, "root", "", "the repository's root (default: the git work tree around PATH)")
	fs.StringVar(&f.configFile, "config", "", "the config `FILE` (default: "+config.FileName+", looked for from PATH up to the root)")
	fs.BoolVar(&f.all, "all", false, "take bases, components and subcharts too, not only what is applied on its own")
	f.registerCluster(fs)
	fs.StringSliceVarP(&f.apiVersions, "api-versions", "a", nil, "further API versions of the cluster, for charts")
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

	f.bounds.register(fs)
	f.registerTalk(fs)
}

// registerCluster adds what holds for any source.
func (f *sourceFlags) registerCluster(fs *pflag.FlagSet) {
	fs.BoolVar(&f.unresolved, "allow-unresolved", false, "pass over what Applications and ApplicationSets apply and the repository does not hold")
	fs.StringVar(&f.kubeVersion, "kube-version", render.DefaultKubeVersion, "the cluster's Kubernetes version")
}

// registerTalk adds how much is said.
func (f *sourceFlags) registerTalk(fs *pflag.FlagSet) {
	fs.BoolVarP(&f.verbose, "verbose", "v", false, "list what was rendered and what was skipped")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "only findings and errors")
	fs.BoolVar(&f.noColor, "no-color", false, "no colour (also: NO_COLOR)")
}

func (f *sourceFlags) renderOptions() render.Options {
	return render.Options{KubeVersion: f.kubeVersion, APIVersions: f.apiVersions, Text: f.renderedText}
}

func (f *sourceFlags) limits() render.Limits {
	l := f.bounds.limits()
	l.Workers = f.jobs
	return l
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
