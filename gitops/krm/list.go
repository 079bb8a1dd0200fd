// Package krm speaks what orchestrators of KRM functions (kustomize, kpt) speak: a ResourceList comes in and goes out, with
// results. The specification is
// https://github.com/kubernetes-sigs/kustomize/blob/master/cmd/config/docs/api-conventions/functions-spec.md
//
// A list stays the text that it came as: orchestrators compare, and people read, what a function gives back.
package krm

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/kio/kioutil"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/fix/yamledit"
	"github.com/syncgate/syncgate/render"
)

// versions are the API versions of a ResourceList that are read; their fields are the same.
var versions = []string{kio.ResourceListAPIVersion, "config.kubernetes.io/v1beta1", "config.kubernetes.io/v1alpha1"}

// List is a ResourceList.
type List struct {
	Config *yaml.Node // the functionConfig, nil when there is none
	files  []File     // where the items come from, by index
	doc    int        // among the documents of the text
	stale  bool       // it holds results, of another run
}

// File is where the orchestrator says that an item stands.
type File struct {
	Path  string // "" when it does not say
	Index int    // of the document
}

// Read reads a ResourceList. Errors call the text by a name, and quote no value of it.
func Read(name string, text []byte) (*List, error) {
	root, doc, err := onlyDocument(name, text)
	if err != nil {
		return nil, err
	}
	if root == nil || root.Kind != yaml.MappingNode {
		return nil, errors.New("stdin holds no ResourceList: expected a mapping with apiVersion, kind and items")
	}
	n := yaml.NewRNode(root)
	switch kind, version := n.GetKind(), n.GetApiVersion(); {
	case kind != kio.ResourceListKind:
		return nil, fmt.Errorf("stdin holds a %q, where a function gets a ResourceList; `syncgate fix -` and `syncgate post-render` read "+
			"manifests", kind)
	case !slices.Contains(versions, version):
		return nil, fmt.Errorf("a ResourceList of %q: expected %s", version, kio.ResourceListAPIVersion)
	}
	l := &List{doc: doc, Config: valueOf(root, "functionConfig"), stale: valueOf(root, "results") != nil}
	items := valueOf(root, "items")
	switch {
	case items == nil:
		return nil, errors.New("the ResourceList has no items; an empty list is written as items: []")
	case items.Kind == yaml.SequenceNode:
		for _, item := range items.Content {
			l.files = append(l.files, fileOf(item))
		}
	case items.ShortTag() != yaml.NodeTagNull:
		return nil, errors.New("the ResourceList's items must be a list")
	}
	return l, nil
}

// onlyDocument is the one document that is not empty, nil when there is none.
func onlyDocument(name string, text []byte) (root *yaml.Node, doc int, err error) {
	defer func() { // kyaml's parser panics on some malformed input
		if p := recover(); p != nil {
			root, err = nil, fmt.Errorf("%s: the YAML parser failed", name)
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(text))
	for i := 0; ; i++ {
		var n yaml.Node
		switch err := dec.Decode(&n); {
		case errors.Is(err, io.EOF):
			return root, doc, nil
		case err != nil:
			return nil, 0, render.YAMLError(name, err)
		}
		if len(n.Content) == 0 || n.Content[0].ShortTag() == yaml.NodeTagNull {
			continue
		}
		if root != nil {
			return nil, 0, fmt.Errorf("%s:%d: a second document, where a function gets one ResourceList; `syncgate fix -` and `syncgate "+
				"post-render` read manifests", name, n.Content[0].Line)
		}
		root, doc = n.Content[0], i
	}
}

// valueOf is the value of a key, nil when there is none.
func valueOf(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			if v := n.Content[i+1]; v.Kind != yaml.AliasNode {
				return v
			}
			return n.Content[i+1].Alias
		}
	}
	return nil
}

// What orchestrators wrote before the specification named kioutil.PathAnnotation and kioutil.IndexAnnotation, and still do.
const (
	legacyPath  = "config.kubernetes.io/path"
	legacyIndex = "config.kubernetes.io/index"
)

// fileOf reads the annotations of an item: those of the specification, else those before it.
func fileOf(item *yaml.Node) File {
	if item.Kind == yaml.AliasNode {
		item = item.Alias
	}
	annotations := valueOf(valueOf(item, "metadata"), "annotations")
	first := func(keys ...string) string {
		for _, k := range keys {
			if v := valueOf(annotations, k); v != nil && v.Kind == yaml.ScalarNode {
				return v.Value
			}
		}
		return ""
	}
	index, err := strconv.Atoi(first(kioutil.IndexAnnotation, legacyIndex))
	if err != nil || index < 0 {
		index = 0
	}
	return File{first(kioutil.PathAnnotation, legacyPath), index}
}

// Empty reports whether there are no items.
func (l *List) Empty() bool { return len(l.files) == 0 }

// FileOf says where an object comes from, that is rendered from the list's text.
func (l *List) FileOf(o *render.Object) File {
	if len(o.At) < 2 || !o.At[1].IsIndex || o.At[1].Index >= len(l.files) {
		return File{}
	}
	return l.files[o.At[1].Index]
}

// WithResults is the list's text, in which items may have been edited, with results in the place of those it came with.
func (l *List) WithResults(text []byte, results []Result) ([]byte, error) {
	at := render.Keys("results")
	var op yamledit.Op = yamledit.Delete{Doc: l.doc, Path: at}
	switch {
	case len(results) > 0:
		list := make([]any, len(results))
		for i := range results {
			list[i] = results[i].value()
		}
		op = yamledit.Set{Doc: l.doc, Path: at, Value: list}
	case !l.stale:
		return text, nil
	}
	edits, err := yamledit.Plan(text, op)
	if err == nil {
		text, err = yamledit.ApplyEdits(text, edits)
	}
	if err != nil {
		return nil, fmt.Errorf("writing the results into the ResourceList: %w", err)
	}
	return text, nil
}
