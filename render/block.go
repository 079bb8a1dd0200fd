package render

import (
	"bytes"
	"unicode/utf8"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// decodeBlock reads the YAML that nearly all manifests are written in: block mappings and lists of keys and values on lines
// of their own, plain and quoted scalars, literal blocks. It gives what decodeYAML gives, in a tenth of the time, or ok is
// false: at the first sign of anything that it does not know for certain (anchors, tags, escapes, folding, tabs, a key
// twice, a mistake) it leaves the whole to decodeYAML, errors included. FuzzDecodeBlock holds the two against each other.
func decodeBlock(data []byte, b *budget) (docs []document, ok bool) {
	if !plainText(data) {
		return nil, false
	}
	spent := *b
	r := blockReader{stream: &stream{data: data}, jsonWriter: jsonWriter{budget: &spent}}
	for r.next(); !r.over(); {
		d, ok := r.document(len(docs))
		if !ok {
			return nil, false
		}
		docs = append(docs, d)
	}
	*b = spent
	return docs, true
}

// plainText reports whether data is text in which lines end where line feeds are and columns are what they seem to be.
// What else is a line break to YAML, a byte order mark or no character to it (yaml.v3 readerc.go) is none here.
func plainText(data []byte) bool {
	for i := 0; i < len(data); {
		c := data[i]
		switch {
		case c >= 0x20 && c < 0x7f || c == '\n':
			i++
			continue
		case c < utf8.RuneSelf:
			return false
		}
		x, size := utf8.DecodeRune(data[i:])
		if x == utf8.RuneError || x < 0xa0 || x == 0x2028 || x == 0x2029 || x == 0xfeff || x == 0xfffe || x == 0xffff {
			return false
		}
		i += size
	}
	return true
}

// blockReader goes through a stream of documents line by line. Its current line is the first that holds more than a comment;
// of a list item, a mapping's first key is a line that begins where the key does.
type blockReader struct {
	*stream
	jsonWriter          // of the current document
	keys       []string // of all mappings that are open

	text   []byte // of the current line, without indentation and spaces at its end
	indent int    // of the current line, -1 at the end
	line   int    // its number, from 1
	after  int    // where the line after it starts
	below  int    // that line's number

	spaced    bool // spaces were cut from its end
	commented bool // comments were passed over on the way to the current line
}

// document reads the document that starts at the current line, which is a separator or the first line of a document without.
func (r *blockReader) document(index int) (d document, ok bool) {
	d = document{index: index, stream: r.stream}
	if r.separator() {
		if !onlyComment(r.text[3:]) {
			return d, false
		}
		r.next()
	}
	if err := r.budget.document(); err != nil {
		return d, false
	}
	if r.over() || r.separator() {
		return d, true // no value is written as none
	}
	d.line = r.line
	r.jsonWriter, r.keys = jsonWriter{budget: r.budget}, r.keys[:0]
	if r.indent != 0 || !r.block(0, 0) || !r.over() && !r.separator() {
		return d, false
	}
	d.json, d.head = r.jsonWriter.end()
	return d, true
}

func (r *blockReader) over() bool { return r.indent < 0 }

// separator reports whether the current line starts a document, or ends the mapping at its column because it seems to.
func (r *blockReader) separator() bool {
	return r.indent == 0 && bytes.HasPrefix(r.text, []byte("---"))
}

// next goes to the next line that holds more than a comment.
func (r *blockReader) next() {
	r.commented = false
	for line := max(r.below, 1); r.after < len(r.data); line++ {
		rest := r.data[r.after:]
		n := bytes.IndexByte(rest, '\n')
		if n < 0 {
			n = len(rest)
		}
		r.after = min(r.after+n+1, len(r.data))
		text := rest[:n]
		in := 0
		for in < n && text[in] == ' ' {
			in++
		}
		if in == n || text[in] == '#' {
			r.commented = r.commented || in < n
			continue
		}
		r.text, r.indent, r.line, r.below = bytes.TrimRight(text[in:], " "), in, line, line+1
		r.spaced = len(r.text) < n-in
		return
	}
	r.text, r.indent = nil, -1
}

// count takes one value from the budget.
func (r *blockReader) count(depth int) bool {
	r.budget.nodes--
	return r.budget.nodes >= 0 && depth <= r.budget.depth
}

// block reads the mapping whose first key is the current line.
func (r *blockReader) block(indent, depth int) bool {
	if !r.count(depth) {
		return false
	}
	mine := len(r.keys)
	r.out.WriteByte('{')
	for r.indent == indent && !(indent == 0 && r.separator()) {
		key, rest, ok := cutKey(r.text)
		if !ok || !r.put(mine, key) || indent == 0 && bytes.HasPrefix(r.text, []byte("...")) { // may end the document
			return false
		}
		from := r.out.Len()
		if len(r.keys) > mine+1 {
			r.out.WriteByte(',')
			from++
		}
		writeString(&r.out, key)
		r.out.WriteByte(':')
		if !r.value(rest, indent, depth+1, true) {
			return false
		}
		if depth == 0 {
			r.field(key, from)
		}
	}
	r.out.WriteByte('}')
	r.keys = r.keys[:mine]
	return r.indent < indent || r.separator()
}

// maxBlockKeys bounds the keys of a mapping: each is compared with all others.
const maxBlockKeys = 256

// put notes a key of the mapping whose keys start at mine, and reports whether it is new.
func (r *blockReader) put(mine int, key string) bool {
	for _, k := range r.keys[mine:] {
		if k == key {
			return false
		}
	}
	r.keys = append(r.keys, key)
	return len(r.keys)-mine <= maxBlockKeys
}

// value reads what follows a key or a dash in the column indent; text is the rest of its line. A list may stand in a key's
// own column.
func (r *blockReader) value(text []byte, indent, depth int, ofKey bool) bool {
	if len(text) > 0 && text[0] != '#' {
		return r.count(depth) && r.blockScalar(text, indent, depth) && r.indent <= indent
	}
	r.next()
	item := isItem(r.text)
	switch {
	case r.indent > indent && item, r.indent == indent && item && ofKey:
		return r.list(r.indent, depth)
	case r.indent > indent:
		return r.block(r.indent, depth)
	}
	r.out.WriteString("null")
	return r.count(depth)
}

func isItem(text []byte) bool {
	return len(text) > 0 && text[0] == '-' && (len(text) == 1 || text[1] == ' ')
}

// list reads the list whose first item is the current line.
func (r *blockReader) list(indent, depth int) bool {
	if !r.count(depth) {
		return false
	}
	r.out.WriteByte('[')
	for first := true; r.indent == indent && isItem(r.text); first = false {
		if !first {
			r.out.WriteByte(',')
		}
		rest := bytes.TrimLeft(r.text[1:], " ")
		column := indent + len(r.text) - len(rest)
		ok := false
		switch {
		case len(rest) == 0 || rest[0] == '#':
			ok = r.value(nil, indent, depth+1, false)
		case isItem(rest):
			r.text, r.indent = rest, column
			ok = r.list(column, depth+1)
		case hasKey(rest):
			r.text, r.indent = rest, column
			ok = r.block(column, depth+1)
		default:
			ok = r.value(rest, indent, depth+1, false)
		}
		if !ok {
			return false
		}
	}
	r.out.WriteByte(']')
	return r.indent <= indent
}

func hasKey(text []byte) bool {
	_, _, ok := cutKey(text)
	return ok
}

// maxBlockKey bounds a key's length; YAML has a bound of its own, of 1024 characters.
const maxBlockKey = 512

// cutKey cuts a key and its colon off a line, with the spaces that follow.
func cutKey(text []byte) (key string, rest []byte, ok bool) {
	n := 0
	if text[0] == '"' || text[0] == '\'' {
		s, after, ok := cutQuoted(text)
		if n = len(text) - len(after); !ok || n > maxBlockKey || len(after) == 0 || after[0] != ':' {
			return "", nil, false
		}
		key, n = s, n+1
	} else {
		n = plainEnd(text)
		if !plainStart(text) || n > maxBlockKey || n == len(text) || text[n] != ':' || text[n-1] == ' ' {
			return "", nil, false
		}
		if key = string(text[:n]); key == "<<" {
			return "", nil, false
		}
		if !startsWord(key) {
			key = keyString(&yaml.Node{Kind: yaml.ScalarNode, Value: key})
		}
		n++
	}
	rest = bytes.TrimLeft(text[n:], " ")
	return key, rest, len(rest) < len(text)-n || len(rest) == 0
}
