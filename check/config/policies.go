package config

import (
	"fmt"
	"time"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/check"
)

// policy reads one of policies.
func (d *decoder) policy(n *yaml.Node, at string, c *Config) {
	s := check.Scope{By: fmt.Sprintf("%s:%d", d.file, n.Line)}
	said := false // what is wrong with match
	d.mapping(n, at, fields{
		"name":         func(n *yaml.Node) { s.Name = d.str(n, at+".name") },
		"match":        func(n *yaml.Node) { said = d.complains(func() { d.match(n, at+".match", &s.Match) }) },
		"level":        func(n *yaml.Node) { s.Level = d.level(n, at+".level") },
		"levelVersion": func(n *yaml.Node) { s.Version = d.version(n, at+".levelVersion") },
		"severity":     func(n *yaml.Node) { s.Severity = d.severities(n, at+".severity") },
		"ignore":       func(n *yaml.Node) { s.Ignore = d.rules(n, at+".ignore") },
	})
	if n.Kind != yaml.MappingNode {
		return
	}
	m := &s.Match
	if !said && len(m.Paths)+len(m.Namespaces)+len(m.Applications)+len(m.Projects)+len(m.Clusters) == 0 {
		d.errorf(n, "%s matches nothing: name paths, namespaces, applications, projects or clusters in match; what holds everywhere "+
			"stands at the top level", at)
	}
	if s.Name == "" {
		d.errorf(n, "%s has no name; reports show it", at)
	}
	for i := range c.Policies {
		if c.Policies[i].Name == s.Name {
			d.errorf(n, "%s: another policy is called %q, too (%s)", at, s.Name, c.Policies[i].By)
		}
		if c.Policies[i].By == s.By {
			d.errorf(n, "%s stands on one line with another policy; begin a line for each", at)
		}
	}
	c.Policies = append(c.Policies, s)
}

func (d *decoder) match(n *yaml.Node, at string, m *check.Match) {
	d.mapping(n, at, fields{
		"paths":        func(n *yaml.Node) { m.Paths = d.paths(n, at+".paths") },
		"namespaces":   func(n *yaml.Node) { m.Namespaces = d.names(n, at+".namespaces") },
		"applications": func(n *yaml.Node) { m.Applications = d.names(n, at+".applications") },
		"projects":     func(n *yaml.Node) { m.Projects = d.names(n, at+".projects") },
		"clusters":     func(n *yaml.Node) { m.Clusters = d.names(n, at+".clusters") },
	})
}

// exemption reads one of exemptions.
func (d *decoder) exemption(n *yaml.Node, at string, c *Config) {
	w := check.Waiver{File: d.file, Line: n.Line}
	said := map[string]bool{} // keys that are there; match when something is wrong with it
	d.mapping(n, at, fields{
		"rules":   func(n *yaml.Node) { said["rules"] = true; w.Rules = d.rules(n, at+".rules") },
		"match":   func(n *yaml.Node) { said["match"] = d.complains(func() { d.exempted(n, at+".match", &w) }) },
		"reason":  func(n *yaml.Node) { said["reason"] = true; w.Reason = d.str(n, at+".reason") },
		"expires": func(n *yaml.Node) { w.Expires = d.date(n, at+".expires") },
	})
	if n.Kind != yaml.MappingNode {
		return
	}
	switch {
	case !said["rules"]:
		d.errorf(n, "%s has no rules; list those that it is for", at)
	case !said["reason"]:
		d.errorf(n, "%s has no reason; say why it is right, and to whom to talk", at)
	case !said["match"] && len(w.Objects)+len(w.Kinds)+len(w.Namespaces)+len(w.Containers)+len(w.Images)+len(w.Paths) == 0:
		d.errorf(n, "%s matches nothing: name objects, kinds, namespaces, containers, images or paths in match; a rule that nobody "+
			"wants belongs in ignore", at)
	}
	c.Exemptions = append(c.Exemptions, w)
}

func (d *decoder) exempted(n *yaml.Node, at string, w *check.Waiver) {
	d.mapping(n, at, fields{
		"objects":    func(n *yaml.Node) { w.Objects = d.names(n, at+".objects") },
		"kinds":      func(n *yaml.Node) { w.Kinds = d.names(n, at+".kinds") },
		"namespaces": func(n *yaml.Node) { w.Namespaces = d.names(n, at+".namespaces") },
		"containers": func(n *yaml.Node) { w.Containers = d.names(n, at+".containers") },
		"images":     func(n *yaml.Node) { w.Images = d.names(n, at+".images") },
		"paths":      func(n *yaml.Node) { w.Paths = d.paths(n, at+".paths") },
	})
}

func (d *decoder) date(n *yaml.Node, at string) time.Time {
	s := d.text(n, at)
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		d.errorf(n, "%s %q: expected a date such as 2027-03-31", at, s)
	}
	return t
}
