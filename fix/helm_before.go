package fix

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"github.com/syncgate/syncgate/render"
)

// unpatched is how a Helm source renders without any patch.
type unpatched struct {
	objects []render.Object
	masks   []map[string]bool // by object: paths whose values differ from render to render
	renamed []bool            // by object: its name differs from render to render
}

var (
	// chancePattern matches templates whose output can differ from render to render.
	chancePattern = regexp.MustCompile(`\b(rand[A-Z]\w*|uuidv4|now|ago|gen[A-Z]\w*|shuffle|bcrypt|htpasswd|encryptAES)\b`)
	// clockPattern matches those that tell the time.
	clockPattern = regexp.MustCompile(`\b(now|ago)\b`)
)

// changes reports whether the templates of a source call what differs from render to render, and whether that is time.
func (h *helmSource) changes() (chance, clock bool) {
	for i := range h.view.Parts {
		for _, f := range h.view.Parts[i].Templates {
			chance = chance || chancePattern.Match(f.Data)
			clock = clock || clockPattern.Match(f.Data)
		}
	}
	return chance, clock
}

// chance is what becomes known of values that differ from render to render, by two renders of sources. What comes between
// them is time for other work.
type chance struct {
	sources []render.Source
	first   map[string]render.Result
	second  time.Time // when the second render may begin
}

// meetChance renders those sources a first time whose templates call functions of chance or time.
func (p *prover) meetChance(ctx context.Context, list []*helmSource) (*chance, error) {
	c := &chance{}
	wait := false
	for _, h := range list {
		if h.view == nil || p.unpatched[h.source.ID] != nil {
			continue
		}
		if chance, clock := h.changes(); chance {
			c.sources = append(c.sources, h.judged())
			wait = wait || clock
		}
	}
	var err error
	if len(c.sources) > 0 {
		c.first, err = p.renderAll(ctx, p.tree, c.sources)
	}
	if wait { // most clocks in templates show seconds
		c.second = time.Now().Truncate(time.Second).Add(time.Second + time.Millisecond)
	}
	return c, err
}

// learnChance renders the sources once more, and notes what differs.
func (p *prover) learnChance(ctx context.Context, c *chance) error {
	if len(c.sources) == 0 {
		return nil
	}
	time.Sleep(time.Until(c.second))
	second, err := p.renderAll(ctx, p.tree, c.sources)
	if err != nil {
		return err
	}
	for _, src := range c.sources {
		p.keepUnpatched(c.first[src.ID], second[src.ID])
	}
	return nil
}

// unpatchedAll renders those of the named sources once whose unpatched objects are not known yet.
func (p *prover) unpatchedAll(ctx context.Context, ids map[string]bool) error {
	var sources []render.Source
	for i := range p.before.Sources {
		if s := p.before.Sources[i].Source; ids[s.ID] && p.unpatched[s.ID] == nil {
			sources = append(sources, s)
		}
	}
	if len(sources) == 0 {
		return nil
	}
	results, err := p.renderAll(ctx, p.tree, sources)
	for _, res := range results {
		p.keepUnpatched(res, res)
	}
	return err
}

// keepUnpatched notes two renders of one source.
func (p *prover) keepUnpatched(a, b render.Result) {
	if p.unpatched == nil {
		p.unpatched = map[string]*unpatched{}
	}
	if a.Err != nil || b.Err != nil || len(a.Objects) != len(b.Objects) {
		return
	}
	u := &unpatched{objects: a.Objects, masks: make([]map[string]bool, len(a.Objects)), renamed: make([]bool, len(a.Objects))}
	for i := range a.Objects {
		x, y := &a.Objects[i], &b.Objects[i]
		u.renamed[i] = x.Name != y.Name
		var v, w any
		if string(x.JSON) == string(y.JSON) || json.Unmarshal(x.JSON, &v) != nil || json.Unmarshal(y.JSON, &w) != nil {
			continue
		}
		u.masks[i] = map[string]bool{}
		for _, d := range differences(v, w, nil) {
			u.masks[i][d.path.String()] = true
		}
	}
	p.unpatched[a.Source.ID] = u
}

// masked reports whether a path of the i-th object differs from render to render.
func (u *unpatched) masked(i int, path render.Path) bool {
	if u == nil || i >= len(u.masks) || u.masks[i] == nil {
		return false
	}
	for n := range path {
		if u.masks[i][path[:n+1].String()] {
			return true
		}
	}
	return false
}

// stableNames gives the objects of a render that have another name each time the names of the first one, so that they,
// and findings about them, can be told to be the same.
func (p *prover) stableNames(id string, objects []render.Object) {
	known := p.objects[id]
	if len(known) != len(objects) {
		return
	}
	u := p.unpatched[id]
	for i := range objects {
		o := &objects[i]
		if u == nil || i >= len(u.renamed) || !u.renamed[i] {
			continue
		}
		if parts := strings.Split(known[i].id, "\x00"); len(parts) == 4 && parts[0] == o.APIVersion && parts[1] == o.Kind {
			o.Name = parts[3]
		}
	}
}

// maskedFields lists, for each source, the fields that differ from render to render.
func (p *prover) maskedFields() map[string][]string {
	out := map[string][]string{}
	for _, id := range sortedNames(p.unpatched) {
		u := p.unpatched[id]
		for i := range u.masks {
			for _, path := range sortedNames(u.masks[i]) {
				out[id] = append(out[id], u.objects[i].ID()+": "+path)
			}
		}
	}
	return out
}
