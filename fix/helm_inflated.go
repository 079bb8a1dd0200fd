package fix

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

// inflated is a chart that a kustomization lists in helmCharts: its objects are mended through the values that the
// kustomization gives it, before anything is patched.
type inflated struct {
	whole  render.Source // the kustomization
	chart  render.Source // the chart as the kustomization has it rendered
	inline valueLayer    // where valuesInline stands, or would
	found  bool          // it does
	repo   string        // where the chart comes from, "" when the repository holds it
	names  map[render.ObjectRef]*render.Object
}

// inflatedBy finds the entry of helmCharts that an object comes from, nil when that is not one for sure.
func (p *prover) inflatedBy(src render.Source, o *render.Object) *inflated {
	var out []*inflated
	for _, dir := range p.kustomizationsOf(src.Path, map[string]bool{}) {
		file, ok := p.kustomizationIn(dir)
		if !ok {
			continue
		}
		root := p.firstDocument(file)
		home := path.Join(dir, "charts")
		if h := text(root, "helmGlobals", "chartHome"); h != "" {
			home = path.Join(dir, h)
		}
		for i, entry := range items(root, "helmCharts") {
			x := inflatedAt(src, dir, home, entry)
			x.inline = valueLayer{file: file, base: render.Keys("helmCharts").At(i).Key("valuesInline")}
			if strings.HasPrefix(o.File, x.chart.Path+"/") {
				out = append(out, x.withValues(dir, entry))
			}
		}
	}
	if len(out) != 1 {
		return nil
	}
	return out[0]
}

// kustomizationsOf lists the directories of a kustomization and of those that it uses.
func (p *prover) kustomizationsOf(dir string, seen map[string]bool) []string {
	if seen[dir] {
		return nil
	}
	seen[dir] = true
	out := []string{dir}
	if file, ok := p.kustomizationIn(dir); ok {
		root := p.firstDocument(file)
		for _, field := range []string{"bases", "resources", "components"} {
			for _, ref := range items(root, field) {
				if real, err := p.tree.Resolve(path.Join(dir, ref.Value)); err == nil && p.tree.IsDir(real) {
					out = append(out, p.kustomizationsOf(real, seen)...)
				}
			}
		}
	}
	return out
}

// inflatedAt reads how an entry has its chart rendered.
func inflatedAt(src render.Source, dir, home string, entry *yaml.Node) *inflated {
	name, version, repo := text(entry, "name"), text(entry, "version"), text(entry, "repo")
	if version != "" && repo != "" {
		home = path.Join(home, name+"-"+version)
	}
	x := &inflated{whole: src, repo: repo, chart: src, names: map[render.ObjectRef]*render.Object{}}
	x.chart.Kind, x.chart.Path = render.KindHelm, path.Join(home, name)
	x.chart.Helm = render.HelmOptions{ReleaseName: text(entry, "releaseName"), Namespace: text(entry, "namespace"),
		NameTemplate: text(entry, "nameTemplate"), KubeVersion: text(entry, "kubeVersion"),
		SkipCRDs: text(entry, "includeCRDs") != "true", SkipTests: text(entry, "skipTests") == "true", NoHooks: text(entry, "skipHooks") == "true"}
	for _, v := range items(entry, "apiVersions") {
		x.chart.Helm.APIVersions = append(x.chart.Helm.APIVersions, v.Value)
	}
	return x
}

// withValues adds the layers of values in their order of precedence (valuesMerge decides about the first two).
func (x *inflated) withValues(dir string, entry *yaml.Node) *inflated {
	var layers []render.ValueLayer
	if file := text(entry, "valuesFile"); file != "" && text(entry, "valuesMerge") != "replace" {
		layers = append(layers, render.ValueLayer{File: path.Join(dir, file), Encoding: render.EncodingFile})
	}
	if inline := child(entry, "valuesInline"); inline != nil && inline.Kind == yaml.MappingNode {
		x.found = true
		layers = append(layers, render.ValueLayer{File: x.inline.file, DocPath: x.inline.base, Encoding: render.EncodingObject})
	}
	if len(layers) == 2 && text(entry, "valuesMerge") == "merge" {
		slices.Reverse(layers)
	}
	for _, file := range items(entry, "additionalValuesFiles") {
		layers = append(layers, render.ValueLayer{File: path.Join(dir, file.Value), Encoding: render.EncodingFile})
	}
	x.chart.Helm.Values = layers
	return x
}

// inflatedSource is what the Helm rungs know about a chart of a kustomization. Its probes and marks are of the chart as
// it is before the kustomization changes anything; proofs are of the whole.
func (p *prover) inflatedSource(src render.Source, f *check.Finding) (*helmSource, string) {
	x := p.inflatedBy(src, f.Object)
	if x == nil {
		return nil, "which entry of helmCharts it comes from cannot be told"
	}
	key := fmt.Sprintf("%s %s %s", src.ID, x.inline.file, x.inline.base)
	h := p.helm[key]
	if h == nil {
		h = p.newHelmSource(key, x.chart)
		h.inflated = x
		for i := range h.parts() {
			if part := &h.view.Parts[i]; x.repo != "" && part.Foreign == "" {
				part.Foreign = x.chart.Path + " is pulled from " + x.repo
			}
		}
	}
	h.inflated.names[f.Object.Ref] = f.Object
	return h, ""
}

func (h *helmSource) parts() []render.ChartPart {
	if h.view == nil {
		return nil
	}
	return h.view.Parts
}

// rename gives the objects of a render of the chart the names that they have in the kustomization's.
func (h *helmSource) rename(objects []render.Object) {
	if h.inflated == nil {
		return
	}
	for i := range objects {
		o := &objects[i]
		ref := render.ObjectRef{APIVersion: o.APIVersion, Kind: o.Kind, Namespace: o.Namespace, Name: o.Name}
		if to := h.inflated.names[ref]; to != nil {
			o.APIVersion, o.Kind, o.Namespace, o.Name = to.APIVersion, to.Kind, to.Namespace, to.Name
		}
	}
}

// judged is the source that a chart's findings are of.
func (h *helmSource) judged() render.Source {
	if h.inflated != nil {
		return h.inflated.whole
	}
	return h.source
}

// inlineLayer is where valuesInline would stand in a kustomization that has none.
func (h *helmSource) inlineLayer() []valueLayer {
	if h.inflated == nil || h.inflated.found {
		return nil
	}
	return []valueLayer{h.inflated.inline}
}
