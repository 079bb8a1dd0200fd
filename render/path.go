package render

import (
	"fmt"
	"strconv"
	"strings"
)

// Step is one element of a Path: a mapping key, or an index into a sequence.
type Step struct {
	Key     string
	Index   int
	IsIndex bool
}

// Path addresses a field inside one document, from its root.
// Its text form is the one Kubernetes uses in validation errors:
// spec.containers[0].securityContext, metadata.annotations["a.b/c"].
type Path []Step

// Keys returns a Path of mapping keys.
func Keys(keys ...string) Path { return Path(nil).Key(keys...) }

// Key returns a new Path that goes on with mapping keys; p is left as it was.
func (p Path) Key(keys ...string) Path {
	out := make(Path, len(p), len(p)+len(keys))
	copy(out, p)
	for _, k := range keys {
		out = append(out, Step{Key: k})
	}
	return out
}

// At returns a new Path that goes on with a sequence index; p is left as it was.
func (p Path) At(i int) Path {
	out := make(Path, len(p), len(p)+1)
	copy(out, p)
	return append(out, Step{Index: i, IsIndex: true})
}

// HasPrefix reports whether p is prefix or stands below it.
func (p Path) HasPrefix(prefix Path) bool {
	if len(prefix) > len(p) {
		return false
	}
	for i := range prefix {
		if p[i] != prefix[i] {
			return false
		}
	}
	return true
}

// Equal reports whether two paths address the same field.
func (p Path) Equal(q Path) bool { return len(p) == len(q) && p.HasPrefix(q) }

func (p Path) String() string {
	var b strings.Builder
	for _, s := range p {
		switch {
		case s.IsIndex:
			fmt.Fprintf(&b, "[%d]", s.Index)
		case plainKey(s.Key):
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(s.Key)
		default:
			b.WriteString("[" + strconv.Quote(s.Key) + "]")
		}
	}
	return b.String()
}

// plainKey reports whether a key can stand unquoted in a path's text form.
func plainKey(k string) bool {
	if k == "" {
		return false
	}
	for _, r := range k {
		if r == '_' || r == '-' || r == '$' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			continue
		}
		return false
	}
	return true
}

// ParsePath reads the text form that String writes.
func ParsePath(s string) (Path, error) {
	var p Path
	rest := s
	for rest != "" {
		if rest[0] == '[' {
			step, n, err := parseBracket(rest)
			if err != nil {
				return nil, fmt.Errorf("path %q: %w", s, err)
			}
			p = append(p, step)
			rest = rest[n:]
			continue
		}
		if len(p) > 0 {
			if rest[0] != '.' {
				return nil, fmt.Errorf("path %q: expected \".\" or \"[\" before %q", s, rest)
			}
			rest = rest[1:]
		}
		end := strings.IndexAny(rest, ".[")
		if end < 0 {
			end = len(rest)
		}
		if end == 0 {
			return nil, fmt.Errorf("path %q: empty key", s)
		}
		p = append(p, Step{Key: rest[:end]})
		rest = rest[end:]
	}
	return p, nil
}

// parseBracket reads "[3]" or `["key"]` at the start of s and says how long it was.
func parseBracket(s string) (Step, int, error) {
	if strings.HasPrefix(s, `["`) {
		q, err := strconv.QuotedPrefix(s[1:])
		if err != nil || !strings.HasPrefix(s[1+len(q):], "]") {
			return Step{}, 0, fmt.Errorf("unterminated key in %q", s)
		}
		key, err := strconv.Unquote(q)
		return Step{Key: key}, len(q) + 2, err
	}
	end := strings.IndexByte(s, ']')
	if end < 0 {
		return Step{}, 0, fmt.Errorf("missing \"]\" in %q", s)
	}
	i, err := strconv.Atoi(s[1:end])
	if err != nil || i < 0 {
		return Step{}, 0, fmt.Errorf("%q is not an index", s[1:end])
	}
	return Step{Index: i, IsIndex: true}, end + 1, nil
}

// MarshalText writes the text form, so that a Path is a string in JSON.
func (p Path) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads the text form.
func (p *Path) UnmarshalText(b []byte) error {
	q, err := ParsePath(string(b))
	*p = q
	return err
}
