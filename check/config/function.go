package config

import (
	"fmt"
	"regexp"
	"slices"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/check"
)

// Function is what configures a KRM function.
type Function struct {
	Config
	Mode     string // ModeCheck, ModeFix, or "" for the default
	OnlySafe bool
}

// The modes of a function.
const (
	ModeCheck = "check"
	ModeFix   = "fix"
)

// The functionConfig of our own. A ConfigMap serves as well: its data has the same keys, each with its value as YAML.
const (
	FunctionAPIVersion = "syncgate.io/v1alpha1"
	FunctionKind       = "Syncgate"
)

// functionConfig is what a functionConfig is called in messages: the lines in it are the orchestrator's, not the user's.
const functionConfig = "functionConfig"

// ParseFunction reads the functionConfig of a ResourceList, as strictly as Parse reads a file. A nil node leaves everything
// at its default.
func ParseFunction(n *yaml.Node) (*Function, error) {
	f := &Function{}
	d := &decoder{file: functionConfig, noLines: true}
	if n == nil || n.ShortTag() == "!!null" {
		return f, nil
	}
	if n.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s must be a mapping, but is %s", functionConfig, kindName(n))
	}
	version, kind := fieldText(n, "apiVersion"), fieldText(n, "kind")
	switch {
	case version == FunctionAPIVersion && kind == FunctionKind:
		d.ownConfig(n, f)
	case version == "v1" && kind == "ConfigMap":
		if err := d.configMap(n, f); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("%s is a %q of %q: expected a %s of %s, or a ConfigMap of v1", functionConfig, kind, version,
			FunctionKind, FunctionAPIVersion)
	}
	return f, d.err()
}

// fieldText is a scalar of a mapping, "" when there is none.
func fieldText(n *yaml.Node, key string) string {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key && n.Content[i+1].Kind == yaml.ScalarNode {
			return n.Content[i+1].Value
		}
	}
	return ""
}

// ownConfig reads the kind that is ours.
func (d *decoder) ownConfig(n *yaml.Node, f *Function) {
	pass := func(*yaml.Node) {}
	d.mapping(n, functionConfig, fields{
		"apiVersion": pass,
		"kind":       pass,
		"metadata":   pass,
		"spec": func(n *yaml.Node) {
			if n.ShortTag() != "!!null" {
				d.function(n, "spec", f)
			}
		},
	})
}

// function reads the keys of a config, and those that only functions have. Keys about files of a repository are not known.
func (d *decoder) function(n *yaml.Node, at string, f *Function) {
	known := d.fields(&f.Config)
	delete(known, "sources")
	delete(known, "repositories")
	known["mode"] = func(n *yaml.Node) { f.Mode = d.choice(n, "mode", ModeCheck, ModeFix) }
	known["only"] = func(n *yaml.Node) {
		if s := d.text(n, "only"); s != "" && s != string(check.FixSafe) {
			d.errorf(n, "only %q: expected safe", s)
		} else {
			f.OnlySafe = s != ""
		}
	}
	d.mapping(n, at, known)
	for i := range f.Policies {
		if m := &f.Policies[i].Match; len(m.Paths)+len(m.Applications)+len(m.Projects)+len(m.Clusters) > 0 {
			d.errorf(n, "policies[%d]: a function sees no paths, applications, projects and clusters; match namespaces", i)
		}
	}
	if f.Fix.Secrets != (check.SecretRemedy{}) {
		d.errorf(n, "fix.secrets: a function leaves secrets alone; syncgate fix takes them out of the files in git")
	}
	for i := range f.Exemptions {
		if len(f.Exemptions[i].Paths) > 0 {
			d.errorf(n, "exemptions[%d]: a function sees no paths; match objects, kinds, namespaces, containers or images", i)
		}
	}
}

// wordLists are the keys whose lists of words may be written with commas in a ConfigMap, as on the command line.
var wordLists = []string{"select", "ignore", "allowAnnotations"}

var commas = regexp.MustCompile(`\s*,\s*`)

// configMap reads the data of a ConfigMap, whose values are texts.
func (d *decoder) configMap(n *yaml.Node, f *Function) error {
	var data *yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == "data" && n.Content[i+1].ShortTag() != "!!null" {
			data = n.Content[i+1]
		}
	}
	if data == nil {
		return nil
	}
	spec := &yaml.Node{Kind: yaml.MappingNode, Tag: yaml.NodeTagMap, Line: data.Line}
	var err error
	d.entries(data, "data", func(key, value *yaml.Node) {
		text := d.text(value, "data."+key.Value)
		if text == "" || err != nil {
			return
		}
		var v *yaml.Node
		if v, err = document([]byte(text)); err != nil {
			err = fmt.Errorf("%s: data.%s%s", functionConfig, key.Value, yamlError(err))
			return
		}
		if v == nil {
			v = &yaml.Node{Kind: yaml.ScalarNode, Tag: yaml.NodeTagNull}
		}
		if v.Kind == yaml.ScalarNode && slices.Contains(wordLists, key.Value) {
			words := commas.Split(text, -1)
			v = &yaml.Node{Kind: yaml.SequenceNode, Tag: yaml.NodeTagSeq}
			for _, w := range words {
				v.Content = append(v.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: yaml.NodeTagString, Value: w})
			}
		}
		spec.Content = append(spec.Content, key, v)
	})
	d.function(spec, "data", f)
	return err
}
