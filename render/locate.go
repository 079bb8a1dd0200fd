package render

import (
	"bytes"
	"encoding/json"
	"reflect"
	"sync"

	"sigs.k8s.io/kustomize/kyaml/resid"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// Place is a field in a file of the repository.
type Place struct {
	File string
	Doc  int // index of the document, empty ones counted
	Path Path
}

// Locator finds where rendered objects and their fields stand in a Tree's files. It keeps what it parsed last, and is
// safe for use by several goroutines.
type Locator struct {
	tree *Tree

	mu    sync.Mutex
	files map[string]*located
	size  int // of their texts
}

// maxLocated is how many bytes of files a Locator keeps; parsed, they take some twenty times as much memory.
const maxLocated = 4 << 20

type located struct {
	read sync.Once
	text []byte

	parse sync.Once
	docs  []*yaml.Node // nil entries are empty documents

	mu    sync.Mutex
	lines map[string]int // by kind, for guessLine
}

// NewLocator returns a Locator for a tree.
func NewLocator(t *Tree) *Locator { return &Locator{tree: t, files: map[string]*located{}} }

func (l *Locator) load(file string) *located {
	l.mu.Lock()
	f, ok := l.files[file]
	if !ok {
		if l.size > maxLocated {
			clear(l.files)
			l.size = 0
		}
		f = &located{lines: map[string]int{}}
		l.files[file] = f
	}
	l.mu.Unlock()
	f.read.Do(func() {
		f.text, _ = l.tree.ReadFile(file)
		l.mu.Lock()
		l.size += len(f.text)
		l.mu.Unlock()
	})
	return f
}

// documents are those before the first that is no YAML.
func (f *located) documents() []*yaml.Node {
	f.parse.Do(func() {
		dec := yaml.NewDecoder(bytes.NewReader(f.text))
		for {
			var n yaml.Node
			if dec.Decode(&n) != nil {
				return
			}
			if n.Kind == yaml.DocumentNode && len(n.Content) == 1 {
				f.docs = append(f.docs, n.Content[0])
			} else {
				f.docs = append(f.docs, nil)
			}
		}
	})
	return f.docs
}

// Object finds the document that holds an object. It returns false when the object is generated, comes from a
// template, or cannot be told from others.
func (l *Locator) Object(o *Object) (Place, bool) {
	if o.File == "" || o.Template || o.Generated {
		return Place{}, false
	}
	f := l.load(o.File)
	if o.Doc >= 0 {
		return Place{File: o.File, Doc: o.Doc, Path: o.At}, o.Doc < len(f.documents())
	}
	ref := o.Ref
	if ref.Namespace == resid.TotallyNotANamespace {
		ref.Namespace = ""
	}
	var found []Place
	for i, doc := range f.documents() {
		findObject(doc, ref, Place{File: o.File, Doc: i}, &found)
	}
	if len(found) != 1 {
		return Place{}, false
	}
	return found[0], true
}

// findObject collects the places of the objects below n that ref names, items of Lists included.
func findObject(n *yaml.Node, ref ObjectRef, at Place, out *[]Place) {
	if n == nil || n.Kind != yaml.MappingNode || len(at.Path) > 2*maxListDepth {
		return
	}
	if items := fieldOf(n, "items"); items != nil && items.Kind == yaml.SequenceNode {
		for i, item := range items.Content {
			findObject(item, ref, Place{at.File, at.Doc, at.Path.Key("items").At(i)}, out)
		}
	}
	meta := fieldOf(n, "metadata")
	if scalarAt(n, "kind") == ref.Kind && scalarAt(n, "apiVersion") == ref.APIVersion &&
		scalarAt(meta, "name") == ref.Name && (ref.Namespace == "" || scalarAt(meta, "namespace") == ref.Namespace) {
		*out = append(*out, at)
	}
}

// Field finds where a field of a rendered object is written. In lists, items are matched by their name when they have
// one, since patches reorder them. missing is the part of the path that the file does not hold; it is empty when the
// whole path is there.
func (l *Locator) Field(o *Object, p Path) (place Place, missing Path, ok bool) {
	place, ok = l.Object(o)
	if !ok {
		return place, p, false
	}
	n := l.node(place)
	var rendered any
	if json.Unmarshal(o.JSON, &rendered) != nil {
		return place, p, false
	}
	for i, s := range p {
		next, at := step(n, rendered, s)
		if next == nil {
			return place, p[i:], true
		}
		n = next
		place.Path = append(place.Path[:len(place.Path):len(place.Path)], at)
		rendered = descend(rendered, s)
	}
	return place, nil, true
}

// Holds finds where a field of a rendered object is written as it is rendered, whatever the style. It returns false when no
// file holds the field, or holds another value that something changes on the way.
func (l *Locator) Holds(o *Object, p Path) (Place, bool) {
	place, missing, ok := l.Field(o, p)
	if !ok || len(missing) > 0 {
		return Place{}, false
	}
	node := l.node(place)
	if node == nil {
		return Place{}, false
	}
	got, _, err := toJSON(node, newBudget())
	rendered, err2 := fieldAt(o.JSON, p)
	if err != nil || err2 != nil {
		return Place{}, false
	}
	var written any
	return place, json.Unmarshal(got, &written) == nil && reflect.DeepEqual(written, rendered)
}

func (l *Locator) node(place Place) *yaml.Node {
	n := l.load(place.File).documents()[place.Doc]
	for _, s := range place.Path {
		if n, _ = step(n, nil, s); n == nil {
			return nil
		}
	}
	return n
}

// step follows one step of a rendered path in a file's node.
func step(n *yaml.Node, rendered any, s Step) (*yaml.Node, Step) {
	if n == nil {
		return nil, s
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if !s.IsIndex {
		return effective(n, s.Key), s
	}
	if n.Kind != yaml.SequenceNode {
		return nil, s
	}
	name, _ := nameOf(descend(rendered, s))
	if name == "" {
		if s.Index < len(n.Content) {
			return n.Content[s.Index], s
		}
		return nil, s
	}
	if s.Index < len(n.Content) && nodeName(n.Content[s.Index]) == name {
		return n.Content[s.Index], s
	}
	for i, c := range n.Content {
		if nodeName(c) == name {
			return c, Step{Index: i, IsIndex: true}
		}
	}
	return nil, s
}

// effective is the value of a key in a mapping, merge keys included.
func effective(n *yaml.Node, key string) *yaml.Node {
	if v := fieldOf(n, key); v != nil {
		return v
	}
	if n.Kind != yaml.MappingNode {
		return nil
	}
	keys, values, err := flatten(n, 0, newBudget())
	if err != nil {
		return nil
	}
	for i := range keys {
		if keys[i] == key {
			return values[i]
		}
	}
	return nil
}

func nodeName(n *yaml.Node) string {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return scalarAt(n, "name")
}

func nameOf(v any) (string, bool) {
	m, ok := v.(map[string]any)
	if !ok {
		return "", false
	}
	name, ok := m["name"].(string)
	return name, ok
}

func descend(v any, s Step) any {
	switch x := v.(type) {
	case map[string]any:
		return x[s.Key]
	case []any:
		if s.IsIndex && s.Index < len(x) {
			return x[s.Index]
		}
	}
	return nil
}

// Origin says where a field of a rendered object is written, or the closest thing to it that is.
func (l *Locator) Origin(o *Object, p Path) Origin {
	place, missing, ok := l.Field(o, p)
	if !ok {
		return Origin{File: o.File, Line: l.guessLine(o)}
	}
	line, column := l.position(place)
	return Origin{File: place.File, Line: line, Column: column, Exact: len(missing) == 0}
}

// position is where the last step of a place stands: a key, or a list item's first byte.
func (l *Locator) position(place Place) (line, column int) {
	n := l.load(place.File).documents()[place.Doc]
	if n == nil {
		return 0, 0
	}
	line, column = n.Line, n.Column
	for _, s := range place.Path {
		key := keyNode(n, s)
		if n, _ = step(n, nil, s); n == nil {
			return line, column
		}
		if key == nil {
			key = n
		}
		line, column = key.Line, key.Column
	}
	return line, column
}

// keyNode is the key of a mapping that a step names.
func keyNode(n *yaml.Node, s Step) *yaml.Node {
	if s.IsIndex || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == s.Key {
			return n.Content[i]
		}
	}
	return nil
}

// guessLine finds the line of a template that names the object's kind, when only one does.
func (l *Locator) guessLine(o *Object) int {
	if !o.Template {
		return 0
	}
	f := l.load(o.File)
	f.mu.Lock()
	defer f.mu.Unlock()
	line, ok := f.lines[o.Kind]
	if !ok {
		line = onlyLine(f.text, o.Kind)
		f.lines[o.Kind] = line
	}
	return line
}

// onlyLine is the number of the one line that says a kind, 0 when none or more than one does.
func onlyLine(text []byte, kind string) int {
	found, number := 0, 0
	for line := range bytes.Lines(text) {
		number++
		value, ok := bytes.CutPrefix(line, []byte("kind:"))
		if !ok || string(bytes.Trim(bytes.TrimSpace(value), `"'`)) != kind {
			continue
		}
		if found > 0 {
			return 0
		}
		found = number
	}
	return found
}
