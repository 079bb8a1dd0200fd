package yamledit

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/render"
)

// generator writes random documents in a random but consistent style.
type generator struct {
	*rand.Rand
	out       strings.Builder
	step, seq int
	keys      int
}

func (g *generator) one(of ...string) string { return of[g.Intn(len(of))] }

func (g *generator) key() string {
	g.keys++
	return fmt.Sprintf("%s%d", g.one("k", "ключ", "a-b/c.d", "x_"), g.keys)
}

// trailing ends a line, perhaps with a comment, and perhaps puts comments and blank lines after it.
func (g *generator) trailing(col int) {
	g.out.WriteString(g.one("", "", "", " # note", "  ") + "\n")
	switch g.Intn(8) {
	case 0:
		g.out.WriteString(spaces(col) + "# about what follows\n")
	case 1:
		g.out.WriteString("\n")
	case 2:
		g.out.WriteString(spaces(col+g.step) + "# deeper\n\n")
	}
}

func (g *generator) scalar() string {
	return g.one("1", "true", "text", "some words", `"double"`, "'single'", "~", "100m", `"a # b"`, "ünïcode", "null", "x:y")
}

func (g *generator) flow(depth int) string {
	switch {
	case depth == 0 || g.Intn(3) > 0:
		return g.scalar()
	case g.Intn(2) == 0:
		return g.one("[]", "["+g.flow(depth-1)+"]", "["+g.flow(depth-1)+", "+g.flow(depth-1)+"]")
	}
	return g.one("{}", "{"+g.key()+": "+g.flow(depth-1)+"}", "{ "+g.key()+": "+g.flow(depth-1)+", "+g.key()+": "+g.flow(depth-1)+" }")
}

// value writes what comes after a key at column col, or after a dash when the key is "".
func (g *generator) value(col, depth int, item bool) {
	switch n := g.Intn(10); {
	case depth > 0 && n < 4:
		if item {
			g.out.WriteString(" ")
			g.mapping(col+2, depth-1, true)
			return
		}
		g.trailing(col + g.step)
		g.mapping(col+g.step, depth-1, false)
	case depth > 0 && n < 6 && !item:
		g.trailing(col + g.seq)
		for range 1 + g.Intn(3) {
			g.out.WriteString(spaces(col+g.seq) + "-")
			g.value(col+g.seq, depth-1, true)
		}
	case n == 6:
		g.out.WriteString(" " + g.one("|", ">", "|-", ">-") + g.one("", " # block") + "\n")
		g.out.WriteString(spaces(col+g.step) + g.one("text", "---", "# text") + "\n")
		for range g.Intn(3) {
			g.out.WriteString(spaces(col+g.step) + g.one("text", "---", "# no comment", "- a: b", "\n"+spaces(col+g.step)+"  deep") + "\n")
		}
	case n == 7:
		g.out.WriteString(" " + g.flow(2))
		g.trailing(col)
	case n == 8:
		g.trailing(col)
	default:
		g.out.WriteString(" " + g.scalar())
		g.trailing(col)
	}
}

func (g *generator) mapping(col, depth int, inline bool) {
	for i := range 1 + g.Intn(4) {
		if i > 0 || !inline {
			g.out.WriteString(spaces(col))
		}
		g.out.WriteString(g.key() + ":")
		g.value(col, depth, false)
	}
}

func generate(seed int64) string {
	g := &generator{Rand: rand.New(rand.NewSource(seed))}
	g.step = 2 + 2*g.Intn(2)
	g.seq = g.step * g.Intn(2)
	for i := range 1 + g.Intn(2) {
		if i > 0 || g.Intn(3) == 0 {
			g.out.WriteString("---" + g.one("", " # document") + "\n")
		}
		g.mapping(0, 4, false)
	}
	text := g.out.String()
	if g.Intn(4) == 0 {
		text = strings.TrimRight(text, " \n")
	}
	if g.Intn(4) == 0 {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return g.one("", "", "", "\ufeff") + text
}

// places lists the mappings, sequences and scalars of a document, by path.
func places(f *File, doc int) (maps, lists, scalars []render.Path) {
	var visit func(p render.Path, n *yaml.Node)
	visit = func(p render.Path, n *yaml.Node) {
		switch n.Kind {
		case yaml.MappingNode:
			maps = append(maps, p)
			for i := 0; i < len(n.Content); i += 2 {
				visit(p.Key(n.Content[i].Value), n.Content[i+1])
			}
		case yaml.SequenceNode:
			lists = append(lists, p)
			for i, c := range n.Content {
				visit(p.At(i), c)
			}
		default:
			scalars = append(scalars, p)
		}
	}
	visit(nil, f.Root(doc))
	return maps, lists, scalars
}

// randomOps asks for one to three changes at different places.
func randomOps(g *rand.Rand, f *File) []Op {
	var ops []Op
	for i := range 1 + g.Intn(3) {
		doc := g.Intn(f.Len())
		maps, lists, scalars := places(f, doc)
		key := fmt.Sprintf("new%d", i)
		values := []any{true, "yes", 3, m{"name": "x", "drop": []any{"ALL"}}, []any{m{"a": 1, "b": m{"c": 2}}}, m{}}
		v := values[g.Intn(len(values))]
		switch n := g.Intn(5); {
		case n == 1 && len(scalars) > 0:
			ops = append(ops, Set{doc, scalars[g.Intn(len(scalars))], v})
		case n == 2 && len(lists) > 0:
			ops = append(ops, Append{doc, lists[g.Intn(len(lists))], m{"new": key}})
		case n == 3 && i == 0 && len(scalars) > 0 && !scalars[0][len(scalars[0])-1].IsIndex:
			ops = append(ops, Delete{doc, scalars[0]})
		case n == 4:
			ops = append(ops, Set{doc, maps[g.Intn(len(maps))].Key(key, "deep", "er"), v})
		default:
			ops = append(ops, Set{doc, maps[g.Intn(len(maps))].Key(key), v})
		}
	}
	return ops
}

// TestGeneratedDocuments edits documents without anchors, where nothing may be refused but what has no place to be.
func TestGeneratedDocuments(t *testing.T) {
	refused := 0
	const rounds = 800
	for seed := range int64(rounds) {
		in := generate(seed)
		f, err := Parse([]byte(in))
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, in)
		}
		ops := randomOps(rand.New(rand.NewSource(seed)), f)
		edits, err := f.Plan(ops...)
		if err != nil {
			if refused++; !strings.Contains(err.Error(), "scalar") && !strings.Contains(err.Error(), "not a") {
				t.Errorf("seed %d: %v\n%+v\n%s", seed, err, ops, in)
			}
			continue
		}
		checkPlan(t, f.data, ops, true)
		checkStyle(t, seed, f, ops, edits)
		checkOneByOne(t, seed, f, ops, edits)
	}
	if refused > rounds/20 {
		t.Errorf("%d of %d plans refused", refused, rounds)
	}
}

// checkStyle holds that comments stay, unless something is deleted, and that new lines break as the file's do.
func checkStyle(t *testing.T, seed int64, f *File, ops []Op, edits []Edit) {
	in := string(f.data)
	for _, e := range edits {
		if strings.Contains(in, "\r\n") && strings.Count(e.New, "\n") != strings.Count(e.New, "\r\n") {
			t.Errorf("seed %d: %+v breaks lines another way than the file", seed, e)
		}
	}
	out, err := ApplyEdits(f.data, edits)
	if err != nil {
		t.Fatal(err)
	}
	if _, deletes := ops[0].(Delete); deletes {
		return
	}
	for _, c := range []string{"# note", "# about", "# deeper", "# block", "# document"} {
		if strings.Count(in, c) != strings.Count(string(out), c) {
			t.Errorf("seed %d: a comment %q is gone", seed, c)
		}
	}
}

// checkOneByOne holds that operations planned together make the same tree as planned one after the other.
func checkOneByOne(t *testing.T, seed int64, f *File, ops []Op, edits []Edit) {
	together, err := ApplyEdits(f.data, edits)
	if err != nil {
		t.Fatal(err)
	}
	apart := f.data
	for _, op := range ops {
		apart = []byte(edited(t, string(apart), op))
	}
	a, err := Parse(together)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Parse(apart)
	if err != nil {
		t.Fatal(err)
	}
	for i := range a.docs {
		if !(comparer{}).equal(a.docs[i].y(), b.docs[i].y()) {
			t.Errorf("seed %d: together:\n%s\none by one:\n%s", seed, together, apart)
		}
	}
}
