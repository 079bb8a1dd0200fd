package config

import (
	"path"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/check"
)

// fix reads how findings are mended.
func (d *decoder) fix(n *yaml.Node, at string, r *check.Remedies) {
	d.mapping(n, at, fields{
		"limits":   func(n *yaml.Node) { d.limits(n, at+".limits", r) },
		"requests": func(n *yaml.Node) { d.requests(n, at+".requests", r) },
		"writablePaths": func(n *yaml.Node) {
			d.list(n, at+".writablePaths", func(n *yaml.Node, at string) { d.writable(n, at, r) })
		},
		"runAsUser": func(n *yaml.Node) {
			d.list(n, at+".runAsUser", func(n *yaml.Node, at string) { d.user(n, at, r) })
		},
		"netBindService": func(n *yaml.Node) {
			r.NetBindService = d.choice(n, at+".netBindService", "lowPorts", "never") == "lowPorts"
		},
		"safety": func(n *yaml.Node) {
			r.Safety = map[string]check.Safety{}
			d.ruleMap(n, at+".safety", func(rule, word string) { r.Safety[rule] = check.Safety(word) },
				string(check.FixSafe), string(check.FixReview), string(check.FixManual))
		},
		"helm":    func(n *yaml.Node) { d.fixHelm(n, at+".helm", r) },
		"secrets": func(n *yaml.Node) { d.secrets(n, at+".secrets", &r.Secrets) },
	})
}

// fixHelm reads how charts are mended.
func (d *decoder) fixHelm(n *yaml.Node, at string, r *check.Remedies) {
	d.mapping(n, at, fields{
		"templates": func(n *yaml.Node) {
			r.LiteralTemplates = d.choice(n, at+".templates", "values", "literal") == "literal"
		},
	})
}

// limits reads which limits containers get, and who gives them.
func (d *decoder) limits(n *yaml.Node, at string, r *check.Remedies) {
	r.Limits = map[corev1.ResourceName]check.LimitRemedy{}
	d.mapping(n, at, fields{
		"as":     func(n *yaml.Node) { r.LimitRange = d.choice(n, at+".as", "containers", "limitRange") == "limitRange" },
		"cpu":    func(n *yaml.Node) { d.limit(n, at+".cpu", corev1.ResourceCPU, r) },
		"memory": func(n *yaml.Node) { d.limit(n, at+".memory", corev1.ResourceMemory, r) },
	})
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		if r.LimitRange && r.Limits[name].Ratio > 0 {
			d.errorf(n, "%s.%s: a LimitRange gives all containers one limit, not a factor of their requests; write a quantity, or take "+
				"out as: limitRange", at, name)
		}
	}
}

func (d *decoder) limit(n *yaml.Node, at string, name corev1.ResourceName, r *check.Remedies) {
	s := d.text(n, at)
	switch number, ratio := strings.CutSuffix(s, "x"); {
	case s == "":
	case s == "none":
		r.Limits[name] = check.LimitRemedy{None: true}
	case ratio:
		f, err := strconv.ParseFloat(number, 64)
		if err != nil || !(f >= 1 && f <= 1000) {
			d.errorf(n, "%s %q: expected a factor from 1x to 1000x, such as 1.5x", at, s)
			return
		}
		r.Limits[name] = check.LimitRemedy{Ratio: f}
	case d.quantity(n, at, s, "none, a factor of the request such as 2x, or a quantity such as 512Mi"):
		r.Limits[name] = check.LimitRemedy{Amount: s}
	}
}

func (d *decoder) requests(n *yaml.Node, at string, r *check.Remedies) {
	r.Requests = map[corev1.ResourceName]string{}
	read := func(name corev1.ResourceName) func(*yaml.Node) {
		return func(n *yaml.Node) {
			at := at + "." + string(name)
			if s := d.text(n, at); s != "" && d.quantity(n, at, s, "a quantity such as 100m or 128Mi") {
				r.Requests[name] = s
			}
		}
	}
	d.mapping(n, at, fields{"cpu": read(corev1.ResourceCPU), "memory": read(corev1.ResourceMemory)})
}

// quantity reports whether a text is a quantity above 0.
func (d *decoder) quantity(n *yaml.Node, at, s, expected string) bool {
	q, err := resource.ParseQuantity(s)
	if err != nil || q.Sign() <= 0 {
		d.errorf(n, "%s %q: expected %s", at, s, expected)
		return false
	}
	return true
}

func (d *decoder) writable(n *yaml.Node, at string, r *check.Remedies) {
	var w check.WritablePaths
	d.mapping(n, at, fields{
		"images": func(n *yaml.Node) { w.Images = d.names(n, at+".images") },
		"paths": func(n *yaml.Node) {
			d.strings(n, at+".paths", func(n *yaml.Node, s string) {
				if clean := path.Clean(s); !path.IsAbs(s) || clean == "/" {
					d.errorf(n, "%s.paths: %q is no absolute path of a directory in the container", at, s)
				} else {
					w.Paths = append(w.Paths, clean)
				}
			})
		},
	})
	if n.Kind == yaml.MappingNode && (len(w.Images) == 0 || len(w.Paths) == 0) {
		d.errorf(n, "%s needs images and paths", at)
	}
	r.Writable = append(r.Writable, w)
}

func (d *decoder) user(n *yaml.Node, at string, r *check.Remedies) {
	var u check.ImageUser
	d.mapping(n, at, fields{
		"images": func(n *yaml.Node) { u.Images = d.names(n, at+".images") },
		"user": func(n *yaml.Node) {
			s := d.text(n, at+".user")
			id, err := strconv.ParseInt(s, 10, 32)
			if s != "" && (err != nil || id < 1) {
				d.errorf(n, "%s.user %q: expected a number above 0, such as 101", at, s)
			}
			u.User = id
		},
	})
	if n.Kind == yaml.MappingNode && (len(u.Images) == 0 || u.User == 0) {
		d.errorf(n, "%s needs images and user", at)
	}
	r.Users = append(r.Users, u)
}
