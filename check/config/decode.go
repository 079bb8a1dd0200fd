package config

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/check"
)

// decoder walks a document and collects what is wrong with it.
type decoder struct {
	file     string
	noLines  bool // what file names has no lines that the user knows
	problems []problem
}

type problem struct {
	line int
	text string
}

// maxProblems is how many mistakes are reported of one file.
const maxProblems = 20

// err is all problems, sorted by line; nil when there are none.
func (d *decoder) err() error {
	sort.SliceStable(d.problems, func(i, j int) bool { return d.problems[i].line < d.problems[j].line })
	var errs []error
	for i, p := range d.problems {
		if i == maxProblems {
			errs = append(errs, fmt.Errorf("%s: and %d more", d.file, len(d.problems)-i))
			break
		}
		place := d.file
		if !d.noLines {
			place = fmt.Sprintf("%s:%d", d.file, p.line)
		}
		errs = append(errs, fmt.Errorf("%s: %s", place, p.text))
	}
	return errors.Join(errs...)
}

func (d *decoder) errorf(n *yaml.Node, format string, args ...any) {
	d.problems = append(d.problems, problem{n.Line, fmt.Sprintf(format, args...)})
}

// complains reports whether something reports an error.
func (d *decoder) complains(read func()) bool {
	before := len(d.problems)
	read()
	return len(d.problems) > before
}

// kindName is what a node is, for messages.
func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias (write it out)"
	}
	switch n.ShortTag() {
	case "!!null":
		return "empty"
	case "!!bool":
		return "a boolean"
	case "!!int", "!!float":
		return "a number"
	case "!!timestamp":
		return "a date"
	}
	return "a string"
}

// fields are the keys of a mapping, each with what reads its value.
type fields map[string]func(*yaml.Node)

// name is a path for messages: "the config" at the root.
func name(at string) string {
	if at == "" {
		return "the config"
	}
	return at
}

// mapping reads a mapping whose keys are known.
func (d *decoder) mapping(n *yaml.Node, at string, known fields) {
	d.entries(n, at, func(key, value *yaml.Node) {
		if read := known[key.Value]; read != nil {
			read(value)
			return
		}
		keys := make([]string, 0, len(known))
		for k := range known {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		hint := "; known are " + strings.Join(keys, ", ")
		if near := check.Nearest(key.Value, keys); near != "" {
			hint = fmt.Sprintf(", did you mean %q?", near)
		}
		d.errorf(key, "unknown key %q in %s%s", key.Value, name(at), hint)
	})
}

// entries reads a mapping with any keys, each of which stands there once.
func (d *decoder) entries(n *yaml.Node, at string, each func(key, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		d.errorf(n, "%s must be a mapping, but is %s", name(at), kindName(n))
		return
	}
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch line := first[key.Value]; {
		case key.Kind != yaml.ScalarNode:
			d.errorf(key, "a key of %s must be a string, but is %s", name(at), kindName(key))
		case line > 0:
			d.errorf(key, "key %q stands in %s twice, first on line %d", key.Value, name(at), line)
		default:
			first[key.Value] = key.Line
			each(key, value)
		}
	}
}

// list reads a list and tells each item its place.
func (d *decoder) list(n *yaml.Node, at string, each func(n *yaml.Node, at string)) {
	if n.Kind != yaml.SequenceNode {
		d.errorf(n, "%s must be a list, but is %s", at, kindName(n))
		return
	}
	for i, item := range n.Content {
		each(item, fmt.Sprintf("%s[%d]", at, i))
	}
}

// strings reads a list of strings.
func (d *decoder) strings(n *yaml.Node, at string, each func(n *yaml.Node, s string)) {
	d.list(n, at, func(n *yaml.Node, at string) {
		if s := d.str(n, at); s != "" {
			each(n, s)
		}
	})
}

// str reads a string that is not empty; "" means that it was reported.
func (d *decoder) str(n *yaml.Node, at string) string {
	if n.Kind == yaml.ScalarNode && n.ShortTag() != "!!str" && n.ShortTag() != "!!null" {
		d.errorf(n, "%s must be a string, but is %s; quote it", at, kindName(n))
		return ""
	}
	return d.text(n, at)
}

// text reads a scalar as it is written, whatever YAML takes it for; "" means that it was reported.
func (d *decoder) text(n *yaml.Node, at string) string {
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		d.errorf(n, "%s must be a string, but is %s", at, kindName(n))
		return ""
	}
	s := strings.TrimSpace(n.Value)
	if s == "" {
		d.errorf(n, "%s is empty", at)
	}
	return s
}

// choice reads one of a few words; "" means that it was reported.
func (d *decoder) choice(n *yaml.Node, at string, words ...string) string {
	s := d.text(n, at)
	if s == "" || slices.Contains(words, s) {
		return s
	}
	last := len(words) - 1
	hint := ""
	if near := check.Nearest(s, words); near != "" {
		hint = fmt.Sprintf(", did you mean %q?", near)
	}
	d.errorf(n, "%s %q: expected %s or %s%s", at, s, strings.Join(words[:last], ", "), words[last], hint)
	return ""
}

// globs reads a list of patterns.
func (d *decoder) globs(n *yaml.Node, at string, compile func(string) (check.Glob, error)) check.Globs {
	var out check.Globs
	d.strings(n, at, func(n *yaml.Node, s string) {
		g, err := compile(s)
		if err != nil {
			d.errorf(n, "%s: %v", at, err)
			return
		}
		out = append(out, g)
	})
	return out
}

func (d *decoder) names(n *yaml.Node, at string) check.Globs { return d.globs(n, at, check.NameGlob) }
func (d *decoder) paths(n *yaml.Node, at string) check.Globs { return d.globs(n, at, check.PathGlob) }
