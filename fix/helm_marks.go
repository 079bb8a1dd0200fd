package fix

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"

	"github.com/syncgate/syncgate/render"
)

// mark is a line of a template that gives a key, so that another key can be put before it.
type mark struct {
	id   int
	file string
	line int // byte where the line starts, or the text after a trimmed define
	at   int // byte of the key
	col  int // column of the key
	dash bool
	key  string
	text [2]int          // the text node, in bytes
	list *parse.ListNode // what the line stands in
	deep int             // how many blocks that may not be executed stand around it, within its template
	dot  bool            // a block around it changes the dot
	only bool            // it opens an if or with that has no else
	part *render.ChartPart
}

// marking is where the marks of a source stand in its render.
type marking struct {
	marks   []*mark
	objects map[string]any // decoded, by objectKey; marked mappings hold the keys of their marks
}

var (
	keyLine  = regexp.MustCompile(`^( *)((?:- +)*)([A-Za-z_][A-Za-z0-9_./-]*):(?: |\r?$)`)
	markName = regexp.MustCompile(`^sgmark([0-9]+)$`)
)

// marksOf lists the marks of a template file.
func marksOf(part *render.ChartPart, f render.ChartFile) []*mark {
	var out []*mark
	for name, tree := range parseTemplate(f) {
		if tree.Root == nil {
			continue
		}
		w := &markWalk{part: part, file: f.File, data: string(f.Data), define: name != f.Name}
		w.list(tree.Root, mark{})
		out = append(out, w.out...)
	}
	slices.SortFunc(out, func(a, b *mark) int { return a.at - b.at })
	return out
}

// markWalk goes through one parsed template.
type markWalk struct {
	part   *render.ChartPart
	file   string
	data   string
	define bool
	out    []*mark
}

func (w *markWalk) list(l *parse.ListNode, at mark) {
	if l == nil {
		return
	}
	at.list, at.deep = l, at.deep+1
	inner, changed := at, at
	inner.only, changed.only, changed.dot = false, false, true
	for i, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.TextNode:
			at.only = at.only && i == 0
			w.text(n, at, i == 0 && w.define && at.deep == 1)
		case *parse.IfNode:
			w.branches(n.List, n.ElseList, inner, inner)
		case *parse.WithNode:
			w.branches(n.List, n.ElseList, changed, inner)
		case *parse.RangeNode:
			w.list(n.List, changed)
			w.list(n.ElseList, inner)
		}
	}
}

func (w *markWalk) branches(list, other *parse.ListNode, in, out mark) {
	in.only = other == nil
	w.list(list, in)
	w.list(other, out)
}

// text marks the lines of a text node. first says that it opens a define, where a line starts even after a trim.
func (w *markWalk) text(n *parse.TextNode, in mark, first bool) {
	start := int(n.Pos)
	end := start + len(n.Text)
	if end > len(w.data) || w.data[start:end] != string(n.Text) {
		return
	}
	for at := start; at < end; {
		next := end
		if i := strings.IndexByte(w.data[at:end], '\n'); i >= 0 {
			next = at + i + 1
		}
		opens := at > start || at == 0 || first && at == start
		if m := keyLine.FindStringSubmatchIndex(strings.TrimRight(w.data[at:next], "\n")); m != nil && opens {
			x := in
			x.file, x.part, x.text = w.file, w.part, [2]int{start, end}
			x.line, x.at, x.col, x.dash, x.key = at, at+m[6], m[6], m[5] > m[4], w.data[at+m[6]:at+m[7]]
			x.only = in.only && strings.TrimSpace(w.data[start:at]) == ""
			w.out = append(w.out, &x)
		}
		at = next
	}
}

// markAll renders the sources with marks in all templates that the repository owns, and notes where they stand.
func (p *prover) markAll(ctx context.Context, list []*helmSource) error {
	var jobs []markJob
	for _, h := range list {
		if h.failed != "" || len(h.needs) == 0 || h.marks != nil {
			continue
		}
		h.marks, h.tries = &marking{objects: map[string]any{}}, 0
		files := map[string]bool{}
		for i := range h.view.Parts {
			part := &h.view.Parts[i]
			for _, f := range part.Templates {
				if part.Foreign == "" && !files[f.File] {
					files[f.File] = true
					h.marks.marks = append(h.marks.marks, marksOf(part, f)...)
				}
			}
		}
		for i, m := range h.marks.marks {
			m.id = i
		}
		if len(h.marks.marks) > 0 {
			jobs = append(jobs, markJob{h, h.marks.marks})
		}
	}
	for len(jobs) > 0 {
		var next []markJob
		for _, batch := range apart(jobs) {
			more, err := p.markBatch(ctx, batch)
			if err != nil {
				return err
			}
			next = append(next, more...)
		}
		jobs = next
	}
	return nil
}

// markJob is a set of marks to be tried together.
type markJob struct {
	source *helmSource
	marks  []*mark
}

// apart puts jobs that mark the same file into different batches.
func apart(jobs []markJob) [][]markJob {
	var batches [][]markJob
	var taken []map[string]bool
	for _, j := range jobs {
		i := 0
		for ; i < len(batches); i++ {
			if !slices.ContainsFunc(j.marks, func(m *mark) bool { return taken[i][m.file] }) {
				break
			}
		}
		if i == len(batches) {
			batches, taken = append(batches, nil), append(taken, map[string]bool{})
		}
		batches[i] = append(batches[i], j)
		for _, m := range j.marks {
			taken[i][m.file] = true
		}
	}
	return batches
}

// markBatch renders jobs, and returns those that have to be tried in halves.
func (p *prover) markBatch(ctx context.Context, jobs []markJob) (next []markJob, err error) {
	edits := map[string][]byte{}
	var sources []render.Source
	for i, j := range jobs {
		src := j.source.source
		src.ID = strconv.Itoa(i)
		src.Helm.SkipSchema = true
		sources = append(sources, src)
		byFile := map[string][]*mark{}
		for _, m := range j.marks {
			byFile[m.file] = append(byFile[m.file], m)
		}
		for file, marks := range byFile {
			data, err := p.tree.ReadFile(file)
			if err != nil {
				return nil, fmt.Errorf("marking %s: %w", file, err)
			}
			edits[file] = marked(data, marks)
		}
	}
	results, err := p.renderAll(ctx, p.tree.With(edits), sources)
	if err != nil {
		return nil, err
	}
	for i, j := range jobs {
		res := results[strconv.Itoa(i)]
		if res.Err == nil {
			p.stableNames(j.source.source.ID, res.Objects)
			j.source.rename(res.Objects)
			j.source.marks.read(&res)
			continue
		}
		if n := len(j.marks) / 2; n > 0 && j.source.mayTry(res.Err) {
			next = append(next, markJob{j.source, j.marks[:n]}, markJob{j.source, j.marks[n:]})
		}
	}
	return next, nil
}

// marked is a template with a key of its own before each marked one. A byte order mark is not counted in positions.
func marked(data []byte, marks []*mark) []byte {
	text := string(data)
	shift := bomLength(text)
	var b strings.Builder
	at := 0
	for _, m := range marks {
		b.WriteString(text[at : m.at+shift])
		fmt.Fprintf(&b, "sgmark%d: 0\n%s", m.id, strings.Repeat(" ", m.col))
		at = m.at + shift
	}
	b.WriteString(text[at:])
	return []byte(b.String())
}

// bomLength is the length of the byte order mark that a text begins with; charts are read without it.
func bomLength(text string) int { return len(text) - len(strings.TrimPrefix(text, "\ufeff")) }

// read takes the objects of a marked render. Of several renders with different marks, each adds its own.
func (m *marking) read(res *render.Result) {
	for i := range res.Objects {
		o := &res.Objects[i]
		var v any
		if !strings.Contains(string(o.JSON), `"sgmark`) || json.Unmarshal(o.JSON, &v) != nil {
			continue
		}
		key := objectKey(o)
		if old, ok := m.objects[key]; ok {
			v = joinMarks(old, v)
		}
		m.objects[key] = v
	}
}

// joinMarks adds the marks of b to those of a, where both have the same shape.
func joinMarks(a, b any) any {
	switch x := a.(type) {
	case map[string]any:
		y, _ := b.(map[string]any)
		for k, v := range y {
			if old, ok := x[k]; ok {
				x[k] = joinMarks(old, v)
			} else if markName.MatchString(k) {
				x[k] = v
			}
		}
	case []any:
		y, _ := b.([]any)
		for i := range min(len(x), len(y)) {
			x[i] = joinMarks(x[i], y[i])
		}
	}
	return a
}

// in lists the marks of a mapping, as they stand in their files.
func (m *marking) in(mapping map[string]any) []*mark {
	var out []*mark
	for k := range mapping {
		if x := markName.FindStringSubmatch(k); x != nil {
			if id, err := strconv.Atoi(x[1]); err == nil && id < len(m.marks) {
				out = append(out, m.marks[id])
			}
		}
	}
	slices.SortFunc(out, func(a, b *mark) int { return a.id - b.id })
	return out
}
