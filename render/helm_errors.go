package render

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// fileOf is where a file of one chart of the family stands; the chart itself when it has no such file.
func (c *loadedChart) fileOf(ch *chart.Chart, name string) filePlace {
	for _, f := range ch.Raw {
		if f.Name == name {
			return c.at[f]
		}
	}
	return filePlace{path: c.path, packed: true}
}

// file is the path in the tree of a file of the top chart.
func (c *loadedChart) file(name string) string { return c.fileOf(c.Chart, name).path }

// line is the line of a key in a file of the top chart, 0 when it is not to be had.
func (c *loadedChart) line(name, key string) int {
	root := c.yaml(name)
	if root == nil || child(root, Step{Key: key}) == nil {
		return 0
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == key {
			return root.Content[i].Line
		}
	}
	return 0
}

// dependencyLine is the line where a dependency is named.
func (c *loadedChart) dependencyLine(file, name string) int {
	root := c.yaml(file)
	if root == nil {
		return 0
	}
	list := child(root, Step{Key: "dependencies"})
	if list == nil {
		return 0
	}
	for _, d := range list.Content {
		if n := child(d, Step{Key: "name"}); n != nil && n.Value == name {
			return n.Line
		}
	}
	return list.Line
}

// yaml is the root of a YAML file of the top chart, nil when it stands in an archive or is no mapping.
func (c *loadedChart) yaml(name string) *yaml.Node {
	for _, f := range c.Raw {
		var doc yaml.Node
		if f.Name == name && !c.at[f].packed && yaml.Unmarshal(f.Data, &doc) == nil && len(doc.Content) == 1 {
			return doc.Content[0]
		}
	}
	return nil
}

// valuesError is an error of merging values into a chart and its subcharts.
func (c *loadedChart) valuesError(err error) *Error {
	return &Error{File: c.path, Msg: valuesType.ReplaceAllString(err.Error(), "$1"), Hint: "the values of a subchart are a mapping under its name"}
}

// origins maps the names that the engine gives templates to where they stand (pkg/engine/engine.go recAllTpls).
func (c *loadedChart) origins() map[string]filePlace {
	out := map[string]filePlace{}
	var add func(ch *chart.Chart)
	add = func(ch *chart.Chart) {
		for _, sub := range ch.Dependencies() {
			add(sub)
		}
		for _, f := range ch.Templates {
			out[path.Join(ch.ChartFullPath(), f.Name)] = c.at[f]
		}
	}
	add(c.Chart)
	return out
}

// fileError is an error of reading a file through the tree.
func fileError(name string, err error) *Error {
	e := &Error{File: name, Msg: err.Error()}
	var pe *fs.PathError
	var le *LeavesRootError
	switch {
	case errors.As(err, &le):
		e.Hint = "only files inside the repository are read"
	case errors.Is(err, fs.ErrNotExist):
		e.Msg, e.Hint = "no such file or directory", "add the file, or correct the path that names it"
	case errors.As(err, &pe):
		e.Msg = pe.Err.Error()
	}
	return e
}

var (
	loadFile    = regexp.MustCompile(`^cannot load (\S+): `)
	yamlNoise   = regexp.MustCompile(`^(?:error converting YAML to JSON|error unmarshaling JSON|while decoding JSON): `)
	yamlAnchor  = regexp.MustCompile(`unknown anchor '.*' referenced`)
	valuesType  = regexp.MustCompile(`(?s)(type mismatch on [^:]+): .*`) // goes on with the value
	rangeValue  = regexp.MustCompile(`(?s)range can't iterate over .*`)
	helmLine    = regexp.MustCompile(`(?s)^(?:parse|execution) error at \(([^:]+):(\d+)(?::\d+)?\): (.*)$`)
	helmFile    = regexp.MustCompile(`(?s)^(?:parse|execution) error in \((.+?)\): (.*)$`)
	frame       = regexp.MustCompile(`template: ([^:]+):(\d+):(?:\d+:)? `)
	executing   = regexp.MustCompile(`^executing ".*?" at `)
	callingFunc = regexp.MustCompile(`error calling \w+: (?:template: )?`)
)

// chartError is an error of loader.LoadFiles: which file of the chart at it is about, and why.
func chartError(err error, where map[string]filePlace, at string) *Error {
	msg := err.Error()
	m := loadFile.FindStringSubmatch(msg)
	if m == nil {
		e := &Error{File: at, Msg: strings.TrimPrefix(msg, "validation: "), Hint: "correct Chart.yaml"}
		if f, ok := where["Chart.yaml"]; ok {
			e.File = f.path
		} else {
			e.Hint = "every entry of charts/ must be a chart; name anything else in the .helmignore of the top chart"
		}
		return e
	}
	e := yamlCause(errors.New(msg[len(m[0]):]))
	e.Hint = "expected YAML that helm can read"
	return packedError(e, where[m[1]], m[1])
}

// yamlCause takes line and cause out of an error of sigs.k8s.io/yaml or decode.
func yamlCause(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		out := *e
		return &out
	}
	msg := err.Error()
	for {
		cut := yamlNoise.ReplaceAllString(msg, "")
		if cut == msg {
			break
		}
		msg = cut
	}
	e = yamlError("", errors.New(msg))
	e.Msg = yamlAnchor.ReplaceAllString(e.Msg, "unknown anchor referenced")
	return e
}

// templateError is an error of the engine: the innermost template that it names, and the innermost cause.
func templateError(err error, origins map[string]filePlace, chartPath string) *Error {
	msg := err.Error()
	e := &Error{File: chartPath, Msg: msg, Hint: "helm template fails in the same way: correct the template, or the values it reads"}
	name := ""
	if m := helmLine.FindStringSubmatch(msg); m != nil {
		name, e.Msg = m[1], m[3]
		e.Line, _ = strconv.Atoi(m[2])
		if strings.HasPrefix(msg, "execution") {
			e.Hint = "set the value that the chart asks for in this source's values"
		}
	} else if m := helmFile.FindStringSubmatch(msg); m != nil {
		name, e.Msg = m[1], m[2]
	} else {
		for _, m := range frame.FindAllStringSubmatchIndex(msg, -1) {
			e.Msg = msg[m[1]:]
			if _, ok := origins[msg[m[2]:m[3]]]; ok {
				name = msg[m[2]:m[3]]
				e.Line, _ = strconv.Atoi(msg[m[4]:m[5]])
			}
		}
		e.Msg = callingFunc.ReplaceAllString(executing.ReplaceAllString(e.Msg, ""), "")
	}
	e.Msg = rangeValue.ReplaceAllString(strings.TrimSpace(e.Msg), "range can't iterate over a value that is no list, map or number")
	if from, ok := origins[name]; ok {
		return packedError(e, from, name)
	}
	return e
}
