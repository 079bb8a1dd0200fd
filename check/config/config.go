// Package config reads .syncgate.yaml, strictly: a key, type, rule, level, version or date that it does not know is an
// error with file, line and the nearest thing that it does know.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

// FileName is what the file is called that is looked for.
const FileName = check.ConfigFile

// MaxSize bounds the file.
const MaxSize = 1 << 20

// Config is the content of the file. The zero value leaves everything at its default.
type Config struct {
	Level            string // "" for the default
	LevelVersion     string // latest or v1.N
	Floor            string // with level auto: the level of a namespace that nobody declares
	KubeVersion      string
	FailOn           string // error, warning or never
	Select, Ignore   []string
	Severity         check.Severities
	Policies         []check.Scope
	Exemptions       []check.Waiver
	AllowAnnotations []string
	Fix              check.Remedies
	Sources          []render.Declared
	Repositories     []string // further URLs that the repository is reached by
}

// Parse reads the file's content. All mistakes are reported, in the order of their lines, each as file:line: message.
func Parse(file string, data []byte) (*Config, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("%s: has %d KB, more than the %d KB that are read", file, len(data)>>10, MaxSize>>10)
	}
	d := &decoder{file: file}
	c := &Config{}
	root, err := document(data)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s%s", file, yamlError(err))
	case root != nil:
		d.config(root, c)
	}
	return c, d.err()
}

// document is the only document in a file, nil when there is nothing in it.
func document(data []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var first, second yaml.Node
	if err := dec.Decode(&first); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if err := dec.Decode(&second); err == nil {
		return nil, fmt.Errorf("yaml: line %d: a second document; write everything in one", second.Line)
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(first.Content) == 0 || first.Content[0].ShortTag() == "!!null" {
		return nil, nil
	}
	return first.Content[0], nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// yamlError is the parser's message as ":line: message".
func yamlError(err error) string {
	m := yamlLine.FindStringSubmatch(err.Error())
	if m == nil {
		return ": " + err.Error()
	}
	rest := err.Error()[len(m[0]):]
	if m[1] == "" {
		return ": " + rest
	}
	return ":" + m[1] + ": " + rest
}

func (d *decoder) config(n *yaml.Node, c *Config) { d.mapping(n, "", d.fields(c)) }

// fields are the keys of a config.
func (d *decoder) fields(c *Config) fields {
	return fields{
		"level":            func(n *yaml.Node) { c.Level = d.level(n, "level") },
		"levelVersion":     func(n *yaml.Node) { c.LevelVersion = d.version(n, "levelVersion") },
		"floor":            func(n *yaml.Node) { c.Floor = d.choice(n, "floor", "privileged", "baseline", "restricted") },
		"kubeVersion":      func(n *yaml.Node) { c.KubeVersion = d.kubeVersion(n, "kubeVersion") },
		"failOn":           func(n *yaml.Node) { c.FailOn = d.choice(n, "failOn", "error", "warning", "never") },
		"select":           func(n *yaml.Node) { c.Select = d.rules(n, "select") },
		"ignore":           func(n *yaml.Node) { c.Ignore = d.rules(n, "ignore") },
		"severity":         func(n *yaml.Node) { c.Severity = d.severities(n, "severity") },
		"policies":         func(n *yaml.Node) { d.list(n, "policies", func(n *yaml.Node, at string) { d.policy(n, at, c) }) },
		"exemptions":       func(n *yaml.Node) { d.list(n, "exemptions", func(n *yaml.Node, at string) { d.exemption(n, at, c) }) },
		"allowAnnotations": func(n *yaml.Node) { c.AllowAnnotations = d.rules(n, "allowAnnotations") },
		"fix":              func(n *yaml.Node) { d.fix(n, "fix", &c.Fix) },
		"repositories": func(n *yaml.Node) {
			d.strings(n, "repositories", func(_ *yaml.Node, s string) { c.Repositories = append(c.Repositories, s) })
		},
		"sources": func(n *yaml.Node) { d.list(n, "sources", func(n *yaml.Node, at string) { d.source(n, at, c) }) },
	}
}

func (d *decoder) level(n *yaml.Node, at string) string { return d.choice(n, at, check.Levels...) }

var levelVersion = regexp.MustCompile(`^(latest|v1\.(0|[1-9][0-9]{0,3}))$`)

// version is a version of the Pod Security Standards. They begin with v1.0; one newer than the library knows would be
// judged by older checks than it names.
func (d *decoder) version(n *yaml.Node, at string) string {
	v := d.text(n, at)
	switch {
	case v == "":
	case !levelVersion.MatchString(v):
		d.errorf(n, "%s %q: expected latest or v1.N", at, v)
	case v != "latest":
		if minor, _ := strconv.Atoi(v[len("v1."):]); minor > check.NewestMinor {
			d.errorf(n, "%s %q: the newest version of the standard that this syncgate knows is v1.%d; use latest or update syncgate",
				at, v, check.NewestMinor)
		}
	}
	return v
}

var kubeVersion = regexp.MustCompile(`^v?1\.\d+(\.\d+)?([-+][0-9A-Za-z.+-]+)?$`)

func (d *decoder) kubeVersion(n *yaml.Node, at string) string {
	v := d.text(n, at)
	if v != "" && !kubeVersion.MatchString(v) {
		d.errorf(n, "%s %q: expected v1.N or v1.N.M", at, v)
	}
	return v
}

// rules is a list of rule IDs, groups or group wildcards.
func (d *decoder) rules(n *yaml.Node, at string) []string {
	var out []string
	d.strings(n, at, func(n *yaml.Node, name string) {
		if err := check.KnownRule(name); err != nil {
			d.errorf(n, "%s: %v", at, err)
			return
		}
		out = append(out, name)
	})
	return out
}

// ruleMap is a mapping from rule IDs, groups or group wildcards to one of a few words.
func (d *decoder) ruleMap(n *yaml.Node, at string, each func(rule, word string), words ...string) {
	d.entries(n, at, func(key, value *yaml.Node) {
		if err := check.KnownRule(key.Value); err != nil {
			d.errorf(key, "%s: %v", at, err)
			return
		}
		if word := d.choice(value, at+"."+key.Value, words...); slices.Contains(words, word) {
			each(key.Value, word)
		}
	})
}

func (d *decoder) severities(n *yaml.Node, at string) check.Severities {
	out := check.Severities{}
	d.ruleMap(n, at, func(rule, word string) { out[rule] = check.Severity(word) },
		string(check.SeverityError), string(check.SeverityWarning))
	return out
}
