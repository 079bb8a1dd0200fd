// Package helm knows what Helm hands to its post-renderers.
package helm

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"slices"

	"github.com/syncgate/syncgate/render"
)

// Plugin is the plugin.yaml of Helm 4, which runs `syncgate post-render`. Helm 3 runs post-renderers without one.
//
//go:embed plugin.yaml
var Plugin []byte

// filenameAnnotation is what Helm 4 writes on objects before it hands them to a post-renderer, and takes off again
// (pkg/action/action.go).
const filenameAnnotation = "postrenderer.helm.sh/postrender-filename"

// sourceComment is what Helm 3 writes above objects.
const sourceComment = "# Source: "

// Templates says which templates rendered manifests come from.
type Templates struct {
	lines []int    // where a document begins, or says its template, from 1
	names []string // from there on, "" when nothing says
}

// NewTemplates reads the comments of manifests.
func NewTemplates(text []byte) *Templates {
	t := &Templates{}
	n := 0
	for line := range bytes.Lines(text) {
		n++
		name, ok := bytes.CutPrefix(line, []byte(sourceComment))
		if ok || bytes.HasPrefix(line, []byte("---")) {
			t.lines = append(t.lines, n)
			t.names = append(t.names, "")
		}
		if ok {
			t.names[len(t.names)-1] = string(bytes.TrimSpace(name))
		}
	}
	return t
}

// Of is the template that an object comes from, with its chart: web/templates/deployment.yaml. line is one of the object's in
// the manifests, from 1. It is "" when Helm does not say.
func (t *Templates) Of(o *render.Object, line int) string {
	var head struct {
		Metadata struct {
			Annotations map[string]any `json:"annotations"`
		} `json:"metadata"`
	}
	if json.Unmarshal(o.JSON, &head) == nil {
		if name, ok := head.Metadata.Annotations[filenameAnnotation].(string); ok {
			return name
		}
	}
	i, found := slices.BinarySearch(t.lines, line)
	switch {
	case found:
		return t.names[i]
	case i > 0:
		return t.names[i-1]
	}
	return ""
}

// Blank reports whether text holds no document at all: Helm has rendered nothing, or keeps it to itself.
func Blank(text []byte) bool {
	for l := range bytes.Lines(text) {
		l = bytes.TrimSpace(l)
		if len(l) > 0 && l[0] != '#' && string(l) != "---" {
			return false
		}
	}
	return true
}
