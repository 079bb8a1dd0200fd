package yamledit

import (
	"sort"
	"unicode/utf8"
)

// lineIndex finds byte offsets by line. Lines break where kyaml's scanner breaks them: at LF, CRLF, CR, NEL (U+0085),
// LS (U+2028) and PS (U+2029).
type lineIndex struct {
	data   []byte
	starts []int // offset of each line's first byte; a byte order mark is before the first
}

func indexLines(data []byte) lineIndex {
	ix := lineIndex{data: data, starts: []int{bomLen(data)}}
	for i := ix.starts[0]; i < len(data); {
		if w := breakWidth(data, i); w > 0 {
			i += w
			ix.starts = append(ix.starts, i)
			continue
		}
		i++
	}
	return ix
}

func bomLen(data []byte) int {
	if len(data) >= 3 && data[0] == 0xEF && data[1] == 0xBB && data[2] == 0xBF {
		return 3
	}
	return 0
}

// breakWidth is the length of the line break at offset i, 0 when there is none.
func breakWidth(data []byte, i int) int {
	if i >= len(data) {
		return 0
	}
	switch data[i] {
	case '\n':
		return 1
	case '\r':
		if i+1 < len(data) && data[i+1] == '\n' {
			return 2
		}
		return 1
	case 0xC2:
		if i+1 < len(data) && data[i+1] == 0x85 {
			return 2
		}
	case 0xE2:
		if i+2 < len(data) && data[i+1] == 0x80 && (data[i+2] == 0xA8 || data[i+2] == 0xA9) {
			return 3
		}
	}
	return 0
}

// of is the 0-based line that holds offset off.
func (ix *lineIndex) of(off int) int {
	return max(sort.SearchInts(ix.starts, off+1)-1, 0)
}

// start is where the line of off begins.
func (ix *lineIndex) start(off int) int { return ix.starts[ix.of(off)] }

// end is where the line of off ends, its break not included.
func (ix *lineIndex) end(off int) int {
	next := ix.next(off)
	for _, w := range []int{1, 2, 3} {
		if at := next - w; at >= off && breakWidth(ix.data, at) == w {
			if w == 1 && at > off && breakWidth(ix.data, at-1) == 2 {
				return at - 1
			}
			return at
		}
	}
	return next
}

// next is where the line after off's begins, or the end of the data.
func (ix *lineIndex) next(off int) int {
	if i := ix.of(off) + 1; i < len(ix.starts) {
		return ix.starts[i]
	}
	return len(ix.data)
}

// indent counts the spaces at the start of the line that begins at off.
func (ix *lineIndex) indent(off int) int {
	n := 0
	for off+n < len(ix.data) && ix.data[off+n] == ' ' {
		n++
	}
	return n
}

// blank reports whether only spaces and tabs stand between from and to.
func (ix *lineIndex) blank(from, to int) bool {
	return skipBlanks(ix.data, from) >= to
}

// newline is the break to write at off: the one that ends the nearest line before it, else the file's first, else LF.
func (ix *lineIndex) newline(off int) string {
	for i := ix.of(off); i >= 1; i-- {
		if nl := ix.breakBefore(i); nl != "" {
			return nl
		}
	}
	if len(ix.starts) > 1 {
		if nl := ix.breakBefore(1); nl != "" {
			return nl
		}
	}
	return "\n"
}

// breakBefore is the break that ends the line before line i, when it is one that an editor would write.
func (ix *lineIndex) breakBefore(i int) string {
	from := ix.starts[i-1]
	nl := string(ix.data[ix.end(from):ix.starts[i]])
	switch nl {
	case "\n", "\r\n", "\r":
		return nl
	}
	return ""
}

func skipBlanks(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\t') {
		i++
	}
	return i
}

// skipSpace goes over blanks, line breaks and comments.
func skipSpace(data []byte, i int) int {
	for i < len(data) {
		switch w := breakWidth(data, i); {
		case w > 0:
			i += w
		case data[i] == ' ' || data[i] == '\t':
			i++
		case data[i] == '#':
			i = skipComment(data, i)
		default:
			return i
		}
	}
	return i
}

func skipComment(data []byte, i int) int {
	for i < len(data) && breakWidth(data, i) == 0 {
		i++
	}
	return i
}

// cursor turns kyaml's marks (lines, and columns in runes) into offsets. Marks mostly go forward, so it walks on from
// the last one: a minified JSON file is one long line.
type cursor struct {
	ix             *lineIndex
	line, col, off int
}

// offset is where the 1-based line and column stand; false when the data has no such place.
func (c *cursor) offset(line, col int) (int, bool) {
	if line < 1 || line > len(c.ix.starts) || col < 1 {
		return 0, false
	}
	if line != c.line || col < c.col {
		c.line, c.col, c.off = line, 1, c.ix.starts[line-1]
	}
	for c.col < col {
		if c.off >= len(c.ix.data) {
			return 0, false
		}
		_, w := utf8.DecodeRune(c.ix.data[c.off:])
		c.off += w
		c.col++
	}
	return c.off, true
}
