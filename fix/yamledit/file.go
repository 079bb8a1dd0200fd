package yamledit

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// File is a parsed YAML or JSON file. It is read-only and can be used from several goroutines.
type File struct {
	data []byte
	ix   lineIndex
	docs []*document
}

// document is one document of a file.
type document struct {
	root       *node // nil when the document is empty
	null       *node // what an empty document is written as, nil when it is not written at all
	start, end int   // its bytes between the separators; -1 when these could not be told apart
}

// Parse reads a file of any number of documents. Documents are numbered from 0 as they stand in the file, empty ones
// included; a file with no document at all (nothing in it, or only comments) counts as one empty document.
//
// What cannot be edited safely is a *RefusedError with the line: a file that kyaml cannot parse, UTF-16, duplicate keys,
// an anchor that contains itself.
func Parse(data []byte) (*File, error) {
	if bytes.HasPrefix(data, []byte{0xFF, 0xFE}) || bytes.HasPrefix(data, []byte{0xFE, 0xFF}) {
		return nil, &RefusedError{Line: 1, Reason: "UTF-16 text: only UTF-8 can be edited"}
	}
	roots, err := decode(data)
	if err != nil {
		return nil, err
	}
	f := &File{data: data, ix: indexLines(data)}
	spans := f.documentSpans(len(roots))
	b := &builder{data: data, ix: &f.ix, at: cursor{ix: &f.ix}}
	for i, y := range roots {
		d := spans[i]
		if err := check(y); err != nil {
			return nil, err
		}
		if n := b.build(y, nil, -1); y.Kind == yaml.ScalarNode && y.ShortTag() == yaml.NodeTagNull {
			d.null = n
		} else {
			d.root = n
		}
		f.docs = append(f.docs, d)
	}
	if len(roots) == 0 {
		f.docs = spans[:1]
	}
	return f, nil
}

// decode returns the root of each document. kyaml's parser panics on some malformed input.
func decode(data []byte) (roots []*yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			roots, err = nil, &RefusedError{Line: 1, Reason: fmt.Sprintf("the YAML parser failed: %v", r)}
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		if err := dec.Decode(&doc); err == io.EOF {
			return roots, nil
		} else if err != nil {
			return nil, syntaxError(err)
		}
		if len(doc.Content) != 1 {
			return nil, &RefusedError{Line: doc.Line, Reason: "a document without a root"}
		}
		roots = append(roots, doc.Content[0])
	}
}

// syntaxError takes the line out of one of kyaml's messages. It names none for the first line.
func syntaxError(err error) error {
	e := &RefusedError{Line: 1, Reason: strings.TrimPrefix(err.Error(), "yaml: ")}
	if text, ok := strings.CutPrefix(e.Reason, "line "); ok {
		number, reason, _ := strings.Cut(text, ": ")
		if line, err := strconv.Atoi(number); err == nil {
			e.Line, e.Reason = line, reason
		}
	}
	return e
}

// Len is the number of documents, empty ones included; at least 1.
func (f *File) Len() int { return len(f.docs) }

// Root is the root node of a document; nil when the document is empty (or null), or there is none of that number.
// The node belongs to the File: copy it before changing it.
func (f *File) Root(doc int) *yaml.Node {
	if d := f.doc(doc); d != nil && d.root != nil {
		return d.root.y
	}
	return nil
}

func (f *File) doc(i int) *document {
	if i < 0 || i >= len(f.docs) {
		return nil
	}
	return f.docs[i]
}

// documentSpans finds the bytes of each document between its separators. A "---" or "..." at the start of a line is
// always a separator: kyaml accepts it in no scalar. When the separators do not explain n documents, the spans are empty.
func (f *File) documentSpans(n int) []*document {
	var docs []*document
	open := &document{start: bomLen(f.data)}
	explicit := false
	finish := func(end int) {
		if explicit || hasContent(f.data[open.start:end]) {
			open.end = end
			docs = append(docs, open)
			open = &document{start: end}
		}
	}
	for _, at := range f.ix.starts {
		marker := separator(f.data, at)
		if marker == "" {
			continue
		}
		finish(at)
		next := f.ix.next(at)
		if marker == "---" {
			open.start, explicit = at+3, true
			if after := skipBlanks(f.data, at+3); after == f.ix.end(at) || f.data[after] == '#' {
				open.start = next
			}
		} else {
			open = &document{start: next}
			explicit = false
		}
	}
	finish(len(f.data))
	if n == 0 {
		return []*document{{start: bomLen(f.data), end: len(f.data)}}
	}
	if len(docs) != n {
		docs = docs[:0]
		for range n {
			docs = append(docs, &document{start: -1, end: -1})
		}
	}
	return docs
}

// separator is the document marker on the line that starts at i, or "".
func separator(data []byte, i int) string {
	if i+3 > len(data) || !isSpace(data, i+3) {
		return ""
	}
	if m := string(data[i : i+3]); m == "---" || m == "..." {
		return m
	}
	return ""
}

// hasContent reports whether there is more than comments, blank lines and directives.
func hasContent(data []byte) bool {
	for i := skipSpace(data, 0); i < len(data); i = skipSpace(data, skipComment(data, i)) {
		if data[i] != '%' {
			return true
		}
	}
	return false
}

// check refuses trees that have no one reading: duplicate keys, anchors that contain themselves.
func check(root *yaml.Node) error {
	open := map[*yaml.Node]bool{}
	var walk func(n *yaml.Node) error
	walk = func(n *yaml.Node) error {
		if n.Kind == yaml.AliasNode {
			if open[n.Alias] {
				return &RefusedError{Line: n.Line, Reason: "the anchor &" + n.Value + " contains itself"}
			}
			return nil
		}
		if n.Kind == yaml.MappingNode {
			if err := uniqueKeys(n); err != nil {
				return err
			}
		}
		if n.Anchor != "" {
			open[n] = true
			defer delete(open, n)
		}
		for _, c := range n.Content {
			if err := walk(c); err != nil {
				return err
			}
		}
		return nil
	}
	return walk(root)
}

func uniqueKeys(n *yaml.Node) error {
	lines := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := resolve(n.Content[i])
		if k.Kind != yaml.ScalarNode {
			continue
		}
		if first, ok := lines[k.Value]; ok {
			reason := fmt.Sprintf("key %q is already defined at line %d", k.Value, first)
			return &RefusedError{Line: n.Content[i].Line, Reason: reason}
		}
		lines[k.Value] = n.Content[i].Line
	}
	return nil
}

// resolve follows an alias to the node it stands for.
func resolve(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}
