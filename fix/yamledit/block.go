package yamledit

import (
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// addKeys adds entries to a block mapping, each where a person would put it. Entries with the same place go there together.
func (p *planner) addKeys(n *node, kept []bool, added []*yaml.Node) {
	var order []int
	groups := map[int][]*yaml.Node{}
	for i := 0; i < len(added); i += 2 {
		after := placeKey(n, kept, added[i], added[i+1])
		if groups[after] == nil {
			order = append(order, after)
		}
		groups[after] = append(groups[after], added[i], added[i+1])
	}
	w := p.writer(n)
	w.oneLine = w.oneLine && len(kept) == 2 // else insertLines finds a place before the end of the file
	for _, after := range order {
		var lines []string
		for g := groups[after]; len(g) > 0; g = g[2:] {
			lines = append(lines, w.entry(g[0], g[1], n.col())...)
		}
		p.insertLines(n, kept, after, 2, lines)
	}
}

// addItems adds items at the end of a block sequence. Strings are quoted as the last one is.
func (p *planner) addItems(n *node, kept []bool, added []*yaml.Node) {
	last := len(kept) - 1
	for !kept[last] {
		last--
	}
	gap := 2
	if at, dash := n.kids[last], n.dashes[last]; p.f.ix.of(at.start) == p.f.ix.of(dash) && !at.isEmpty() {
		gap = at.start - dash
	}
	col := p.dashColumn(n)
	var lines []string
	for _, item := range added {
		lines = append(lines, p.writer(n.parent).item(item, n.kids[last].y.Style, col, gap)...)
	}
	p.insertLines(n, kept, last, 1, lines)
}

func (p *planner) dashColumn(n *node) int {
	if len(n.dashes) == 0 {
		return n.column()
	}
	return n.dashes[0] - p.f.ix.start(n.dashes[0])
}

// neighbours says after which sibling a key usually stands, in manifests that people write.
var neighbours = map[string][]string{
	"securityContext": {"resources", "envFrom", "env", "ports", "args", "command", "image"},
	"resources":       {"envFrom", "env", "ports", "args", "command", "image"},
	"volumeMounts":    {"securityContext", "resources", "envFrom", "env", "ports"},
	"volumes":         {"containers"},
	"requests":        {"limits"},
	"namespace":       {"name"},
}

// placeKey is the index of the entry after which a new one goes: a known neighbour and the small siblings that come right
// after it; for a scalar, the last small sibling; else the last entry.
func placeKey(n *node, kept []bool, key, v *yaml.Node) int {
	last, small := -1, -1
	for i := 0; i < len(kept); i += 2 {
		if !kept[i] {
			continue
		}
		last = i
		if n.kids[i+1].small() {
			small = i
		}
	}
	for _, name := range neighbours[key.Value] {
		i := keyIndex(n.y, name)
		if i < 0 || !kept[i] {
			continue
		}
		for i+2 < len(kept) && kept[i+2] && n.kids[i+3].small() {
			i += 2
		}
		return i
	}
	if len(v.Content) == 0 && small >= 0 {
		return small
	}
	return last
}

// insertLines adds lines to a block collection after the member at index after. When that changes something else, as
// at the end of a file whose last line is text of a block scalar, the other members are tried, and last the place
// before the first one.
func (p *planner) insertLines(n *node, kept []bool, after, width int, lines []string) {
	var ways change
	try := func(i int) {
		if !kept[i] || !n.kids[i+width-1].known {
			return
		}
		end := n.kids[i+width-1].end
		for _, at := range p.placesAfter(end, n.col()) {
			ways = append(ways, func() []piece { return p.insertAt(n, at, lines) })
		}
	}
	// After a last line without a line break, that line would change too: any other place is better.
	last := width == 2 && len(kept) > width && p.endsOpen(n.kids[after+width-1])
	if !last {
		try(after)
	}
	if width == 2 {
		for i := len(kept) - width; i >= 0; i -= width {
			if i != after {
				try(i)
			}
		}
		if kept[0] {
			ways = append(ways, func() []piece { return p.insertBefore(n, lines) })
		}
		if last {
			try(after)
		}
	} else if text := n.lastLeaf(); text.block() && p.f.data[text.head-1] != '+' {
		// The text ends with the file, without a line break, which "|" would add now and "|-" does not.
		ways = append(ways, p.both(p.insert(n, text.head, "-"), ways[0]))
	}
	p.changes = append(p.changes, ways)
}

// endsOpen reports whether a member ends with the file, without a line break.
func (p *planner) endsOpen(member *node) bool {
	size := len(p.f.data)
	return member.known && p.f.ix.next(member.end) >= size && size > 0 && p.f.data[size-1] != '\n'
}

// placesAfter lists the line starts where something can follow a member that ends at end: after the comments that are
// indented deeper than col, and so belong to the member; at once; and after the blank lines that a block scalar
// keeps as its own.
func (p *planner) placesAfter(end, col int) []int {
	ix := &p.f.ix
	first := ix.next(end)
	at := first
	for at < len(p.f.data) {
		in := ix.indent(at)
		if in <= col || at+in >= len(p.f.data) || p.f.data[at+in] != '#' {
			break
		}
		at = ix.next(at)
	}
	places := []int{at}
	if at != first {
		places = append(places, first)
	}
	blank := first
	for blank < len(p.f.data) && ix.blank(blank, ix.end(blank)) {
		blank = ix.next(blank)
	}
	if blank != first {
		places = append(places, blank)
	}
	return places
}

// insertAt puts lines at a line start, or after the file's last line when that has no break.
func (p *planner) insertAt(n *node, at int, lines []string) []piece {
	nl := p.f.ix.newline(at)
	text := strings.Join(lines, nl) + nl
	if at > 0 && at == len(p.f.data) && p.f.ix.start(at) < at {
		text = nl + strings.TrimSuffix(text, nl)
	}
	return []piece{{Edit: Edit{Start: at, End: at, New: text}, depth: n.depth}}
}

// insertBefore puts lines before the first entry of a mapping, which may stand behind a dash.
func (p *planner) insertBefore(n *node, lines []string) []piece {
	at := n.kids[0].start
	nl := p.f.ix.newline(at)
	text := strings.Join(lines, nl) + nl + spaces(n.col())
	return []piece{{Edit: Edit{Start: at, End: at, New: strings.TrimPrefix(text, spaces(n.col()))}, depth: n.depth}}
}

// removeBlock takes the member at index i out of a block collection: its lines; or, behind a dash that stays,
// its text.
func (p *planner) removeBlock(n *node, i int, kept []bool) {
	ix, data := &p.f.ix, p.f.data
	from, end, next := n.kids[i].start, n.kids[i].end, i+1
	if n.y.Kind == yaml.SequenceNode {
		from = n.dashes[i]
	} else {
		end, next = n.kids[i+1].end, i+2
	}
	line, stop := ix.start(from), ix.next(end)
	prefix := strings.Trim(string(data[line:from]), " ")
	switch {
	case strings.Trim(prefix, "- ") != "":
		p.add() // an explicit key ("? "), or something else that only stands for itself
	case prefix == "" && stop == len(data) && ix.end(end) == stop && line > 0:
		// The file ends without a line break, and so it shall: that of the line before goes, and blank lines do.
		p.add(p.cut(n, p.blankAbove(line), stop), p.cut(n, ix.end(line-1), stop), p.cut(n, line, stop))
	case prefix == "":
		p.add(p.cut(n, line, stop))
	case next < len(kept) && kept[next] && ix.blank(stop, p.introducer(n, next)):
		p.add(p.cut(n, from, p.introducer(n, next)))
	default:
		for data[from-1] == ' ' {
			from-- // the dash stays alone on its line
		}
		p.add(p.cut(n, from, ix.end(end)))
	}
}

// blankAbove is the end of the last line above the one that starts at line that is not blank.
func (p *planner) blankAbove(line int) int {
	ix := &p.f.ix
	for line > ix.starts[0] {
		above := ix.start(line - 1)
		if !ix.blank(above, ix.end(above)) {
			return ix.end(above)
		}
		line = above
	}
	return line
}

// introducer is where the member at index i begins: its dash or its key.
func (p *planner) introducer(n *node, i int) int {
	if n.y.Kind == yaml.SequenceNode {
		return n.dashes[i]
	}
	return n.kids[i].start
}
