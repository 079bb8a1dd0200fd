package yamledit

import (
	"bytes"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// leading is the white space that the line of off begins with.
func (p *planner) leading(off int) string {
	start := p.f.ix.start(off)
	return string(p.f.data[start:skipBlanks(p.f.data, start)])
}

// ownLine reports whether only blanks stand before off on its line.
func (p *planner) ownLine(off int) bool {
	return p.f.ix.blank(p.f.ix.start(off), off)
}

// flowWriter writes members of n as n's own are, or as those of the collections around it.
func (p *planner) flowWriter(n *node) flowWriter {
	w := flowWriter{writer: p.writer(n), json: p.h.json, colon: ": ", comma: ", "}
	keys, members, layout := false, false, false
	for m := n; m != nil && m.flow(); m = m.parent {
		width := 1
		if m.y.Kind == yaml.MappingNode {
			width = 2
		}
		if width == 2 && len(m.kids) > 0 && !keys {
			keys = true
			w.quoteKeys = m.kids[0].y.Style&yaml.DoubleQuotedStyle != 0
			if w.quoteKeys && string(p.f.data[m.kids[0].end:m.kids[1].start]) == ":" {
				w.colon, w.comma = ":", ","
			}
			if p.f.data[m.body+1] == ' ' {
				w.pad = " "
			}
		}
		if len(m.kids) > width && !members {
			members = true
			w.comma = ", "
			if string(p.f.data[m.kids[width-1].end:m.kids[width].start]) == "," {
				w.comma = ","
			}
		}
		if len(m.kids) > 0 && !layout {
			layout = true
			if w.lines = p.ownLine(m.kids[0].start); w.lines {
				w.unit, w.pad = p.unit(m), ""
			}
		}
	}
	return w
}

// unit is by how much n's members are indented more than the line that opens it.
func (p *planner) unit(n *node) string {
	if unit, ok := strings.CutPrefix(p.leading(n.kids[0].start), p.leading(n.start)); ok && unit != "" {
		return unit
	}
	return spaces(defaultStep)
}

// addFlow adds members at the end of a flow collection: on lines of their own where the last member has one.
func (p *planner) addFlow(n *node, kept []bool, added []*yaml.Node) {
	if !n.known || n.bare(p.f.data) {
		p.add()
		return
	}
	last := len(kept) - 1
	for !kept[last] {
		last--
	}
	start := n.kids[last].start
	if n.y.Kind == yaml.MappingNode {
		start = n.kids[last-1].start
	}
	end, indent, w := n.kids[last].end, p.leading(start), p.flowWriter(n)
	var members []string
	for i := 0; i < len(added); i++ {
		if n.y.Kind == yaml.MappingNode {
			members = append(members, w.entry(added[i], added[i+1], indent))
			i++
		} else {
			members = append(members, w.text(added[i], n.kids[last].y.Style, indent))
		}
	}
	switch {
	case !p.ownLine(start):
		p.add(p.insert(n, end, w.comma+strings.Join(members, w.comma)))
	case p.f.ix.of(end) == p.f.ix.of(n.end-1):
		p.add(p.insert(n, end, ",\n"+indent+strings.Join(members, ",\n"+indent)))
	default:
		p.addFlowLines(n, end, indent, members)
	}
}

// addFlowLines adds members on lines of their own after the last one, which ends at end; a trailing comma stays one.
func (p *planner) addFlowLines(n *node, end int, indent string, members []string) {
	text := indent + strings.Join(members, ",\n"+indent)
	at := p.f.ix.next(end)
	if comma := skipBlanks(p.f.data, end); p.f.data[comma] == ',' {
		p.add(p.insert(n, at, text+",\n"))
		return
	}
	p.add(p.both(p.insert(n, end, ","), p.insert(n, at, text+"\n")))
}

// removeFlow takes the member at index i out of a flow collection, with its line when it has one of its own.
func (p *planner) removeFlow(n *node, i int, kept []bool) {
	if !n.known || n.bare(p.f.data) {
		p.add()
		return
	}
	ix, data := &p.f.ix, p.f.data
	next := i + 1
	if n.y.Kind == yaml.MappingNode {
		next = i + 2
	}
	start, end := n.kids[i].start, n.kids[next-1].end
	after := skipSpace(data, end)
	comma := after < len(data) && data[after] == ','
	if comma {
		after = skipBlanks(data, after+1)
	}
	ownLines := p.ownLine(start) && (after == ix.end(after) || data[after] == '#')
	switch {
	case comma && ownLines:
		p.add(p.cut(n, ix.start(start), ix.next(after)))
	case next < len(kept):
		p.add(p.cut(n, start, min(after, n.kids[next].start)))
	case i > 0:
		before := n.kids[i-1].end
		at := skipSpace(data, before)
		if bytes.IndexByte(data[before:start], '#') >= 0 && at < start {
			p.add(p.both(p.cut(n, at, at+1), p.cut(n, ix.start(start), ix.next(end))), p.cut(n, start, end))
			return
		}
		p.add(p.cut(n, before, end))
	default:
		p.add(p.cut(n, start, after))
	}
}
