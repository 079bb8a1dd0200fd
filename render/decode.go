package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// document is one YAML or JSON document of a manifest.
type document struct {
	index  int // among all documents of the file, empty ones included
	node   *yaml.Node
	line   int     // where its value starts, from 1; 0 when nobody noted it
	stream *stream // what it was read from, when node is nil
	json   []byte  // as a cluster's client would read it; nil when the document is empty
	head   []byte  // json with no more than apiVersion, kind, metadata and items at the top; nil when nobody made it
}

// decode reads all documents of a manifest. YAML is read as kubectl, Helm and Argo CD hand it to the API server
// (sigs.k8s.io/yaml: YAML 1.1 booleans, the last of duplicate keys wins), JSON documents may follow one another. With an
// error come the documents before it.
func decode(file string, data []byte, b *budget) ([]document, error) {
	if strings.HasSuffix(file, ".json") || looksLikeJSON(data) {
		docs, err := decodeJSON(data, b)
		if err == nil {
			return docs, nil
		}
		if err.File = file; err.Limit || strings.HasSuffix(file, ".json") {
			return nil, err
		}
	}
	if docs, ok := decodeBlock(data, b); ok {
		return docs, nil
	}
	return decodeYAML(file, data, b)
}

// decodeYAML reads YAML of any kind.
func decodeYAML(file string, data []byte, b *budget) ([]document, error) {
	var docs []document
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for i := 0; ; i++ {
		var n yaml.Node
		err := dec.Decode(&n)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err == nil {
			err = b.document()
		} else {
			err = yamlError(file, err)
		}
		d := document{index: i, node: &n}
		if len(n.Content) > 0 {
			d.line = n.Content[0].Line
		}
		if err == nil {
			d.json, d.head, err = toJSON(&n, b)
		}
		if err != nil {
			return docs, withFile(err, file)
		}
		docs = append(docs, d)
	}
}

// stream is what documents were read from that have no nodes.
type stream struct {
	data []byte

	once  sync.Once
	nodes []*yaml.Node
}

// tree is the document's node, nil when it was JSON.
func (d document) tree() *yaml.Node {
	if d.node != nil || d.stream == nil {
		return d.node
	}
	d.stream.once.Do(func() {
		dec := yaml.NewDecoder(bytes.NewReader(d.stream.data))
		for {
			var n yaml.Node
			if dec.Decode(&n) != nil {
				return
			}
			d.stream.nodes = append(d.stream.nodes, &n)
		}
	})
	if d.index < len(d.stream.nodes) {
		return d.stream.nodes[d.index]
	}
	return nil
}

func looksLikeJSON(data []byte) bool {
	data = bytes.TrimLeft(data, " \t\r\n")
	return len(data) > 0 && data[0] == '{'
}

func decodeJSON(data []byte, b *budget) ([]document, *Error) {
	var docs []document
	dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
	for i := 0; ; i++ {
		var raw json.RawMessage
		err := dec.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			at := int(min(dec.InputOffset(), int64(len(data))))
			var se *json.SyntaxError
			if errors.As(err, &se) {
				at = int(min(se.Offset, int64(len(data))))
			}
			line := bytes.Count(data[:at], []byte("\n")) + 1
			if err.Error() == "exceeded max depth" {
				return nil, b.tooDeep(line)
			}
			return nil, &Error{Line: line, Msg: err.Error(), Hint: "expected JSON"}
		}
		if err := errors.Join(b.document(), b.weigh(raw)); err != nil {
			return nil, asError(err, Source{})
		}
		docs = append(docs, document{index: i, json: raw})
	}
}

// weigh counts the values of valid JSON and looks at its nesting.
func (b *budget) weigh(raw []byte) error {
	depth, quoted := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			b.nodes--
			if depth++; depth > b.depth {
				return b.tooDeep(0)
			}
		case c == '}' || c == ']':
			depth--
		case c == ',':
			b.nodes--
		}
		if b.nodes < 0 {
			return b.tooMany(0)
		}
	}
	return nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:unmarshal errors:\s+)?line (\d+): `)

// yamlError turns the parser's message into file, line and cause.
func yamlError(file string, err error) *Error {
	msg := err.Error()
	e := &Error{File: file, Msg: strings.TrimPrefix(msg, "yaml: "), Hint: "expected YAML"}
	if m := yamlLine.FindStringSubmatch(msg); m != nil {
		e.Line, _ = strconv.Atoi(m[1])
		e.Msg = msg[len(m[0]):]
		if parserFault.MatchString(e.Msg) {
			e.Line++
		}
	}
	if strings.Contains(msg, "exceeded max depth") {
		e.Msg, e.Limit, e.Hint = "nested deeper than 10000 levels", true, "no Kubernetes object is: look for what builds it"
	}
	return e
}

// YAMLError is an error of kyaml's parser, or of one that is made of it, as it is told of a file: with its line, and without
// what it quotes of the file's values.
func YAMLError(file string, err error) *Error {
	e := yamlError(file, err)
	e.Msg = withoutContents(e.Msg)
	return e
}

// parserFault matches the messages of yaml.v3's parser (parserc.go), whose lines count from 0 while the scanner's count
// from 1 (see fail in its decode.go).
var parserFault = regexp.MustCompile(`^(did not find expected|found duplicate %|found incompatible YAML|found undefined tag)`)

func withFile(err error, file string) error {
	var e *Error
	if errors.As(err, &e) && e.File == "" {
		out := *e
		out.File = file
		return &out
	}
	return err
}
