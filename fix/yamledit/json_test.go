package yamledit

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"reflect"
	"testing"

	"github.com/syncgate/syncgate/render"
)

// randomJSON makes a value of objects, arrays and strings.
func randomJSON(g *rand.Rand, depth int) any {
	switch n := g.Intn(4); {
	case depth > 0 && n < 2:
		o := map[string]any{}
		for i := range g.Intn(4) {
			o[fmt.Sprintf("k%d", i)] = randomJSON(g, depth-1)
		}
		return o
	case depth > 0 && n == 2:
		a := []any{}
		for range g.Intn(4) {
			a = append(a, randomJSON(g, depth-1))
		}
		return a
	}
	return []any{"text", "yes", 1.0, true, nil, "ü \"q\" \\ \n"}[g.Intn(6)]
}

// changeJSON picks a random place in v, changes it there, and says by which operation.
func changeJSON(g *rand.Rand, v any, p render.Path) (any, Op) {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range sortedKeys(v) {
			c := v[k]
			if _, nested := c.(string); !nested && g.Intn(3) > 0 {
				if changed, op := changeJSON(g, c, p.Key(k)); op != nil {
					v[k] = changed
					return v, op
				}
			}
			if g.Intn(4) == 0 {
				delete(v, k)
				return v, Delete{Path: p.Key(k)}
			}
		}
		added := []any{"on", map[string]any{"a": []any{"b", 1.0}, "name": "c"}}[g.Intn(2)]
		v["added"] = added
		return v, Set{Path: p.Key("added"), Value: added}
	case []any:
		v = append(v, "a new item")
		return v, Append{Path: p, Value: "a new item"}
	}
	return v, nil
}

// TestGeneratedJSON compares edits of JSON, pretty and minified, with encoding/json.
func TestGeneratedJSON(t *testing.T) {
	for seed := range int64(1500) {
		g := rand.New(rand.NewSource(seed))
		v := map[string]any{"root": randomJSON(g, 4), "other": randomJSON(g, 3)}
		in, err := json.MarshalIndent(v, "", []string{"  ", "\t", "    "}[g.Intn(3)])
		if g.Intn(3) == 0 {
			in, err = json.Marshal(v)
		}
		if err != nil {
			t.Fatal(err)
		}
		want, op := changeJSON(g, v, nil)
		edits, err := Plan(in, op)
		if err != nil {
			t.Errorf("seed %d: %v: %+v on\n%s", seed, err, op, in)
			continue
		}
		out, err := ApplyEdits(in, edits)
		if err != nil {
			t.Fatal(err)
		}
		var got any
		if err := json.Unmarshal(out, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("seed %d: %v: %+v on\n%s\nmakes\n%s", seed, err, op, in, out)
		}
	}
}
