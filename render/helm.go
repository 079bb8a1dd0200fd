package render

import (
	"errors"
	"fmt"
	"io"
	"log"
	"strings"
	"sync"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

// defaultRelease is the release name of helm template (cmd/helm/template.go).
const defaultRelease = "release-name"

// renderHelm renders a chart as `helm template` does (v3: cmd/helm/install.go runInstall, pkg/action/install.go
// RunWithContext), with --include-crds unless src.Helm.SkipCRDs: what Argo CD applies holds the CRDs too.
//
// It reads only through t, and neither the environment nor the network: lookup finds nothing, getHostByName gives "",
// and a schema cannot refer to anything outside itself. Objects stand in helm's order: CRDs, manifests in install
// order, hooks. Errors are *Error. A template can still take any amount of time, memory and stack: see Pool.
func renderHelm(t *Tree, src Source, opts Options, b *budget) (objects []Object, empty int, err error) {
	defer func() {
		if p := recover(); p != nil {
			objects, empty = nil, 0
			err = &Error{File: src.Path, Msg: fmt.Sprintf("helm's library panicked: %v", p),
				Hint: "helm itself cannot read this chart either; look for null entries in Chart.yaml and its values"}
		}
	}()
	quietHelm()
	caps, err := helmCapabilities(src, opts)
	if err != nil {
		return nil, 0, err
	}
	release, err := releaseName(src)
	if err != nil {
		return nil, 0, err
	}
	vals, c, err := loadSource(t, src, b)
	if err != nil {
		return nil, 0, err
	}
	files, err := c.execute(vals, release, caps, src.Helm)
	if err != nil {
		return nil, 0, err
	}
	out := helmOutput{chart: c, origins: c.origins(), opts: src.Helm, text: opts.Text, budget: b}
	if err := out.collect(files); err != nil {
		return nil, 0, redactError(err, vals, c.Values)
	}
	return out.objects, out.empty, nil
}

// quietHelm silences the standard logger: helm's library warns there of values that it cannot merge, and quotes them,
// secrets too.
var quietHelm = sync.OnceFunc(func() { log.SetOutput(io.Discard) })

// execute renders the templates of a freshly loaded chart, which it changes. The result is by template name, such as
// web/charts/db/templates/pod.yaml.
func (c *loadedChart) execute(vals map[string]any, release string, caps *chartutil.Capabilities, o HelmOptions) (
	map[string]string, error) {
	if err := c.installable(); err != nil {
		return nil, err
	}
	if err := chartutil.ValidateReleaseName(release); err != nil {
		return nil, &Error{File: c.path, Msg: fmt.Sprintf("release name %q: %v", release, err),
			Hint: "choose a release name that is a DNS label of at most 53 characters"}
	}
	if err := chartutil.ProcessDependenciesWithMerge(c.Chart, vals); err != nil {
		return nil, c.valuesError(err)
	}
	namespace := o.Namespace
	if namespace == "" {
		namespace = "default"
	}
	top, err := chartutil.ToRenderValuesWithSchemaValidation(c.Chart, vals, chartutil.ReleaseOptions{
		Name: release, Namespace: namespace, Revision: 1, IsInstall: !o.IsUpgrade, IsUpgrade: o.IsUpgrade,
	}, caps, true)
	if err != nil {
		return nil, c.valuesError(err)
	}
	all, _ := top["Values"].(chartutil.Values)
	if !o.SkipSchema {
		if err := c.checkSchemas(all); err != nil {
			return nil, err
		}
	}
	if want := c.Metadata.KubeVersion; want != "" && !chartutil.IsCompatibleRange(want, caps.KubeVersion.String()) {
		return nil, &Error{File: c.file("Chart.yaml"), Line: c.line("Chart.yaml", "kubeVersion"),
			Msg:  fmt.Sprintf("chart requires kubeVersion: %s which is incompatible with Kubernetes %s", want, caps.KubeVersion.String()),
			Hint: "say which version the cluster runs (--kube-version), or change the chart's kubeVersion"}
	}
	files, err := engine.Engine{}.Render(c.Chart, top)
	if err != nil {
		return nil, redactError(templateError(err, c.origins(), c.path), all)
	}
	size := 0
	for name, text := range files {
		size += len(text)
		if strings.HasSuffix(name, "NOTES.txt") {
			delete(files, name)
		}
	}
	if size > maxRendered {
		return nil, &Error{File: c.path, Limit: true,
			Msg: fmt.Sprintf("the templates give %d MB of text, more than the %d MB that are read", size>>20, maxRendered>>20)}
	}
	return files, nil
}

// maxRendered bounds the text that the templates of one chart give, in bytes.
const maxRendered = 64 << 20

// installable refuses what helm refuses before it renders: library charts and charts without their dependencies
// (cmd/helm/install.go checkIfInstallable, pkg/action/install.go CheckDependencies).
func (c *loadedChart) installable() error {
	if kind := c.Metadata.Type; kind != "" && kind != "application" {
		return &Error{File: c.file("Chart.yaml"), Line: c.line("Chart.yaml", "type"),
			Msg:  kind + " charts are not installable",
			Hint: "a library chart is rendered through the charts that depend on it"}
	}
	if missing, needs := c.missingDependencies(); len(missing) > 0 {
		return c.dependencyError(missing, needs)
	}
	return nil
}

func hasChart(charts []*chart.Chart, name string) bool {
	for _, c := range charts {
		if c.Name() == name {
			return true
		}
	}
	return false
}

// releaseName is the name that helm template gives the release (pkg/action/install.go NameAndChart). A name template
// must give the same name each time: functions of time, chance, environment and network are not there.
func releaseName(src Source) (string, error) {
	o := src.Helm
	if o.NameTemplate == "" {
		if o.ReleaseName == "" {
			return defaultRelease, nil
		}
		return o.ReleaseName, nil
	}
	if o.ReleaseName != "" {
		return "", &Error{File: src.Path, Msg: "cannot set --name-template and also specify a name",
			Hint: "remove the name template or the release name"}
	}
	var out strings.Builder
	tpl, err := template.New("name-template").Funcs(sprig.HermeticTxtFuncMap()).Parse(o.NameTemplate)
	if err == nil {
		err = tpl.Execute(&out, nil)
	}
	if err != nil {
		var exec template.ExecError
		if errors.As(err, &exec) {
			err = exec.Err
		}
		return "", &Error{File: src.Path, Msg: strings.TrimPrefix(err.Error(), "template: "),
			Hint: "give the release a fixed name: a name template may not use functions that differ from run to run"}
	}
	return out.String(), nil
}
