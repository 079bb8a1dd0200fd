package render

import (
	"fmt"
	"path"
	"regexp"
)

// Declared is a source that the configuration lists: how a chart, a kustomization or a manifest is applied. Its Kind is
// found out.
type Declared struct {
	Source Source
	File   string // where it is listed
	Line   int
}

// variantFile names the values files beside a chart that make variants of it: values-prod.yaml, values.prod.yaml.
var variantFile = regexp.MustCompile(`^values[-.]([0-9A-Za-z][0-9A-Za-z_.-]*)\.ya?ml$`)

// variants are the sources that one place stands for: what the configuration lists for it, or else the place itself
// and, for a chart that is given no values by the user, one more for each values-<env>.yaml beside it.
func (d *discoverer) variants(s Source) []Source {
	var out []Source
	for _, decl := range d.declared {
		if decl.Source.Path == s.Path && declaredKind(decl, s.Kind) {
			out = append(out, d.merge(s, decl.Source))
		}
	}
	if len(out) > 0 {
		return out
	}
	out = append(out, s)
	if s.Kind != KindHelm || len(s.Helm.Values) > 0 || !d.tree.IsDir(s.Path) {
		return out
	}
	entries, err := d.tree.ReadDir(s.Path)
	if err != nil {
		return out // rendering says why
	}
	for _, e := range entries {
		m := variantFile.FindStringSubmatch(e.Name)
		if m == nil || e.Dir {
			continue
		}
		v := s
		v.Variant = m[1]
		v.ID = s.ID + "#" + v.Variant
		v.Helm.Values = []ValueLayer{{File: path.Join(s.Path, e.Name), Encoding: EncodingFile}}
		out = append(out, v)
	}
	return out
}

// declaredKind reports whether an entry can be for a source of a kind: where a directory holds a chart and a
// kustomization, an entry with Helm's options is for the chart.
func declaredKind(decl Declared, kind Kind) bool {
	return kind == KindHelm || !helmOnly(&decl.Source.Helm)
}

func helmOnly(h *HelmOptions) bool {
	return len(h.Values)+len(h.Set)+len(h.SetString)+len(h.APIVersions) > 0 || h.ReleaseName != "" || h.KubeVersion != ""
}

// merge is a found source with what the configuration says of it. What the user said on the command line wins.
func (d *discoverer) merge(s, decl Source) Source {
	h := decl.Helm
	s.Variant, s.Namespace, s.Project, s.Cluster = decl.Variant, decl.Namespace, decl.Project, decl.Cluster
	if s.Variant != "" {
		s.ID += "#" + s.Variant
	}
	if s.Kind != KindHelm {
		return s
	}
	s.Helm.Values = append(h.Values[:len(h.Values):len(h.Values)], s.Helm.Values...)
	s.Helm.Set = append(h.Set[:len(h.Set):len(h.Set)], s.Helm.Set...)
	s.Helm.SetString = append(h.SetString[:len(h.SetString):len(h.SetString)], s.Helm.SetString...)
	s.Helm.APIVersions = append(h.APIVersions[:len(h.APIVersions):len(h.APIVersions)], s.Helm.APIVersions...)
	s.Helm.KubeVersion = h.KubeVersion
	if s.Helm.ReleaseName == "" {
		s.Helm.ReleaseName = h.ReleaseName
	}
	if s.Helm.Namespace == "" {
		s.Helm.Namespace = h.Namespace
	}
	return s
}

// takeDeclared takes the sources below a directory that the configuration lists, parts of others included: who lists
// them says that they are applied.
func (d *discoverer) takeDeclared(dir string) {
	for _, decl := range d.declared {
		p := decl.Source.Path
		if !under(p, dir) {
			continue
		}
		kustomization, charted := d.scan.kustomizations[p], d.scan.charts[p]
		switch helm := helmOnly(&decl.Source.Helm); {
		case charted:
			d.take(Source{Path: p, Kind: KindHelm}, path.Join(p, "Chart.yaml"))
		case helm:
			d.refuse(decl, "there is no chart at %s, and values, set, releaseName, kubeVersion and apiVersions are for charts", p)
			continue
		}
		switch {
		case kustomization != "":
			d.take(Source{Path: p, Kind: KindKustomize}, kustomization)
		case charted:
		case d.tree.Exists(p) && !d.tree.IsDir(p):
			d.file(p)
		default:
			d.refuse(decl, "there is no chart, kustomization or manifest at %s", p)
		}
	}
}

func (d *discoverer) refuse(decl Declared, format string, args ...any) {
	d.failed = append(d.failed, &Error{Source: decl.Source.Path, File: decl.File, Line: decl.Line,
		Msg: "sources: " + fmt.Sprintf(format, args...), Hint: "paths are relative to the repository's root"})
}
