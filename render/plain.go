package render

import (
	"bytes"
	"errors"
	"path"
	"strings"
)

// renderPlain reads one file of manifests. notManifests says why the file holds no Kubernetes objects at all; that
// is no error: repositories are full of other YAML.
func renderPlain(t *Tree, src Source, opts Options, b *budget) (objects []Object, empty int, notManifests string, err error) {
	data, err := t.ReadFile(src.Path)
	if err != nil {
		return nil, 0, "", err
	}
	if !mentionsObject(data) {
		return nil, 0, "no apiVersion and kind", nil
	}
	docs, err := decode(src.Path, data, b)
	if err != nil {
		if !looksLikeObject(data) {
			return nil, 0, "not YAML, and no apiVersion and kind", nil
		}
		return nil, 0, "", templateHint(err, data)
	}
	if !anyObject(docs) {
		return nil, 0, "no apiVersion and kind", nil
	}
	for _, d := range docs {
		if d.json == nil {
			empty++
			continue
		}
		text := ""
		if opts.Text {
			text, err = nodeText(d)
			if err != nil {
				return nil, 0, "", err
			}
		}
		list, err := toObjects(d, text)
		if err != nil {
			return nil, 0, "", atLine(err, src.Path, d)
		}
		for i := range list {
			list[i].File = src.Path
			list[i].Ref = ObjectRef{list[i].APIVersion, list[i].Kind, list[i].Namespace, list[i].Name}
		}
		objects = append(objects, list...)
	}
	return objects, empty, "", nil
}

// mentionsObject reports whether a file can hold an object at all: both words stand in it, or an escape that could
// spell them.
func mentionsObject(data []byte) bool {
	if bytes.IndexByte(data, '\\') >= 0 || isUTF16(data) {
		return true
	}
	return bytes.Contains(data, []byte("apiVersion")) && bytes.Contains(data, []byte("kind"))
}

func isUTF16(data []byte) bool {
	return bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff"))
}

// looksLikeObject reports whether broken YAML was meant to be a manifest: both keys start a line somewhere.
func looksLikeObject(data []byte) bool {
	if isUTF16(data) {
		return true
	}
	api, kind := false, false
	for line := range bytes.Lines(data) {
		line = bytes.TrimLeft(line, " \t-{\"'\xef\xbb\xbf")
		api = api || bytes.HasPrefix(line, []byte("apiVersion"))
		kind = kind || bytes.HasPrefix(line, []byte("kind"))
	}
	return api && kind
}

// anyObject reports whether one document at least has a kind and an apiVersion.
func anyObject(docs []document) bool {
	for _, d := range docs {
		var h header
		if d.json != nil && unmarshalHeader(d.json, &h) == nil && (h.Kind != "" && h.APIVersion != "") {
			return true
		}
	}
	return false
}

// templateHint tells a Go template that stands outside a chart from merely broken YAML.
func templateHint(err error, data []byte) error {
	var e *Error
	if errors.As(err, &e) && bytes.Contains(data, []byte("{{")) {
		out := *e
		out.Hint = "this looks like a template: a chart needs its Chart.yaml; exclude files that are templates for something else"
		return &out
	}
	return err
}

func atLine(err error, file string, d document) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	out := *e
	out.File = file
	if out.Line == 0 && d.node != nil && len(d.node.Content) > 0 {
		out.Line = d.node.Content[0].Line
	}
	return &out
}

// isYAMLName reports whether a file's name says that it may hold manifests.
func isYAMLName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}
