package render

import (
	"path"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
)

// ChartView is what a Helm source is made of: its chart with all enabled subcharts, and the values that it renders with.
type ChartView struct {
	Parts  []ChartPart    // the chart itself first
	Values map[string]any // all layers merged, subcharts' defaults under their keys
}

// ChartPart is one chart of a source.
type ChartPart struct {
	Keys      []string // where its values stand in the source's values; none for the chart itself
	Dir       string   // its directory in the tree, or the archive that holds it
	Foreign   string   // why its files are not the repository's to edit, "" when they are
	Values    map[string]any
	Templates []ChartFile
	Raw       []ChartFile // all files but those of its subcharts
}

// ChartFile is one file of a chart.
type ChartFile struct {
	Name string // within the chart, such as templates/pod.yaml
	File string // in the tree
	Data []byte
}

// InspectChart reads the chart of a Helm source in this process. It executes nothing, but it reads whatever the chart
// holds: inspect only what a Pool has rendered within its limits.
func InspectChart(t *Tree, src Source, opts Options) (*ChartView, error) {
	if opts.KubeVersion == "" {
		opts.KubeVersion = DefaultKubeVersion
	}
	quietHelm()
	caps, err := helmCapabilities(src, opts)
	if err != nil {
		return nil, err
	}
	vals, c, err := loadSource(t, src, newBudget())
	if err != nil {
		return nil, err
	}
	if err := chartutil.ProcessDependenciesWithMerge(c.Chart, vals); err != nil {
		return nil, err
	}
	top, err := chartutil.ToRenderValuesWithSchemaValidation(c.Chart, vals, chartutil.ReleaseOptions{}, caps, true)
	if err != nil {
		return nil, err
	}
	all, _ := top["Values"].(chartutil.Values)
	view := &ChartView{Values: all}
	foreign := ""
	switch {
	case src.Chart != nil:
		foreign = src.Chart.Name() + " is not in this repository"
	case !t.IsDir(c.path):
		foreign = c.path + " is a packaged chart"
	}
	view.add(c, c.Chart, nil, c.path, foreign)
	return view, nil
}

// add takes a chart and its subcharts into the view.
func (v *ChartView) add(c *loadedChart, ch *chart.Chart, keys []string, dir, foreign string) {
	files := func(list []*chart.File) []ChartFile {
		var out []ChartFile
		for _, f := range list {
			out = append(out, ChartFile{Name: f.Name, File: c.at[f].path, Data: f.Data})
		}
		return out
	}
	part := ChartPart{Keys: keys, Dir: dir, Foreign: foreign, Values: ch.Values, Templates: files(ch.Templates), Raw: files(ch.Raw)}
	v.Parts = append(v.Parts, part)
	for _, sub := range ch.Dependencies() {
		at, why := c.fileOf(sub, "Chart.yaml"), foreign
		below := path.Dir(at.path)
		switch from := repositoryOf(ch, sub); {
		case at.packed:
			below, why = at.path, at.path+" is a packaged chart"
		case why == "" && from != "":
			why = below + " is vendored from " + from
		}
		v.add(c, sub, append(keys[:len(keys):len(keys)], sub.Name()), below, why)
	}
}

// repositoryOf is where a chart says that it takes a subchart from, "" when that is its own directory.
func repositoryOf(parent, sub *chart.Chart) string {
	for _, d := range parent.Metadata.Dependencies {
		if (d.Name == sub.Name() && d.Alias == "" || d.Alias == sub.Name()) && d.Repository != "" && !strings.HasPrefix(d.Repository, "file://") {
			return d.Repository
		}
	}
	return ""
}
