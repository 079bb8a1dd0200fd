package render

import (
	"bytes"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// objectOrigin is where an object comes from and what it is called there.
type objectOrigin struct {
	file      string
	ref       ObjectRef
	generated bool
	template  bool
}

// objectIndex holds the origins of all objects that a build can start from.
type objectIndex map[kindName][]objectOrigin

type kindName struct{ kind, name string }

func (x objectIndex) add(o objectOrigin) {
	key := kindName{o.ref.Kind, o.ref.Name}
	if !slices.Contains(x[key], o) {
		x[key] = append(x[key], o)
	}
}

// find gives the origins that an object with this history can have.
func (x objectIndex) find(h krustyHistory) []objectOrigin {
	var out []objectOrigin
	for _, o := range x[kindName{h.first.Kind, h.first.Name}] {
		if o.ref.APIVersion == h.first.ApiVersion() && h.from(o.ref.Namespace) {
			out = append(out, o)
		}
	}
	return out
}

// index collects what the files that krusty has read make.
func (f *treeFS) index() objectIndex {
	x := objectIndex{}
	seen := map[string]bool{}
	for _, r := range f.read {
		if !r.manifest || seen[r.name] {
			continue
		}
		seen[r.name] = true
		refs, ok := scanObjects(r.data)
		if !ok {
			refs = parseObjects(r.data)
		}
		for _, ref := range refs {
			x.add(f.origin(objectOrigin{file: r.name, ref: ref}))
		}
	}
	for _, k := range f.loaded {
		if seen[k.file] {
			continue
		}
		seen[k.file] = true
		for _, g := range k.spec.ConfigMapGenerator {
			x.generated(f.origin(objectOrigin{file: k.file, generated: true}), "ConfigMap", g.Namespace, g.Name, g.Behavior)
		}
		for _, g := range k.spec.SecretGenerator {
			x.generated(f.origin(objectOrigin{file: k.file, generated: true}), "Secret", g.Namespace, g.Name, g.Behavior)
		}
	}
	for _, o := range f.inflated {
		x.add(o)
	}
	return x
}

// generated adds what a generator makes, unless it changes an object that exists already.
func (x objectIndex) generated(by objectOrigin, kind, namespace, name, behavior string) {
	if behavior == "" || behavior == "create" {
		by.ref = ObjectRef{APIVersion: "v1", Kind: kind, Namespace: namespace, Name: name}
		x.add(by)
	}
}

// scanObjects reads the names of a manifest's objects line by line, which costs a small part of parsing. It is not ok
// when the manifest is written in any other than the usual way, in block style with plain names.
func scanObjects(data []byte) (refs []ObjectRef, ok bool) {
	var s objectScan
	for line := range bytes.Lines(data) {
		text := strings.TrimRight(string(line), " \r\n")
		if text == "---" || strings.HasPrefix(text, "--- #") {
			if !s.end() {
				return nil, false
			}
			continue
		}
		if !s.line(text) {
			return nil, false
		}
	}
	return s.refs, s.end()
}

// objectScan is the state of scanObjects within a document.
type objectScan struct {
	refs     []ObjectRef
	ref      ObjectRef
	any      bool // the document holds something
	metadata bool // inside of metadata
	indent   int  // of metadata's fields, 0 before the first
}

// end finishes a document.
func (s *objectScan) end() bool {
	if s.any {
		if s.ref.Kind == "" || s.ref.Name == "" || strings.HasSuffix(s.ref.Kind, "List") {
			return false
		}
		s.refs = append(s.refs, s.ref)
	}
	*s = objectScan{refs: s.refs}
	return true
}

func (s *objectScan) line(text string) bool {
	body := strings.TrimLeft(text, " ")
	if body == "" || body[0] == '#' {
		return true
	}
	indent := len(text) - len(body)
	switch {
	case indent == 0:
		return s.field(body)
	case !s.metadata:
		return s.any
	case s.indent == 0:
		s.indent = indent
	}
	if indent != s.indent {
		return indent > s.indent
	}
	key, value, found := strings.Cut(body, ":")
	switch {
	case !found:
		return false
	case key == "name":
		return plainName(value, &s.ref.Name)
	case key == "namespace":
		return plainName(value, &s.ref.Namespace)
	}
	return key != "<<" && isWord(key)
}

// field takes a line that is not indented.
func (s *objectScan) field(body string) bool {
	if s.any && (body[0] == '-' || body[0] == '}' || body[0] == ']') {
		return body[0] == '-' && strings.HasPrefix(body, "- ") && !s.metadata
	}
	key, value, found := strings.Cut(body, ":")
	if !found || !isWord(key) {
		return false
	}
	s.any, s.metadata = true, false
	switch key {
	case "apiVersion":
		return plainName(value, &s.ref.APIVersion)
	case "kind":
		return plainName(value, &s.ref.Kind)
	case "metadata":
		s.metadata = true
		value = strings.TrimLeft(value, " ")
		return value == "" || value[0] == '#'
	}
	return true
}

// plainName reads a value that is one word, with quotes or without.
func plainName(value string, into *string) bool {
	value, _, _ = strings.Cut(value, " #")
	value = strings.TrimSpace(value)
	if n := len(value); n > 1 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
		value = value[1 : n-1]
	}
	*into = value
	return value != "" && isWord(value)
}

// isWord reports whether s consists of the characters of names, keys and API versions.
func isWord(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._/", c) >= 0 {
			continue
		}
		return false
	}
	return s != ""
}

// parseObjects reads the names of a manifest's objects, those in Lists too.
func parseObjects(data []byte) []ObjectRef {
	var out []ObjectRef
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		if err := dec.Decode(&doc); err != nil {
			return out
		}
		eachObject(yaml.NewRNode(&doc), 0, func(o *yaml.RNode) {
			out = append(out, ObjectRef{o.GetApiVersion(), o.GetKind(), o.GetNamespace(), o.GetName()})
		})
	}
}

// eachObject calls f with a document, and with the items of a List instead of the List.
func eachObject(n *yaml.RNode, depth int, f func(*yaml.RNode)) {
	if n.YNode() == nil || n.YNode().Kind != yaml.MappingNode || depth > maxListDepth {
		return
	}
	items := n.Field("items")
	if items == nil || items.Value.YNode().Kind != yaml.SequenceNode || !strings.HasSuffix(n.GetKind(), "List") {
		f(n)
		return
	}
	for _, item := range items.Value.Content() {
		eachObject(yaml.NewRNode(item), depth+1, f)
	}
}
