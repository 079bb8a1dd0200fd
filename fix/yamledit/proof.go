package yamledit

import (
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// proves reports whether the edited file holds the wanted trees, and every comment that the edits did not take away with
// what they removed. JSON must still be JSON. Documents without a tree must read as before.
func (f *File) proves(edited *File, trees map[int]*tree, pieces []piece) bool {
	if len(f.docs) != len(edited.docs) {
		return false
	}
	for i, d := range f.docs {
		want := d.y()
		if t := trees[i]; t != nil && t.root != nil {
			want = t.root
		}
		if !(comparer{}).equal(want, edited.docs[i].y()) {
			return false
		}
		if t := trees[i]; t != nil && t.text == nil && f.isJSON(d) && !edited.isJSON(edited.docs[i]) {
			return false
		}
	}
	return f.keepsComments(edited, trees, pieces)
}

// y is the document's root as parsed, nil when nothing is written.
func (d *document) y() *yaml.Node {
	switch {
	case d.root != nil:
		return d.root.y
	case d.null != nil:
		return d.null.y
	}
	return nil
}

// comment is the text of one comment and where it stands.
type comment struct {
	start int
	text  string
}

// keepsComments compares the comments of two files, as multisets.
func (f *File) keepsComments(edited *File, trees map[int]*tree, pieces []piece) bool {
	before, ok := f.comments()
	after, readable := edited.comments()
	if !ok || !readable {
		return f.removesNoComment(pieces)
	}
	count := map[string]int{}
	for _, c := range before {
		if !dropped(c, pieces) {
			count[c.text]++
		}
	}
	for _, t := range trees {
		if t.text == nil {
			continue
		}
		if text, err := Parse([]byte(*t.text)); err == nil {
			added, _ := text.comments()
			for _, c := range added {
				count[c.text]++
			}
		}
	}
	for _, c := range after {
		count[c.text]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

func dropped(c comment, pieces []piece) bool {
	for _, p := range pieces {
		if p.drops && p.Start <= c.start && c.start < p.End {
			return true
		}
	}
	return false
}

// removesNoComment is the check for files with scalars whose bytes could not be read: what may be a comment is not
// removed.
func (f *File) removesNoComment(pieces []piece) bool {
	for _, p := range pieces {
		if !p.drops && strings.Contains(string(f.data[p.Start:p.End]), "#") {
			return false
		}
	}
	return true
}

// comments lists the file's comments: what stands between scalars after a "#". false when the bytes of some scalar are
// not known.
func (f *File) comments() ([]comment, bool) {
	s := &commentScan{data: f.data, at: bomLen(f.data), ok: true}
	for _, d := range f.docs {
		s.node(d.root)
		s.node(d.null)
	}
	s.gap(len(f.data))
	return s.found, s.ok
}

type commentScan struct {
	data  []byte
	at    int
	found []comment
	ok    bool
}

func (s *commentScan) node(n *node) {
	if n == nil || !s.ok {
		return
	}
	if n.y.Kind != yaml.ScalarNode {
		if n.y.Kind == yaml.AliasNode {
			s.ok = s.ok && n.known
			s.gap(n.start)
		}
		for _, k := range n.kids {
			s.node(k)
		}
		return
	}
	s.ok = s.ok && n.known && n.end >= s.at
	if !s.ok || n.isEmpty() {
		return
	}
	s.gap(n.body)
	if n.block() {
		s.at = n.head
		s.gap(skipComment(s.data, n.head))
	}
	s.at = max(s.at, n.end)
}

// gap looks for comments up to end, in text that holds no scalar.
func (s *commentScan) gap(end int) {
	for s.at < end {
		switch c := s.data[s.at]; {
		case c == '#':
			stop := skipComment(s.data, s.at)
			s.found = append(s.found, comment{s.at, strings.TrimRight(string(s.data[s.at:stop]), " \t")})
			s.at = stop
		case c == '&' || c == '!':
			for s.at < end && !isSpace(s.data, s.at) {
				s.at++
			}
		default:
			s.at++
		}
	}
}
