package fix

import (
	"crypto/sha256"
	"slices"
	"strings"
	"text/template/parse"

	"github.com/syncgate/syncgate/render"
)

// maxTemplate bounds the templates that are parsed, in bytes: the parser recurses with their depth.
const maxTemplate = 1 << 20

// parseTemplate parses a template file and all that it defines. It returns nil for what Helm would not parse either.
func parseTemplate(f render.ChartFile) map[string]*parse.Tree {
	if len(f.Data) > maxTemplate || strings.HasSuffix(f.Name, "NOTES.txt") {
		return nil
	}
	t := parse.New(f.Name)
	t.Mode = parse.SkipFuncCheck
	trees := map[string]*parse.Tree{}
	if _, err := t.Parse(string(f.Data), "", "", trees); err != nil {
		return nil
	}
	return trees
}

// anyItem stands in a reference for each item of a list or mapping.
const anyItem = "\x01"

// references are the values that the templates of a source name, as keys joined by NUL; anyItem is one of them where a
// template goes through a list or mapping.
type references struct {
	all map[string]bool
	// fields are the values that stand right behind "key:" in a template, by that key.
	fields map[string]map[string]bool
}

// referencedValues collects the references of a source. They are followed through a changed dot, range, variables,
// index, dig, and into named templates with what these are called with, as far as that is simple; what is missed, probes
// do not find.
func referencedValues(view *render.ChartView) references {
	out := references{all: map[string]bool{}, fields: map[string]map[string]bool{}}
	named := map[string]*parse.Tree{}
	files := make([][]*parse.Tree, len(view.Parts))
	for i := range view.Parts {
		for _, f := range view.Parts[i].Templates {
			trees := parseTemplate(f)
			for _, name := range sortedNames(trees) {
				if named[name] == nil {
					named[name] = trees[name]
				}
				files[i] = append(files[i], trees[name])
			}
		}
	}
	left := maxScanned
	for i := range view.Parts {
		part := &view.Parts[i]
		s := &refScan{named: named, seen: map[scan]bool{}, left: &left}
		s.add = func(keys []string, field string) {
			if len(keys) > 0 && keys[0] != "global" {
				keys = slices.Concat(part.Keys, keys)
			}
			name := strings.Join(keys, "\x00")
			out.all[name] = true
			if field != "" {
				if out.fields[field] == nil {
					out.fields[field] = map[string]bool{}
				}
				out.fields[field][name] = true
			}
		}
		for _, tree := range files[i] {
			s.tree(tree, rootScope)
		}
	}
	return out
}

// maxScanned bounds how many nodes of templates are walked for one source, and maxScanDepth how deep templates may call
// one another.
const (
	maxScanned   = 1_000_000
	maxScanDepth = 12
)

// reads reports whether a template reads a value or something below it.
func (r references) reads(keys []string) bool {
	for ref := range r.all {
		if readsAt(strings.Split(ref, "\x00"), keys) {
			return true
		}
	}
	return false
}

func readsAt(ref, keys []string) bool {
	if len(ref) < len(keys) {
		return false
	}
	for i, k := range keys {
		if ref[i] != k && (ref[i] != anyItem || i == len(keys)-1) {
			return false
		}
	}
	return true
}

// expand are the paths that a reference stands for among values.
func expand(ref string, values map[string]any) []render.Path {
	out := []render.Path{nil}
	for _, k := range strings.Split(ref, "\x00") {
		var next []render.Path
		for _, p := range out {
			if k != anyItem {
				next = append(next, p.Key(k))
				continue
			}
			v, _ := lookupValue(values, p)
			switch v := v.(type) {
			case map[string]any:
				for _, name := range sortedNames(v) {
					next = append(next, p.Key(name))
				}
			case []any:
				for i := range v {
					next = append(next, p.At(i))
				}
			}
		}
		if out = next; len(out) > maxExpanded {
			return nil
		}
	}
	return out
}

// maxExpanded bounds how many items a reference stands for.
const maxExpanded = 500

// scope is what an expression leads to: a path from the root (those of values begin with "Values"), a mapping or a list
// made in the template, or nil where that is unknown.
type scope struct {
	path  []string
	names map[string]*scope
	items []*scope

	digest *[sha256.Size]byte
}

var rootScope = &scope{path: []string{}}

// below is what stands at a key.
func (c *scope) below(key string) *scope {
	switch {
	case c == nil:
		return nil
	case c.names != nil:
		return c.names[key]
	case c.path != nil:
		return &scope{path: append(c.path[:len(c.path):len(c.path)], key)}
	}
	return nil
}

// id is equal for scopes that lead to the same. It is a digest: a scope can hold others many times over.
func (c *scope) id() [sha256.Size]byte {
	switch {
	case c == nil:
		return [sha256.Size]byte{}
	case c.digest != nil:
		return *c.digest
	}
	b := []byte(strings.Join(c.path, "\x00"))
	for _, k := range sortedNames(c.names) {
		sum := c.names[k].id()
		b = append(append(append(b, '{'), k...), sum[:]...)
	}
	for _, x := range c.items {
		sum := x.id()
		b = append(append(b, '['), sum[:]...)
	}
	sum := sha256.Sum256(b)
	c.digest = &sum
	return sum
}

// scan is a template with what it was called with.
type scan struct {
	tree *parse.Tree
	dot  [sha256.Size]byte
}

// refScan walks templates of one chart.
type refScan struct {
	add   func(keys []string, field string)
	named map[string]*parse.Tree
	seen  map[scan]bool
	left  *int
	depth int
	vars  map[string]*scope
	field string // the key that the text before an action ends with, "" when it does not
}

// tree walks a template with a dot.
func (s *refScan) tree(t *parse.Tree, dot *scope) {
	if t == nil || t.Root == nil || s.depth > maxScanDepth || *s.left <= 0 {
		return
	}
	id := scan{t, dot.id()}
	if s.seen[id] {
		return
	}
	s.seen[id] = true
	inner := &refScan{add: s.add, named: s.named, seen: s.seen, left: s.left, depth: s.depth + 1, vars: map[string]*scope{"$": dot}}
	inner.list(t.Root, dot)
}

func (s *refScan) list(l *parse.ListNode, dot *scope) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		if *s.left--; *s.left < 0 {
			return
		}
		switch n := n.(type) {
		case *parse.TextNode:
			s.field = fieldBefore(n.Text)
			continue
		case *parse.ActionNode:
			s.pipe(n.Pipe, dot)
		case *parse.IfNode:
			s.field = ""
			s.pipe(n.Pipe, dot)
			s.list(n.List, dot)
			s.list(n.ElseList, dot)
		case *parse.WithNode:
			s.field = ""
			s.list(n.List, s.pipe(n.Pipe, dot))
			s.list(n.ElseList, dot)
		case *parse.RangeNode:
			s.field = ""
			s.list(n.List, s.ranged(n.Pipe, dot))
			s.list(n.ElseList, dot)
		case *parse.TemplateNode:
			s.call(n.Name, s.pipe(n.Pipe, dot))
		}
		s.field = ""
	}
}

// fieldBefore is the key whose value begins where a text ends, "" when none does.
func fieldBefore(text []byte) string {
	line := string(text[strings.LastIndexByte(string(text), '\n')+1:])
	key, rest, ok := strings.Cut(strings.TrimLeft(line, " -"), ":")
	if !ok || strings.Trim(rest, ` "'`) != "" {
		return ""
	}
	return key
}

// ranged is the dot of a range's body.
func (s *refScan) ranged(p *parse.PipeNode, dot *scope) *scope {
	over := s.pipe(p, dot)
	item := over.below(anyItem)
	if over != nil && over.names != nil {
		item = nil
	}
	if n := len(p.Decl); n > 0 {
		s.vars[p.Decl[0].Ident[0]] = nil
		s.vars[p.Decl[n-1].Ident[0]] = item
	}
	return item
}

// pipe notes the references of a pipeline and returns what it leads to.
func (s *refScan) pipe(p *parse.PipeNode, dot *scope) *scope {
	if p == nil {
		return nil
	}
	var to *scope
	for i, c := range p.Cmds {
		var piped []*scope
		if i > 0 {
			piped = []*scope{to}
		}
		to = s.command(c, dot, piped)
	}
	for _, v := range p.Decl {
		s.vars[v.Ident[0]] = to
	}
	return to
}

// command is what a command leads to, with what is piped into it as its last argument.
func (s *refScan) command(c *parse.CommandNode, dot *scope, piped []*scope) *scope {
	args := make([]*scope, len(c.Args))
	for i, arg := range c.Args {
		args[i] = s.operand(arg, dot)
	}
	id, ok := c.Args[0].(*parse.IdentifierNode)
	if !ok {
		if len(args) == 1 && piped == nil {
			return args[0]
		}
		return nil
	}
	nodes, args := c.Args[1:], append(args[1:], piped...)
	switch n := len(args); id.Ident {
	case "dict":
		out := &scope{names: map[string]*scope{}}
		for i := 0; i+1 < len(nodes); i += 2 {
			if k, ok := nodes[i].(*parse.StringNode); ok {
				out.names[k.Text] = args[i+1]
			}
		}
		return out
	case "list", "tuple":
		return &scope{items: args}
	case "index", "get":
		if len(nodes) > 0 {
			return s.index(args[0], nodes[1:])
		}
	case "first":
		if n == 1 && args[0] != nil && len(args[0].items) > 0 {
			return args[0].items[0]
		}
	case "dig": // keys, a default, and where to look
		if n > 2 {
			return s.index(args[n-1], nodes[:n-2])
		}
	case "include":
		if n != 2 || len(nodes) == 0 {
			break
		}
		if name, ok := nodes[0].(*parse.StringNode); ok {
			s.call(name.Text, args[1])
		}
	case "default", "coalesce", "merge", "mergeOverwrite", "deepCopy", "mustMerge", "mustMergeOverwrite", "mustDeepCopy":
		return firstPath(args)
	case "set":
		if n > 0 {
			return args[0]
		}
	}
	return nil
}

// firstPath is the first of some scopes that is known: of values that stand for one another, the keys below are alike.
func firstPath(args []*scope) *scope {
	for _, a := range args {
		if a != nil && len(a.path) > 0 {
			return a
		}
	}
	return nil
}

// index goes down literal keys. What is no literal can be any of them.
func (s *refScan) index(at *scope, keys []parse.Node) *scope {
	for _, k := range keys {
		switch k := k.(type) {
		case *parse.StringNode:
			at = at.below(k.Text)
		case *parse.NumberNode:
			if at != nil && at.items != nil && k.IsInt && int(k.Int64) < len(at.items) && k.Int64 >= 0 {
				at = at.items[k.Int64]
			} else {
				at = at.below(anyItem)
			}
		default:
			at = at.below(anyItem)
		}
	}
	return s.note(at)
}

// call walks a named template with what it is called with.
func (s *refScan) call(name string, dot *scope) {
	if t := s.named[name]; t != nil && dot != nil {
		s.tree(t, dot)
	}
}

func (s *refScan) operand(n parse.Node, dot *scope) *scope {
	switch n := n.(type) {
	case *parse.DotNode:
		return s.note(dot)
	case *parse.FieldNode:
		return s.down(dot, n.Ident)
	case *parse.VariableNode:
		return s.down(s.vars[n.Ident[0]], n.Ident[1:])
	case *parse.PipeNode:
		return s.pipe(n, dot)
	case *parse.ChainNode:
		return s.down(s.operand(n.Node, dot), n.Field)
	}
	return nil
}

// down goes from a scope down some fields. From an unknown one, "Values" leads on all the same.
func (s *refScan) down(from *scope, fields []string) *scope {
	if from != nil {
		for _, f := range fields {
			from = from.below(f)
		}
		if from != nil {
			return s.note(from)
		}
	}
	if i := slices.Index(fields, "Values"); i >= 0 {
		return s.note(&scope{path: fields[i:]})
	}
	return nil
}

func (s *refScan) note(at *scope) *scope {
	if at == nil {
		return nil
	}
	if i := slices.Index(at.path, "Values"); i >= 0 && len(at.path) > i+1 {
		s.add(slices.DeleteFunc(slices.Clone(at.path[i+1:]), func(k string) bool { return k == "AsMap" }), s.field)
	}
	return at
}
