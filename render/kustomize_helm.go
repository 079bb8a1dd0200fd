//lint:file-ignore SA1019 the name of the generator to replace is exported nowhere else

package render

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"
	_ "unsafe" // for go:linkname

	"sigs.k8s.io/kustomize/api/builtins"
	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/kustomize/kyaml/yaml/merge2"
	sigsyaml "sigs.k8s.io/yaml"
)

// generatorFactories is kustomize's table of builtin generators, by a number. It offers no other way to have charts
// rendered by anything but a helm binary: the plugin executes HelmConfig.Command. Turning charts into resources would
// change results (they come before generators, and namespace transformers skip only what a chart generated), and
// answering as that command would cost processes and files of rendered Secrets.
//
//go:linkname generatorFactories sigs.k8s.io/kustomize/api/internal/plugins/builtinhelpers.GeneratorFactories
var generatorFactories map[int]func() resmap.GeneratorPlugin

// inflateInProcess has helmCharts rendered by renderHelm until the returned function is called.
func inflateInProcess(k *krustyBuild, f *treeFS) (restore func()) {
	for kind, upstream := range generatorFactories {
		if _, ok := upstream().(*builtins.HelmChartInflationGeneratorPlugin); ok {
			generatorFactories[kind] = func() resmap.GeneratorPlugin { return &chartInflator{build: k, fs: f} }
			return func() { generatorFactories[kind] = upstream }
		}
	}
	panic("kustomize has no HelmChartInflationGenerator")
}

// chartInflator does what kustomize's HelmChartInflationGenerator does, with renderHelm in the place of the helm
// command. Its configuration is read and checked by upstream's plugin (api/internal/builtins).
type chartInflator struct {
	builtins.HelmChartInflationGeneratorPlugin
	build *krustyBuild
	fs    *treeFS
	h     *resmap.PluginHelpers
}

// Config implements resmap.Configurable.
func (p *chartInflator) Config(h *resmap.PluginHelpers, config []byte) error {
	p.h = h
	p.ConfigHome = "unused" // without one, upstream makes a temporary directory
	return p.HelmChartInflationGeneratorPlugin.Config(h, config)
}

// Generate implements resmap.Generator.
func (p *chartInflator) Generate() (resmap.ResMap, error) {
	chart, err := p.chart()
	if err != nil {
		return nil, p.fs.refuse(err)
	}
	values, err := p.values()
	if err != nil {
		return nil, err
	}
	text, err := p.render(chart, values)
	if err != nil {
		return nil, p.fs.refuse(err)
	}
	m, err := p.parse(text)
	if err != nil {
		return nil, err
	}
	for _, r := range m.Resources() {
		if err := r.PipeE(yaml.SetAnnotation(konfig.HelmGeneratedAnnotation, "true")); err != nil {
			return nil, fmt.Errorf("failed to set helm annotation: %w", err)
		}
	}
	return m, nil
}

// home is the directory of charts (absChartHome).
func (p *chartInflator) home() string {
	home := p.ChartHome
	if !filepath.IsAbs(home) {
		home = filepath.Join(p.h.Loader().Root(), home)
	}
	if p.Version != "" && p.Repo != "" {
		return filepath.Join(home, fmt.Sprintf("%s-%s", p.Name, p.Version))
	}
	return home
}

// chart is the chart's directory in the tree.
func (p *chartInflator) chart() (string, error) {
	file, line := p.fs.entry, 0
	if k := p.fs.loadedAt(p.h.Loader().Root()); k != nil {
		file, line = k.file, k.lineOf(p.Name)
	}
	name, err := p.fs.name(filepath.Join(p.home(), p.Name))
	if err != nil {
		return "", &Error{File: file, Line: line, Msg: fmt.Sprintf("chart %s: %v", p.Name, err), Hint: "only files inside the repository are read"}
	}
	t, inner, dir := p.fs.in(name)
	if root, _ := p.fs.name(p.h.Loader().Root()); !p.fs.sameCopy(root, name) {
		return "", &Error{File: file, Line: line, Msg: fmt.Sprintf("chart %s is outside what this kustomization is part of", p.Name),
			Hint: "a remote base can use the charts of its own repository, or those of a chart repository"}
	}
	if t.IsDir(inner) {
		real, err := t.Resolve(inner)
		return path.Join(dir, real), full(dir, err)
	}
	if p.Repo == "" {
		return "", &Error{File: file, Line: line, Msg: fmt.Sprintf("no repo specified for pull, no chart found at '%s'", name),
			Hint: "add the chart, or correct its name or helmGlobals.chartHome"}
	}
	want := Remote{Kind: RemoteChart, Ref: p.Repo, Chart: p.Name, Version: p.Version, File: file, Line: line}
	if got, ok := p.fs.t.copyOf(want); ok {
		return name, p.fs.pull(name, want, got)
	}
	e := want.missing()
	e.Hint = fmt.Sprintf("vendor it to %s, or allow its host with --allow-remote %s", name, want.Host())
	return "", e
}

func chartHost(repo string) string {
	_, rest, ok := strings.Cut(repo, "://")
	if !ok {
		rest = repo
	}
	host, _, _ := strings.Cut(rest, "/")
	return host[strings.LastIndexByte(host, '@')+1:]
}

// values are the values that the command gets as its first file (createNewMergedValuesFile, copyValuesFile).
func (p *chartInflator) values() ([]byte, error) {
	if len(p.ValuesInline) > 0 && p.ValuesMerge == "replace" {
		return sigsyaml.Marshal(p.ValuesInline)
	}
	data, err := p.h.Loader().Load(p.ValuesFile)
	if err != nil || len(p.ValuesInline) == 0 {
		return data, err
	}
	file, err := yaml.Parse(string(data))
	if err != nil {
		return nil, fmt.Errorf("could not parse values file into rnode: %w", err)
	}
	inline, err := yaml.FromMap(p.ValuesInline)
	if err != nil {
		return nil, fmt.Errorf("could not parse values inline into rnode: %w", err)
	}
	over, under := inline, file.Copy()
	if p.ValuesMerge == "merge" {
		over, under = file, inline.Copy()
	}
	merged, err := merge2.Merge(over, under, yaml.MergeOptions{})
	if err != nil {
		return nil, fmt.Errorf("could not merge values: %w", err)
	}
	all, err := merged.Map()
	if err != nil {
		return nil, fmt.Errorf("could not parse merged values into map: %w", err)
	}
	return sigsyaml.Marshal(all)
}

// render gives the chart's objects as one text.
func (p *chartInflator) render(chart string, values []byte) (string, error) {
	t, inner, dir := p.fs.in(chart)
	file := path.Join(path.Dir(inner), ".values-of-"+p.Name+".yaml") // in memory only
	src := Source{ID: p.build.src.ID, Path: inner, Kind: KindHelm, Helm: HelmOptions{
		ReleaseName: p.ReleaseName, NameTemplate: p.NameTemplate, Namespace: p.Namespace,
		SkipCRDs: !p.IncludeCRDs, SkipTests: p.SkipTests, NoHooks: p.SkipHooks,
		KubeVersion: p.KubeVersion, APIVersions: p.ApiVersions,
		Values: []ValueLayer{{File: file, Encoding: EncodingFile}},
	}}
	for _, abs := range p.AdditionalValuesFiles {
		name, err := p.fs.name(abs)
		if err != nil {
			return "", err
		}
		_, name, _ = p.fs.in(name)
		src.Helm.Values = append(src.Helm.Values, ValueLayer{File: name, Encoding: EncodingFile})
	}
	opts := p.build.opts
	opts.Text = true
	view := t.With(map[string][]byte{file: values}).Recording()
	objects, _, err := renderHelm(view, src, opts, p.build.budget)
	t.rec.add(view.Seen(), file)
	var e *Error
	switch {
	case errors.As(err, &e) && e.File == file:
		e.File, e.Line = p.valuesOrigin(e.Line)
	case errors.As(err, &e):
		e = p.fs.inChart(chart, e.under(dir))
		return "", e
	case err != nil:
		return "", err
	}
	if err != nil {
		return "", err
	}
	for i := range objects {
		p.fs.inflated = append(p.fs.inflated, p.fs.origin(objectOrigin{file: path.Join(dir, objects[i].File), ref: objects[i].Ref,
			template: objects[i].Template}))
	}
	return chartText(objects), nil
}

// valuesOrigin is where a line of the values comes from, as far as it comes from one place.
func (p *chartInflator) valuesOrigin(line int) (string, int) {
	root := p.h.Loader().Root()
	file := p.ValuesFile
	if !filepath.IsAbs(file) {
		file = filepath.Join(root, file)
	}
	if name, err := p.fs.name(file); err == nil && len(p.ValuesInline) == 0 {
		return name, line
	}
	if k := p.fs.loadedAt(root); k != nil {
		return k.file, k.lineOf(p.Name)
	}
	return p.fs.entry, 0
}

// chartText writes a chart's objects as the command prints them. Items of a List have no text; kustomize takes a List
// apart and puts its items after everything else (resource.Factory inlineAnyEmbeddedLists).
func chartText(objects []Object) string {
	var docs, items strings.Builder
	for i := range objects {
		if objects[i].Text != "" {
			docs.WriteString("---\n" + objects[i].Text + "\n")
		} else {
			items.WriteString("---\n" + string(objects[i].JSON) + "\n")
		}
	}
	return docs.String() + items.String()
}

// parse reads the objects, a second time in another way when the first fails: upstream does, for what charts may print
// before them.
func (p *chartInflator) parse(text string) (resmap.ResMap, error) {
	m, err := p.h.ResmapFactory().NewResMapFromBytes([]byte(text))
	if err == nil {
		return m, nil
	}
	nodes, readErr := (&kio.ByteReader{Reader: bytes.NewBufferString(text), OmitReaderAnnotations: true}).Read()
	if readErr != nil {
		return nil, fmt.Errorf("error reading helm output: %w", readErr)
	}
	if len(nodes) == 0 {
		return nil, fmt.Errorf("could not parse bytes into resource map: %w", err)
	}
	if m, err = p.h.ResmapFactory().NewResMapFromRNodeSlice(nodes); err != nil {
		return nil, fmt.Errorf("could not parse rnode slice into resource map: %w", err)
	}
	return m, nil
}

// add notes what another view of the tree has seen, but for one file.
func (r *recorder) add(s ReadSet, except string) {
	for _, list := range []struct {
		names []string
		note  func(string)
	}{{s.Files, r.file}, {s.Probed, r.probe}, {s.Dirs, r.dir}, {s.Links, r.link}, {s.Missing, r.missing}} {
		for _, name := range list.names {
			if name != except {
				list.note(name)
			}
		}
	}
}
