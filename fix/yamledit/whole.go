package yamledit

import (
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// replaceDocument puts text in the place of a document's content, its last line broken as the old one's was.
func (p *planner) replaceDocument(text string) {
	d, data := p.d, p.f.data
	if d.start < 0 {
		p.add()
		return
	}
	nl := p.f.ix.newline(d.start)
	text = strings.ReplaceAll(strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), "\n", nl)
	if d.end < len(data) || d.end == d.start || p.f.ix.start(d.end) == d.end {
		text += nl
	}
	gap := ""
	if d.start > 0 && p.f.ix.start(d.start) != d.start {
		gap = nl // the old content began on the line of its separator
	}
	p.add(func() []piece {
		return []piece{{Edit: Edit{Start: d.start, End: d.end, New: gap + text}, drops: true}}
	})
}

// fillDocument writes the root of an empty document, after its comments.
func (p *planner) fillDocument(root *yaml.Node) {
	d, data, ix := p.d, p.f.data, &p.f.ix
	if d.null != nil && d.null.end > d.null.start && d.null.known {
		p.replaceItem(d.null, root)
		return
	}
	if d.start < 0 {
		p.add()
		return
	}
	nl := ix.newline(d.end)
	text := strings.Join(p.writer(nil).value(root, 0, 0), nl) + nl
	if d.end > 0 && ix.start(d.end) < d.end && d.end == len(data) {
		text = nl + strings.TrimSuffix(text, nl)
	}
	p.add(func() []piece { return []piece{{Edit: Edit{Start: d.end, End: d.end, New: text}}} })
}
