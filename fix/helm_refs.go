package fix

import (
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

// referencedValues collects the values that the templates of a source name, as keys joined by NUL. References through a
// changed dot, variables, index and dig are followed where that is simple; what is missed, probes do not find.
func referencedValues(view *render.ChartView) map[string]bool {
	out := map[string]bool{}
	for i := range view.Parts {
		part := &view.Parts[i]
		add := func(keys []string) {
			if len(keys) > 0 && keys[0] != "global" {
				keys = slices.Concat(part.Keys, keys)
			}
			out[strings.Join(keys, "\x00")] = true
		}
		for _, f := range part.Templates {
			for _, tree := range parseTemplate(f) {
				if tree.Root != nil {
					(&refScan{add: add, vars: map[string][]string{"$": {}}}).list(tree.Root, []string{})
				}
			}
		}
	}
	return out
}

// refScan walks one template. A context is a list of keys: those of values begin with "Values", nil is unknown.
type refScan struct {
	add  func([]string)
	vars map[string][]string
}

func (s *refScan) list(l *parse.ListNode, dot []string) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.ActionNode:
			s.pipe(n.Pipe, dot)
		case *parse.IfNode:
			s.pipe(n.Pipe, dot)
			s.list(n.List, dot)
			s.list(n.ElseList, dot)
		case *parse.WithNode:
			s.list(n.List, s.pipe(n.Pipe, dot))
			s.list(n.ElseList, dot)
		case *parse.RangeNode:
			s.pipe(n.Pipe, dot)
			s.list(n.List, nil)
			s.list(n.ElseList, dot)
		case *parse.TemplateNode:
			s.pipe(n.Pipe, dot)
		}
	}
}

// pipe notes the references of a pipeline and returns what it leads to.
func (s *refScan) pipe(p *parse.PipeNode, dot []string) []string {
	if p == nil {
		return nil
	}
	var to []string
	for i, c := range p.Cmds {
		to = s.command(c, dot)
		if i > 0 {
			to = nil
		}
	}
	for _, v := range p.Decl {
		s.vars[v.Ident[0]] = to
	}
	return to
}

func (s *refScan) command(c *parse.CommandNode, dot []string) []string {
	var to []string
	for i, arg := range c.Args {
		at := s.operand(arg, dot)
		if i == 0 && len(c.Args) == 1 {
			to = at
		}
	}
	id, ok := c.Args[0].(*parse.IdentifierNode)
	if !ok || len(c.Args) < 3 {
		return to
	}
	var base, keys []string
	for _, arg := range c.Args[1:] {
		if str, ok := arg.(*parse.StringNode); ok {
			keys = append(keys, str.Text)
		} else {
			base = s.operand(arg, dot)
		}
	}
	if base == nil || id.Ident != "index" && id.Ident != "get" && id.Ident != "dig" {
		return nil
	}
	return s.note(slices.Concat(base, keys))
}

func (s *refScan) operand(n parse.Node, dot []string) []string {
	switch n := n.(type) {
	case *parse.DotNode:
		return s.note(dot)
	case *parse.FieldNode:
		return s.below(dot, n.Ident)
	case *parse.VariableNode:
		return s.below(s.vars[n.Ident[0]], n.Ident[1:])
	case *parse.PipeNode:
		return s.pipe(n, dot)
	case *parse.ChainNode:
		return s.below(s.operand(n.Node, dot), n.Field)
	}
	return nil
}

// below goes from a context down some fields. From an unknown one, "Values" leads on all the same.
func (s *refScan) below(from, fields []string) []string {
	if from != nil {
		return s.note(slices.Concat(from, fields))
	}
	if i := slices.Index(fields, "Values"); i >= 0 {
		return s.note(fields[i:])
	}
	return nil
}

func (s *refScan) note(keys []string) []string {
	if i := slices.Index(keys, "Values"); i >= 0 && len(keys) > i+1 {
		s.add(keys[i+1:])
	}
	return keys
}
