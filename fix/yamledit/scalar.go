package yamledit

import (
	"bytes"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// scalar finds where a scalar ends, and checks that the bytes read as its value.
func (b *builder) scalar(n *node, indent int) {
	if !n.known {
		return
	}
	text := n.body
	if n.body > n.start {
		text = skipSpace(b.data, n.body)
	}
	style := n.y.Style &^ (yaml.TaggedStyle | yaml.FlowStyle)
	switch {
	case style == 0 && n.y.Value == "":
		return // nothing is written: it ends where its properties do
	case style == 0:
		n.end, n.known = plainEnd(b.data, text, n.y.Value)
	case style&yaml.DoubleQuotedStyle != 0:
		n.end, n.known = quotedEnd(b.data, text, '"')
	case style&yaml.SingleQuotedStyle != 0:
		n.end, n.known = quotedEnd(b.data, text, '\'')
	default:
		n.body = text
		b.blockScalar(n, indent)
		return
	}
	n.body = text
}

// quotedEnd is one past the closing quote of the scalar that opens at i.
func quotedEnd(data []byte, i int, quote byte) (int, bool) {
	if i >= len(data) || data[i] != quote {
		return i, false
	}
	for i++; i < len(data); i++ {
		switch {
		case data[i] == '\\' && quote == '"':
			i++
		case data[i] == quote && quote == '\'' && i+1 < len(data) && data[i+1] == quote:
			i++
		case data[i] == quote:
			return i + 1, true
		}
	}
	return i, false
}

// plainEnd reads value at i, which may be folded over several lines, and says where it ends.
func plainEnd(data []byte, i int, value string) (int, bool) {
	if bytes.HasPrefix(data[min(i, len(data)):], []byte(value)) {
		return i + len(value), true
	}
	for v := 0; v < len(value); {
		if i >= len(data) {
			return i, false
		}
		if after := skipFold(data, i); after > i {
			next := skipFoldedValue(value, v)
			if next == v {
				return i, false
			}
			i, v = after, next
			continue
		}
		if data[i] != value[v] {
			return i, false
		}
		i, v = i+1, v+1
	}
	return i, true
}

// skipFold goes over blanks and line breaks when there is at least one break among them; otherwise it stays at i.
func skipFold(data []byte, i int) int {
	broken := false
	at := i
	for at < len(data) {
		if w := breakWidth(data, at); w > 0 {
			broken = true
			at += w
		} else if data[at] == ' ' || data[at] == '\t' {
			at++
		} else {
			break
		}
	}
	if !broken {
		return i
	}
	return at
}

// skipFoldedValue goes over what a fold left in the value: a space, or breaks.
func skipFoldedValue(value string, v int) int {
	for v < len(value) {
		if value[v] == ' ' || value[v] == '\n' {
			v++
		} else if w := breakWidth([]byte(value[v:min(v+3, len(value))]), 0); w > 0 {
			v += w
		} else {
			break
		}
	}
	return v
}

// blockScalar finds the last line of a literal or folded scalar, by its indentation.
func (b *builder) blockScalar(n *node, indent int) {
	i := n.body
	if i >= len(b.data) || b.data[i] != '|' && b.data[i] != '>' {
		n.known = false
		return
	}
	content := 0
	for i++; i < len(b.data) && (b.data[i] == '+' || b.data[i] == '-' || b.data[i] >= '0' && b.data[i] <= '9'); i++ {
		if b.data[i] >= '1' && b.data[i] <= '9' {
			content = max(indent, 0) + int(b.data[i]-'0')
		}
	}
	n.head, n.end = i, i
	if content == 0 {
		content = max(b.contentIndent(b.ix.next(i)), indent+1, 1)
	}
	for at := b.ix.next(i); at < len(b.data); at = b.ix.next(at) {
		spaces := min(b.ix.indent(at), content)
		text := at+spaces < len(b.data) && breakWidth(b.data, at+spaces) == 0
		if text && spaces < content {
			return
		}
		if text {
			n.end = b.ix.end(at)
		}
	}
}

// contentIndent is the indentation of a block scalar's first line of text, found from its first line on.
func (b *builder) contentIndent(at int) int {
	widest := 0
	for ; at < len(b.data); at = b.ix.next(at) {
		spaces := b.ix.indent(at)
		widest = max(widest, spaces)
		if at+spaces < len(b.data) && breakWidth(b.data, at+spaces) == 0 {
			break
		}
	}
	return widest
}
