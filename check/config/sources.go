package config

import (
	"path"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/render"
)

// source reads one of sources: how a chart or a kustomization is applied.
func (d *decoder) source(n *yaml.Node, at string, c *Config) {
	s := render.Declared{File: d.file, Line: n.Line}
	text := func(into *string, key string) func(*yaml.Node) {
		return func(n *yaml.Node) { *into = d.str(n, at+"."+key) }
	}
	texts := func(into *[]string, key string) func(*yaml.Node) {
		return func(n *yaml.Node) {
			d.strings(n, at+"."+key, func(_ *yaml.Node, s string) { *into = append(*into, s) })
		}
	}
	said := false // path is there
	h := &s.Source.Helm
	d.mapping(n, at, fields{
		"path": func(n *yaml.Node) { said, s.Source.Path = true, d.path(n, at+".path") },
		"name": func(n *yaml.Node) {
			s.Source.Variant = d.str(n, at+".name")
			if strings.ContainsAny(s.Source.Variant, "#@/ \t\n") {
				d.errorf(n, `%s.name %q: a name has no "#", "@", "/" or space`, at, s.Source.Variant)
			}
		},
		"values": func(n *yaml.Node) {
			d.list(n, at+".values", func(n *yaml.Node, at string) {
				if file := d.path(n, at); file != "" {
					h.Values = append(h.Values, render.ValueLayer{File: file, Encoding: render.EncodingFile})
				}
			})
		},
		"releaseName": text(&h.ReleaseName, "releaseName"),
		"namespace":   text(&s.Source.Namespace, "namespace"),
		"cluster":     text(&s.Source.Cluster, "cluster"),
		"project":     text(&s.Source.Project, "project"),
		"kubeVersion": func(n *yaml.Node) { h.KubeVersion = d.kubeVersion(n, at+".kubeVersion") },
		"apiVersions": texts(&h.APIVersions, "apiVersions"),
		"set":         texts(&h.Set, "set"),
		"setString":   texts(&h.SetString, "setString"),
	})
	switch {
	case n.Kind == yaml.MappingNode && !said:
		d.errorf(n, "%s has no path; name the chart or the kustomization, relative to the repository's root", at)
		return
	case s.Source.Path == "":
		return
	}
	h.Namespace = s.Source.Namespace
	for _, other := range c.Sources {
		if other.Source.Path == s.Source.Path && other.Source.Variant == s.Source.Variant {
			d.errorf(n, "%s: %s:%d renders %s, too; give each a name of its own", at, other.File, other.Line, s.Source.Path)
		}
	}
	c.Sources = append(c.Sources, s)
}

// path reads a path relative to the repository's root.
func (d *decoder) path(n *yaml.Node, at string) string {
	s := d.str(n, at)
	if s == "" {
		return ""
	}
	clean := path.Clean(s)
	if path.IsAbs(s) || clean == ".." || strings.HasPrefix(clean, "../") {
		d.errorf(n, "%s %q leads out of the repository; paths are relative to its root", at, s)
		return ""
	}
	return clean
}
