package render

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// blockScalar reads a value that starts in the current line and goes to the line after it.
func (r *blockReader) blockScalar(text []byte, indent, depth int) bool {
	switch c := text[0]; c {
	case '"', '\'':
		return r.quotedLines(text, indent)
	case '|', '>':
		return r.literal(text[1:], indent, c == '>')
	case '{', '[':
		return r.flow(text, depth)
	}
	if plainStart(text) {
		return r.plainLines(text, indent)
	}
	return false
}

// plainLines reads a plain scalar that may go on in the lines that follow.
func (r *blockReader) plainLines(text []byte, indent int) bool {
	n := plainEnd(text)
	whole := n == len(text)
	if !whole && text[n] == ':' {
		return false
	}
	text = bytes.TrimRight(text[:n], " ")
	line := r.line
	if r.next(); r.indent <= indent {
		return r.plain(string(text))
	}
	folded := append(make([]byte, 0, 4*len(text)), text...)
	for r.indent > indent {
		if whole = whole && !r.commented && plainEnd(r.text) == len(r.text); !whole {
			return false
		}
		folded = append(fold(folded, r.line-line), r.text...)
		line = r.line
		r.next()
	}
	return r.plain(string(folded))
}

// quotedLines reads a quoted scalar that may go on in the lines that follow.
func (r *blockReader) quotedLines(text []byte, indent int) bool {
	cut := cutSingle
	if text[0] == '"' {
		cut = cutDouble
	}
	var folded []byte
	for text = text[1:]; ; text = r.text {
		var rest []byte
		var how quoteEnd
		folded, rest, how = cut(folded, text)
		switch {
		case how == quoteClosed:
			writeString(&r.out, string(folded))
			r.next()
			return onlyComment(rest)
		case how == quoteUnknown, how == quoteJoined && r.spaced: // a space that is escaped
			return false
		}
		line := r.line
		if r.next(); r.indent <= indent || r.commented || how == quoteJoined && r.line > line+1 {
			return false
		}
		if how == quoteOpen {
			folded = fold(folded, r.line-line)
		}
	}
}

// quoteEnd is how a line of a quoted scalar ends.
type quoteEnd int

const (
	quoteUnknown quoteEnd = iota
	quoteClosed           // by a quote
	quoteOpen             // the scalar goes on in the next line
	quoteJoined           // it goes on there as if there were no line break
)

// cutSingle adds what a line holds of a scalar in single quotes.
func cutSingle(out, text []byte) (s, rest []byte, how quoteEnd) {
	for {
		n := bytes.IndexByte(text, '\'')
		if n < 0 {
			return append(out, text...), nil, quoteOpen
		}
		out, text = append(out, text[:n]...), text[n+1:]
		if len(text) == 0 || text[0] != '\'' {
			return out, text, quoteClosed
		}
		out, text = append(out, '\''), text[1:]
	}
}

// cutDouble adds what a line holds of a scalar in double quotes.
func cutDouble(out, text []byte) (s, rest []byte, how quoteEnd) {
	for {
		n := bytes.IndexAny(text, `"\`)
		if n < 0 {
			return append(out, text...), nil, quoteOpen
		}
		out = append(out, text[:n]...)
		if text[n] == '"' {
			return out, text[n+1:], quoteClosed
		}
		if text = text[n+1:]; len(text) == 0 {
			return out, nil, quoteJoined
		}
		switch c := text[0]; c {
		case 'n':
			out = append(out, '\n')
		case 't':
			out = append(out, '\t')
		case '"', '\\', ' ':
			out = append(out, c)
		default:
			return out, nil, quoteUnknown
		}
		text = text[1:]
	}
}

// fold adds what so many line breaks within a scalar mean.
func fold(text []byte, breaks int) []byte {
	if breaks == 1 {
		return append(text, ' ')
	}
	for range breaks - 1 {
		text = append(text, '\n')
	}
	return text
}

// onlyComment reports whether nothing but a comment follows a value.
func onlyComment(rest []byte) bool {
	text := bytes.TrimLeft(rest, " ")
	return len(text) == 0 || text[0] == '#' && len(text) < len(rest)
}

// plain writes a plain scalar.
func (r *blockReader) plain(text string) bool {
	switch {
	case isDecimal(text):
		r.out.WriteString(text)
		return true
	case startsWord(text):
		writeString(&r.out, text)
		return true
	}
	return r.scalar(&yaml.Node{Kind: yaml.ScalarNode, Value: text}) == nil
}

// isDecimal reports whether a scalar is a whole number as JSON writes it, too.
func isDecimal(text string) bool {
	if len(text) > 1 && text[0] == '0' || len(text) > 18 {
		return false
	}
	for i := range len(text) {
		if c := text[i]; c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// flow writes an empty mapping or list, or a list of quoted scalars and words, in one line.
func (r *blockReader) flow(text []byte, depth int) bool {
	if text[0] == '{' {
		rest, ok := bytes.CutPrefix(bytes.TrimLeft(text[1:], " "), []byte("}"))
		r.out.WriteString("{}")
		r.next()
		return ok && onlyComment(rest)
	}
	r.out.WriteByte('[')
	text = bytes.TrimLeft(text[1:], " ")
	for first := true; len(text) > 0 && (!first || text[0] != ']'); first = false {
		if !first {
			if text[0] == ']' {
				break
			}
			r.out.WriteByte(',')
		}
		rest, ok := r.flowItem(text)
		if !ok || !r.count(depth+1) {
			return false
		}
		if text = bytes.TrimLeft(rest, " "); len(text) > 0 && text[0] == ',' {
			if text = bytes.TrimLeft(text[1:], " "); len(text) == 0 || text[0] == ']' {
				return false
			}
		} else if len(text) == 0 || text[0] != ']' {
			return false
		}
	}
	if len(text) == 0 {
		return false
	}
	r.out.WriteByte(']')
	r.next()
	return onlyComment(text[1:])
}

// flowItem writes one item of a list in one line.
func (r *blockReader) flowItem(text []byte) (rest []byte, ok bool) {
	if text[0] == '"' || text[0] == '\'' {
		s, rest, ok := cutQuoted(text)
		writeString(&r.out, s)
		return rest, ok
	}
	n := 0
	for n < len(text) && isWordByte(text[n]) {
		n++
	}
	return text[n:], n > 0 && plainStart(text[:n]) && r.plain(string(text[:n]))
}

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("._/-", c) >= 0
}

// literal writes a literal or folded block; header is what follows its bar.
func (r *blockReader) literal(header []byte, indent int, folded bool) bool {
	chomp := byte(0)
	if len(header) > 0 && (header[0] == '-' || header[0] == '+') {
		chomp, header = header[0], header[1:]
	}
	if !onlyComment(header) || r.data[len(r.data)-1] != '\n' {
		return false
	}
	in, breaks, any, started := 0, 0, false, false
	r.out.WriteByte('"')
	for r.after < len(r.data) {
		rest := r.data[r.after:]
		text := rest[:bytes.IndexByte(rest, '\n')]
		spaces := 0
		for spaces < len(text) && text[spaces] == ' ' {
			spaces++
		}
		blank := spaces == len(text)
		switch {
		case !any && !blank:
			if in = spaces; in <= indent {
				return false
			}
			any = true
		case !any && spaces > 0:
			return false // how deep is the block?
		case any && !blank && spaces < in:
			return r.chomp(chomp, breaks)
		}
		r.after += len(text) + 1
		r.below++
		if !blank || any && spaces > in {
			if folded && (spaces > in || started != (breaks > 0)) {
				return false // folds in ways of its own
			}
			r.breaks(breaks, folded)
			breaks, started = 0, true
			escapeJSON(&r.out, text[in:])
		}
		breaks++
	}
	return any && r.chomp(chomp, breaks)
}

// chomp ends a block that so many line breaks follow.
func (r *blockReader) chomp(how byte, breaks int) bool {
	switch how {
	case '-':
		breaks = 0
	case 0:
		breaks = 1
	}
	r.breaks(breaks, false)
	r.out.WriteByte('"')
	r.next()
	return true
}

// breaks writes line breaks of a scalar.
func (r *blockReader) breaks(n int, folded bool) {
	switch {
	case folded && n == 1:
		r.out.WriteByte(' ')
		return
	case folded:
		n--
	}
	for range n {
		r.out.WriteString(`\n`)
	}
}

// plainStart reports whether a line starts with a plain scalar, and in a way that needs no closer look.
func plainStart(text []byte) bool {
	switch c := text[0]; {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c >= utf8.RuneSelf:
		return true
	case c == '-':
		return len(text) > 1 && text[1] != ' ' && !bytes.HasPrefix(text, []byte("---"))
	default:
		return strings.IndexByte(`/._(<=;^+$\~`, c) >= 0
	}
}

// plainEnd is where the part of a plain scalar ends that stands in a line: before a colon that makes it a key, before a
// comment or at the end.
func plainEnd(text []byte) int {
	for i, c := range text {
		switch {
		case c == ':' && (i+1 == len(text) || text[i+1] == ' '), c == '#' && i > 0 && text[i-1] == ' ':
			return i
		}
	}
	return len(text)
}

// cutQuoted cuts a quoted scalar off a line, when it ends there.
func cutQuoted(text []byte) (s string, rest []byte, ok bool) {
	cut := cutSingle
	if text[0] == '"' {
		cut = cutDouble
	}
	out, rest, how := cut(nil, text[1:])
	return string(out), rest, how == quoteClosed
}
