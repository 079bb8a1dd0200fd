package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"path"
	"regexp"
	"strings"

	sigsyaml "sigs.k8s.io/yaml"
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
	if fault := checkSeparators(src.Path, data); fault != nil && !isLimit(err) {
		err = fault
	}
	if err != nil {
		if !isLimit(err) && !looksLikeObject(data) && !anyObject(docs) && !clientsRead(data) {
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

// checkSeparators refuses what would be read in two ways: clients cut a stream at each line that starts with ---, even
// inside a string, and then refuse the line unless nothing but a comment follows (k8s.io/apimachinery/pkg/util/yaml).
func checkSeparators(file string, data []byte) error {
	if isUTF16(data) {
		return nil
	}
	n := 0
	for line := range bytes.Lines(data) {
		n++
		rest, ok := bytes.CutPrefix(line, []byte("---"))
		if ok && len(rest) > 0 && bytes.IndexByte([]byte(" \t\r\n"), rest[0]) < 0 {
			return &Error{File: file, Line: n, Msg: "a line that starts with --- and goes on is no separator, but clients cut there",
				Hint: "indent the line, or put nothing after ---"}
		}
	}
	return nil
}

func isLimit(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Limit
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

// looksLikeObject reports whether broken YAML or JSON was meant to be a manifest: both words stand as keys somewhere.
func looksLikeObject(data []byte) bool {
	return isUTF16(data) || apiVersionKey.Match(data) && kindKey.Match(data)
}

var (
	apiVersionKey = keyPattern("apiVersion")
	kindKey       = keyPattern("kind")
)

// clientsRead reports whether a client that reads what we cannot finds an object: its reader stops after the first document
// between two separators, whatever follows, and keys may be spelled with escapes or aliases.
func clientsRead(data []byte) bool {
	if len(data) > maxIndexFile {
		return true
	}
	for _, chunk := range bytes.Split(data, []byte("\n---")) {
		if js, err := sigsyaml.YAMLToJSON(bytes.TrimPrefix(chunk, []byte("---"))); err == nil && anyObject([]document{{json: js}}) {
			return true
		}
	}
	return false
}

// keyPattern matches a key at the start of a line or after what can stand before a key: "a: 1", "- a: 1", {"a": 1}, ? a.
func keyPattern(key string) *regexp.Regexp {
	return regexp.MustCompile(`(?m)(?:^|[\s{,?"'-])(?:` + key + `["']?\s*:|\? *` + key + `)`)
}

// anyObject reports whether one document at least has a kind and an apiVersion, of whatever type.
func anyObject(docs []document) bool {
	for _, d := range docs {
		var m map[string]json.RawMessage
		if d.json != nil && json.Unmarshal(d.json, &m) == nil && given(m["kind"]) && given(m["apiVersion"]) {
			return true
		}
	}
	return false
}

func given(raw json.RawMessage) bool {
	return len(raw) > 0 && string(raw) != "null" && string(raw) != `""`
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
	if out.Line == 0 {
		out.Line = d.line
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
