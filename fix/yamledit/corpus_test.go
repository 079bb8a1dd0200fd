//go:build corpus

package yamledit

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/render"
)

const corpusPlaces = 5 // for each kind of edit in each file

// corpusRun collects what happened over all files.
type corpusRun struct {
	files, unparsed, plans, edits, noops, mismatches int
	refused                                          map[string]int
	examples                                         map[string]string
}

// TestCorpus edits every YAML and JSON file under $SYNCGATE_CORPUS at random places and compares with what kyaml makes of
// the same edit on its own nodes.
func TestCorpus(t *testing.T) {
	root := os.Getenv("SYNCGATE_CORPUS")
	if root == "" {
		t.Fatal("SYNCGATE_CORPUS must name the folder of files to try")
	}
	run := &corpusRun{refused: map[string]int{}, examples: map[string]string{}}
	err := filepath.WalkDir(root, func(file string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		switch filepath.Ext(file) {
		case ".yaml", ".yml", ".json":
			run.file(t, file)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	run.report(t)
}

func (r *corpusRun) report(t *testing.T) {
	refusals := 0
	var reasons []string
	for reason, n := range r.refused {
		refusals += n
		reasons = append(reasons, fmt.Sprintf("%6d  %s (%s)", n, reason, r.examples[reason]))
	}
	sort.Strings(reasons)
	fmt.Printf("files %d (and %d that do not parse), plans %d, of which no-op %d, edits %d, refused %d (%.2f %%), mismatches %d\n",
		r.files, r.unparsed, r.plans, r.noops, r.edits, refusals, 100*float64(refusals)/float64(r.plans), r.mismatches)
	fmt.Println(strings.Join(reasons, "\n"))
	if r.mismatches > 0 || refusals*100 >= r.plans {
		t.Errorf("%d mismatches, %d refusals of %d plans", r.mismatches, refusals, r.plans)
	}
}

// place is a node that an edit can be made at.
type place struct {
	doc  int
	path render.Path
	node *yaml.Node
}

func (r *corpusRun) file(t *testing.T, name string) {
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Parse(data)
	if err != nil {
		r.unparsed++
		return
	}
	r.files++
	var maps, scalars, lists []place
	for i := range f.Len() {
		collect(place{i, nil, f.Root(i)}, &maps, &scalars, &lists)
	}
	h := fnv.New64()
	h.Write(data)
	rng := rand.New(rand.NewSource(int64(h.Sum64())))
	for range corpusPlaces {
		if len(maps) > 0 {
			p := maps[rng.Intn(len(maps))]
			r.try(t, name, f, p, Set{p.doc, p.path.Key("addedByTest"), corpusValue(rng)})
		}
		if len(scalars) > 0 {
			p := scalars[rng.Intn(len(scalars))]
			r.try(t, name, f, p, Set{p.doc, p.path, corpusScalar(rng)})
			p = scalars[rng.Intn(len(scalars))]
			if v, ok := goValue(p.node); ok {
				r.try(t, name, f, p, Set{p.doc, p.path, v})
			}
		}
		if len(lists) > 0 {
			p := lists[rng.Intn(len(lists))]
			r.try(t, name, f, p, Append{p.doc, p.path, corpusValue(rng)})
		}
	}
}

func collect(p place, maps, scalars, lists *[]place) {
	if p.node == nil {
		return
	}
	switch p.node.Kind {
	case yaml.MappingNode:
		*maps = append(*maps, p)
		for i := 0; i < len(p.node.Content); i += 2 {
			if k := p.node.Content[i]; k.Kind == yaml.ScalarNode && !isMerge(k) {
				collect(place{p.doc, p.path.Key(k.Value), p.node.Content[i+1]}, maps, scalars, lists)
			}
		}
	case yaml.SequenceNode:
		*lists = append(*lists, p)
		for i, c := range p.node.Content {
			collect(place{p.doc, p.path.At(i), c}, maps, scalars, lists)
		}
	case yaml.ScalarNode:
		if len(p.path) > 0 {
			*scalars = append(*scalars, p)
		}
	}
}

func corpusScalar(rng *rand.Rand) any {
	return []any{true, false, 7, "plain text", "needs: quotes", "on", "ünïcode", "two\nlines\n"}[rng.Intn(8)]
}

func corpusValue(rng *rand.Rand) any {
	if rng.Intn(2) == 0 {
		return corpusScalar(rng)
	}
	return []any{
		map[string]any{"runAsNonRoot": true, "capabilities": map[string]any{"drop": []any{"ALL"}}},
		map[string]any{"name": "x", "emptyDir": map[string]any{}},
		[]any{"a", map[string]any{"name": "b", "value": "1"}},
	}[rng.Intn(3)]
}

// goValue is the value that a scalar holds, when it is one that can be set.
func goValue(n *yaml.Node) (any, bool) {
	var v any
	if n.Decode(&v) != nil {
		return nil, false
	}
	switch v.(type) {
	case bool, int, int64, string:
		return v, true
	}
	return nil, false
}

func (r *corpusRun) try(t *testing.T, name string, f *File, p place, op Op) {
	r.plans++
	edits, err := f.Plan(op)
	var refused *RefusedError
	if errors.As(err, &refused) {
		r.refused[refused.Reason]++
		if testing.Verbose() {
			fmt.Printf("refused: %s: %v: %T %+v\n", name, err, op, op)
		}
		r.examples[refused.Reason] = fmt.Sprintf("%s: %v", name, err)
		return
	}
	want, changed := kyamlResult(t, f, p, op)
	if err != nil {
		r.mismatch(t, name, op, err.Error())
		return
	}
	if len(edits) == 0 {
		r.noops++
		if changed {
			r.mismatch(t, name, op, "no edit for what is to change")
		}
		return
	}
	r.edits++
	out, err := ApplyEdits(f.data, edits)
	if err != nil {
		r.mismatch(t, name, op, err.Error())
		return
	}
	got, err := decode(out)
	if err != nil || !sameValues(got, want) {
		r.mismatch(t, name, op, fmt.Sprintf("reads differently from kyaml's tree (%v)", err))
	}
	if again, err := Plan(out, op); err != nil || len(again) > 0 {
		r.mismatch(t, name, op, fmt.Sprintf("asked again: %v, %v", again, err))
	}
	if len(p.node.Content) > 0 && p.node.Style&yaml.FlowStyle == 0 {
		for _, e := range edits {
			if e.Start != e.End {
				r.mismatch(t, name, op, fmt.Sprintf("an addition that removes bytes: %+v", e))
			}
		}
	}
}

func (r *corpusRun) mismatch(t *testing.T, name string, op Op, what string) {
	r.mismatches++
	t.Errorf("%s: %+v: %s", name, op, what)
}

// kyamlResult makes the edit with kyaml's own filters on freshly parsed nodes.
func kyamlResult(t *testing.T, f *File, p place, op Op) (roots []*yaml.Node, changed bool) {
	roots, err := decode(f.data)
	if err != nil {
		t.Fatal(err)
	}
	before := valuesOf(roots)
	switch op := op.(type) {
	case Set:
		kyamlSet(t, roots[p.doc], op.Path, op.Value)
	case Append:
		list := nodeAt(t, roots[p.doc], op.Path)
		list.Content = append(list.Content, valueNode(t, op.Value))
	}
	return roots, !reflect.DeepEqual(before, valuesOf(roots))
}

func kyamlSet(t *testing.T, root *yaml.Node, p render.Path, value any) {
	parent, last := nodeAt(t, root, p[:len(p)-1]), p[len(p)-1]
	if last.IsIndex {
		parent.Content[last.Index] = valueNode(t, value)
		return
	}
	if i := keyIndex(parent, last.Key); i >= 0 { // kyaml's SetField keeps the old node's style, which may be a tag
		parent.Content[i+1] = valueNode(t, value)
		return
	}
	v := yaml.NewRNode(valueNode(t, value))
	if _, err := yaml.NewRNode(parent).Pipe(yaml.SetField(last.Key, v)); err != nil {
		t.Fatal(err)
	}
}

func nodeAt(t *testing.T, n *yaml.Node, p render.Path) *yaml.Node {
	for _, s := range p {
		if s.IsIndex {
			n = n.Content[s.Index]
		} else {
			n = n.Content[keyIndex(n, s.Key)+1]
		}
	}
	return n
}

func valueNode(t *testing.T, value any) *yaml.Node {
	var n yaml.Node
	if err := n.Encode(value); err != nil {
		t.Fatal(err)
	}
	return &n
}

// sameValues compares what two lists of documents decode to.
func sameValues(got, want []*yaml.Node) bool {
	return reflect.DeepEqual(valuesOf(got), valuesOf(want))
}

func valuesOf(roots []*yaml.Node) []any {
	var out []any
	for _, n := range roots {
		var v any
		if err := n.Decode(&v); err != nil {
			out = append(out, err.Error())
			continue
		}
		out = append(out, v)
	}
	return out
}
