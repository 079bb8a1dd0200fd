package check

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/render"
)

/*
Applications that syncgate's plugin renders must leave the gate to it.

Fields:

	spec.source.plugin.name, spec.source.plugin.env[SYNCGATE_LEVEL].value, spec.source.plugin.parameters[level].string
	the same in spec.sources[*], and below plugin in .argocd-source.yaml and .argocd-source-APPLICATION.yaml beside a source

Allowed values: the files name no other plugin; levels are not below the one that the Application is held against.

Source: argo-cd reposerver/repository/repository.go, mergeSourceParameters: the files are merged into the source before its plugin
is called. They can exchange the plugin, and nothing of it can be taken away by null.
*/
func init() {
	register(&Rule{
		ID:    "argocd/plugin",
		Title: "Applications that name the plugin syncgate must leave the gate to it",
		Why: "whoever writes to a repository can put an .argocd-source.yaml beside a source, which hands it to another plugin that " +
			"lets everything through. A level in env or parameters can only raise what the administrator asks for: one that is " +
			"lower does nothing, and shows that somebody wanted it to.",
		Example: Example{
			Bad: `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: web
spec:
  source:
    plugin:
      name: syncgate
      env:
      - name: SYNCGATE_LEVEL
        value: privileged`,
			Good: `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: web
spec:
  source:
    plugin:
      name: syncgate`,
		},
		Fix:      "None is written: take it out. The administrator's policy is the place for what has to be allowed.",
		Severity: SeverityWarning,
		OWASP:    []string{"K04"},
		Check: func(p *Pass) {
			if strings.HasPrefix(p.Object.APIVersion, "argoproj.io/") && p.Object.Kind == "Application" {
				checkArgoPlugin(p)
			}
		},
	})
}

// What syncgate's plugin for Argo CD is called, and how an Application asks it for a level.
const (
	PluginName           = "syncgate"
	PluginLevelEnv       = "SYNCGATE_LEVEL"
	PluginLevelParameter = "level"
)

// argoSource is what is read of one of an Application's sources.
type argoSource struct {
	Path   string      `json:"path" yaml:"path"`
	Plugin *argoPlugin `json:"plugin" yaml:"plugin"`
}

type argoPlugin struct {
	Name string `json:"name" yaml:"name"`
	Env  []struct {
		Name  string `json:"name" yaml:"name"`
		Value string `json:"value" yaml:"value"`
	} `json:"env" yaml:"env"`
	Parameters []struct {
		Name   string `json:"name" yaml:"name"`
		String string `json:"string" yaml:"string"`
	} `json:"parameters" yaml:"parameters"`
}

// ours reports whether it is syncgate that an Application hands its source to. A plugin with a version is called NAME-VERSION.
func (x *argoPlugin) ours() bool {
	return x != nil && (x.Name == PluginName || strings.HasPrefix(x.Name, PluginName+"-"))
}

func checkArgoPlugin(p *Pass) {
	var app struct {
		Spec struct {
			Source  *argoSource  `json:"source"`
			Sources []argoSource `json:"sources"`
		} `json:"spec"`
	}
	if json.Unmarshal(p.Object.JSON, &app) != nil {
		return // Argo CD refuses it
	}
	at := render.Keys("spec", "source")
	if app.Spec.Source != nil && len(app.Spec.Sources) == 0 {
		checkArgoSource(p, at, app.Spec.Source)
	}
	for i := range app.Spec.Sources {
		checkArgoSource(p, render.Keys("spec", "sources").At(i), &app.Spec.Sources[i])
	}
}

func checkArgoSource(p *Pass, at render.Path, s *argoSource) {
	if !s.Plugin.ours() {
		return
	}
	for _, l := range s.Plugin.below(p.Policy.Level) {
		p.Report(l.finding(p, at, ""))
	}
	if s.Path == "" {
		return
	}
	// The files are merged in this order; the second's name depends on whether the namespace is Argo CD's own.
	everyone := readArgoOverride(p, path.Join(".", s.Path, ".argocd-source.yaml"))
	by := everyone
	for _, name := range []string{p.Object.Name, p.Object.Namespace + "_" + p.Object.Name} {
		own := readArgoOverride(p, path.Join(".", s.Path, ".argocd-source-"+name+".yaml"))
		own.levels(p, at)
		own.exchanges(p, at, s.Plugin.Name)
		if own != nil && own.Plugin.Name != "" && name == p.Object.Name {
			by = nil
		}
	}
	everyone.levels(p, at)
	by.exchanges(p, at, s.Plugin.Name)
}

// argoOverride is a file beside a source that is merged into it, and says something of a plugin.
type argoOverride struct {
	argoSource
	file string
	root *yaml.RNode
}

// readArgoOverride gives nil when there is none. What Argo CD cannot merge, it refuses.
func readArgoOverride(p *Pass, file string) *argoOverride {
	data, err := p.read(file)
	if err != nil {
		return nil
	}
	o := &argoOverride{file: file}
	if o.root, err = yaml.Parse(string(data)); err != nil || o.root.YNode().Decode(&o.argoSource) != nil || o.Plugin == nil {
		return nil
	}
	return o
}

// exchanges reports that the file hands the source to another plugin.
func (o *argoOverride) exchanges(p *Pass, at render.Path, plugin string) {
	if o == nil || o.Plugin.Name == "" || o.Plugin.ours() {
		return
	}
	name := render.Keys("name")
	p.Report(Finding{
		Severity: SeverityError,
		Path:     at.Key("plugin", "name"),
		Value:    o.Plugin.Name,
		Message:  fmt.Sprintf("Application %q must keep the plugin %s: %s hands its source to %q", p.Object.Name, plugin, o.file, o.Plugin.Name),
		Safety:   FixManual,
		Advice:   "take the plugin out of that file: nothing judges what the other one renders",
		Origin:   o.origin(name),
	})
}

// levels reports that the file asks for levels that are too low.
func (o *argoOverride) levels(p *Pass, at render.Path) {
	if o == nil {
		return
	}
	for _, l := range o.Plugin.below(p.Policy.Level) {
		f := l.finding(p, at, " in "+o.file)
		f.Origin = o.origin(l.at)
		p.Report(f)
	}
}

// askedLevel is a level that an Application asks for, below plugin.
type askedLevel struct {
	at    render.Path
	level string
}

func (l askedLevel) finding(p *Pass, at render.Path, where string) Finding {
	return Finding{
		Path:    append(at.Key("plugin"), l.at...),
		Value:   l.level,
		Message: fmt.Sprintf("Application %q must not ask the plugin for the level %s%s: it is held against %s", p.Object.Name, l.level, where, p.Policy.Level),
		Safety:  FixManual,
		Advice:  "take it out: it has no effect, and exceptions stand in the administrator's policy",
	}
}

// below are the levels that are lower than one.
func (x *argoPlugin) below(level string) (out []askedLevel) {
	order := []string{"privileged", "baseline", "restricted"}
	add := func(at render.Path, asked string) {
		if i := slices.Index(order, asked); i >= 0 && i < slices.Index(order, level) {
			out = append(out, askedLevel{at, asked})
		}
	}
	for i, e := range x.Env {
		if e.Name == PluginLevelEnv {
			add(render.Keys("env").At(i).Key("value"), e.Value)
		}
	}
	for i, e := range x.Parameters {
		if e.Name == PluginLevelParameter {
			add(render.Keys("parameters").At(i).Key("string"), e.String)
		}
	}
	return out
}

// origin is where a field below plugin stands.
func (o *argoOverride) origin(p render.Path) render.Origin {
	out := render.Origin{File: o.file}
	n := o.root.YNode()
	for _, s := range append(render.Keys("plugin"), p...) {
		var next *yaml.Node
		switch {
		case s.IsIndex && n.Kind == yaml.SequenceNode && s.Index < len(n.Content):
			next = n.Content[s.Index]
		case n.Kind == yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				if n.Content[i].Value == s.Key {
					next = n.Content[i+1]
				}
			}
		}
		if next == nil {
			return out
		}
		n = next
		out.Line, out.Column = n.Line, n.Column
	}
	out.Exact = true
	return out
}
