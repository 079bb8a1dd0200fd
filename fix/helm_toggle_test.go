//go:build fixrate

package fix

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/syncgate/syncgate/render"
)

// toggles renders each mended chart, before and after, with each of its ci/*-values.yaml and with each boolean of its
// values flipped once, and counts what differs beside the fields that were wanted.
func (r *rate) toggles(t *testing.T, tree *render.Tree, v *Verified) {
	t.Helper()
	after := tree.With(contentsOf(v))
	pool := render.NewPool(tree, render.Options{}, render.Limits{})
	defer pool.Close()
	for _, s := range v.before.Sources {
		src := s.Source
		shared := sharingOf(v.patches, src.ID)
		if src.Kind != render.KindHelm || s.Err != nil || len(shared.fields) == 0 {
			continue
		}
		view, err := render.InspectChart(tree, src, render.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var sources []render.Source
		for _, f := range view.Parts[0].Raw {
			if ok, _ := path.Match("ci/*-values.yaml", f.Name); ok {
				x := src
				x.ID += " " + f.Name
				x.Helm.Values = append(x.Helm.Values[:len(x.Helm.Values):len(x.Helm.Values)], render.ValueLayer{File: f.File})
				sources = append(sources, x)
			}
		}
		eachBool(map[string]any(view.Values), "", func(key string, on bool) {
			x := src
			x.ID = fmt.Sprintf("%s %s=%t", src.ID, key, !on)
			x.Helm.Set = append(x.Helm.Set[:len(x.Helm.Set):len(x.Helm.Set)], fmt.Sprintf("%s=%t", key, !on))
			sources = append(sources, x)
		})
		a, b, again := all(t, pool, tree, sources), all(t, pool, after, sources), all(t, pool, tree, sources)
		for _, x := range sources {
			if a[x.ID].Err != nil {
				continue
			}
			r.toggled++
			for _, d := range unwanted(a[x.ID], b[x.ID], again[x.ID], shared) {
				r.unwanted = append(r.unwanted, x.ID+": "+d)
			}
		}
	}
}

func all(t *testing.T, pool *render.Pool, tree *render.Tree, sources []render.Source) map[string]render.Result {
	t.Helper()
	p := &prover{pool: pool}
	out, err := p.renderAll(context.Background(), tree, sources)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func eachBool(v any, at string, f func(string, bool)) {
	m, ok := v.(map[string]any)
	if !ok {
		if on, ok := v.(bool); ok {
			f(at, on)
		}
		return
	}
	for _, k := range sortedNames(m) {
		eachBool(m[k], strings.TrimPrefix(at+"."+strings.ReplaceAll(k, ".", `\.`), "."), f)
	}
}

// unwanted lists what differs between two renders beside wanted fields, checksums, and what differs each time.
func unwanted(a, b, again render.Result, shared *sharing) []string {
	if b.Err != nil {
		return []string{"does not render: " + b.Err.Error()}
	}
	if len(a.Objects) != len(b.Objects) {
		return []string{"renders other objects"}
	}
	if b.Doubled > a.Doubled {
		return []string{"holds a key twice"}
	}
	var out []string
	for i := range a.Objects {
		var x, y, z any
		json.Unmarshal(a.Objects[i].JSON, &x)
		json.Unmarshal(b.Objects[i].JSON, &y)
		json.Unmarshal(again.Objects[i].JSON, &z)
		masked := map[string]bool{}
		for _, d := range differences(x, z, render.Path{}) {
			masked[d.path.String()] = true
		}
		for _, d := range differences(x, y, render.Path{}) {
			field := fieldOf(d.path)
			if n := len(d.path); d.path[n-1].IsIndex {
				field = fieldOf(d.path[:n-1]) + fmt.Sprintf("+=%v", d.new)
			}
			known := false
			for f := range shared.fields {
				known = known || f == field || strings.HasPrefix(f, field+"+=")
			}
			if !known && !masked[d.path.String()] && !isChecksum(d) {
				out = append(out, fmt.Sprintf("%s %s: %v becomes %v", a.Objects[i].ID(), d.path, d.old, d.new))
			}
		}
	}
	return out
}
