package fix

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/syncgate/syncgate/render"
)

// testedValues is a chart with values of its ci folder, with which chart-testing installs it
// (https://github.com/helm/chart-testing). Nobody deploys it like that, so that nothing is found there, but what a fix does
// to it must be as good.
type testedValues struct {
	of     render.Source // the chart with its own values
	source render.Source
	before *render.Result // nil when not rendered yet
}

// testedWith lists the values in the ci folder of a chart.
func (p *prover) testedWith(src render.Source) []*testedValues {
	if list, ok := p.tested[src.ID]; ok {
		return list
	}
	if p.tested == nil {
		p.tested = map[string][]*testedValues{}
	}
	var out []*testedValues
	dir := path.Join(src.Path, "ci")
	if src.Kind == render.KindHelm && len(src.Helm.Values) == 0 && p.tree.IsDir(dir) {
		entries, err := p.tree.ReadDir(dir)
		for _, e := range entries {
			if err != nil || e.Dir || !strings.HasSuffix(e.Name, "-values.yaml") {
				continue
			}
			x := &testedValues{of: src, source: src}
			x.source.ID = src.ID + " with ci/" + e.Name
			x.source.Helm.Values = []render.ValueLayer{{File: path.Join(dir, e.Name), Encoding: render.EncodingFile}}
			out = append(out, x)
		}
	}
	p.tested[src.ID] = out
	return out
}

// compareTested renders charts that read one of the named files with the values of their ci folders, with all files
// edited, and says what changed that no patch is for.
func (p *prover) compareTested(ctx context.Context, files []FileChange, patches []*Patch, names []string) ([]problem, error) {
	var all []*testedValues
	var sources, fresh []render.Source
	reads := map[string]render.ReadSet{}
	for i := range p.before.Sources {
		s := &p.before.Sources[i]
		if s.Err != nil || s.Source.Kind != render.KindHelm || !s.Read.Affected(names) {
			continue
		}
		reads[s.Source.ID] = s.Read
		for _, x := range p.testedWith(s.Source) {
			if x.before == nil {
				fresh = append(fresh, x.source)
			}
			all, sources = append(all, x), append(sources, x.source)
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	before, err := p.renderAll(ctx, p.tree, fresh)
	if err != nil {
		return nil, err
	}
	overlay := map[string][]byte{}
	for _, f := range files {
		overlay[f.Name] = f.After
	}
	after, err := p.renderAll(ctx, p.tree.With(overlay), sources)
	if err != nil {
		return nil, err
	}
	var out []problem
	shared := map[string]*sharing{}
	for _, x := range all {
		if res, ok := before[x.source.ID]; ok && x.before == nil {
			x.before = &res
		}
		if shared[x.of.ID] == nil {
			shared[x.of.ID] = sharingOf(patches, x.of.ID)
		}
		res := after[x.source.ID]
		pr, err := p.testedProblem(ctx, x, &res, shared[x.of.ID])
		if err != nil {
			return nil, err
		}
		if pr != nil {
			pr.source, pr.read = x.of.ID, reads[x.of.ID]
			out = append(out, *pr)
		}
	}
	return out, nil
}

// testedProblem is the first change that no patch is for, nil when there is none.
func (p *prover) testedProblem(ctx context.Context, x *testedValues, res *render.Result, shared *sharing) (*problem, error) {
	old := x.before
	switch {
	case old.Err != nil:
		return nil, nil
	case res.Err != nil:
		return &problem{reason: fmt.Sprintf("%s does not render with it: %v", x.source.ID, res.Err)}, nil
	case len(old.Objects) != len(res.Objects):
		return &problem{reason: fmt.Sprintf("%s renders %d objects with it instead of %d", x.source.ID, len(res.Objects), len(old.Objects))}, nil
	case res.Doubled > old.Doubled:
		return &problem{reason: x.source.ID + " would hold a key twice"}, nil
	}
	i, at := otherChange(old, res, shared, nil)
	if at == nil {
		return nil, nil
	}
	if chance, _ := p.helmSource(x.of).changes(); chance {
		again, err := p.renderAll(ctx, p.tree, []render.Source{x.source})
		if err != nil {
			return nil, err
		}
		third := again[x.source.ID]
		if i, at = otherChange(old, res, shared, &third); at == nil {
			return nil, nil
		}
	}
	o := &old.Objects[i]
	return &problem{reason: fmt.Sprintf("it would also change %s of %s in %s", at, o.ID(), x.source.ID),
		object: x.of.ID + "\x00" + objectKey(o), path: at}, nil
}

// otherChange is the first field of two renders that differs, and neither is one that patches may change, nor differs
// between the first one and a further one without any patch. It is nil when there is none.
func otherChange(a, b *render.Result, shared *sharing, again *render.Result) (object int, at render.Path) {
	for i := range a.Objects {
		if string(a.Objects[i].JSON) == string(b.Objects[i].JSON) {
			continue
		}
		var v, w any
		if json.Unmarshal(a.Objects[i].JSON, &v) != nil || json.Unmarshal(b.Objects[i].JSON, &w) != nil {
			return i, render.Path{}
		}
		masked := map[string]bool{}
		if again != nil && len(again.Objects) == len(a.Objects) {
			var u any
			if json.Unmarshal(again.Objects[i].JSON, &u) == nil {
				for _, d := range differences(v, u, render.Path{}) {
					masked[d.path.String()] = true
				}
			}
		}
		for _, d := range differences(v, w, render.Path{}) {
			if !shared.asks(d) && !isChecksum(d) && !masked[d.path.String()] {
				return i, d.path
			}
		}
	}
	return 0, nil
}
