package fix

import (
	"context"
	"sort"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

// helmSource is what the Helm rungs know about one source. It is made once for a run: nothing that it holds depends on
// patches.
type helmSource struct {
	key      string // in prover.helm
	source   render.Source
	inflated *inflated // how a kustomization has it rendered, nil for a chart on its own
	view     *render.ChartView
	failed   string // why the chart cannot be inspected, "" when it can
	needs    []need // what the findings of the source ask for, field by field
	refs     references
	landed   map[landing]*probe // which probe stood at which field of the render
	reach    map[*valueNode]map[string]bool
	marks    *marking
	tries    int // renders that were to find what breaks the source
	// excluded are values that were tried in vain.
	excluded map[string]bool
	// own are values that the source needs other than those it shares a chart with: they go into its own layer.
	own map[string]bool
}

// landing is a field of a rendered object, or a list that a probe was added to.
type landing struct{ object, path string }

// need is one field that a finding asks for.
type need struct {
	finding *check.Finding
	object  string // objectKey
	path    render.Path
	other   render.Path // where the same value does as well, nil when nowhere
	value   any
	member  bool // value is to be a member of the list at path
	mount   bool // of a check.Mount
}

// helmSources groups the findings in templates by source, inspecting each chart the first time.
func (p *prover) helmSources(findings []check.Finding) (list []*helmSource, left []Left) {
	byID := map[string]*helmSource{}
	for i := range findings {
		f := &findings[i]
		src, ok := p.sourceOf(f)
		switch {
		case !f.Object.Template || !ok:
			continue
		}
		var h *helmSource
		if src.Kind == render.KindHelm {
			h = p.helmSource(src)
		} else {
			var reason string
			if h, reason = p.inflatedSource(src, f); reason != "" {
				left = append(left, Left{*f, reason})
				continue
			}
		}
		if byID[h.key] == nil {
			h.needs = nil
			byID[h.key] = h
			list = append(list, h)
		}
		if h.failed != "" {
			left = append(left, Left{*f, h.failed})
			continue
		}
		h.needs = append(h.needs, needsOf(f)...)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].key < list[j].key })
	return list, left
}

// helmSource is what is known about a source, kept from rung to rung.
func (p *prover) helmSource(src render.Source) *helmSource {
	if h := p.helm[src.ID]; h != nil {
		return h
	}
	return p.newHelmSource(src.ID, src)
}

// newHelmSource inspects a chart.
func (p *prover) newHelmSource(key string, src render.Source) *helmSource {
	h := &helmSource{key: key, source: src, excluded: map[string]bool{}, own: map[string]bool{}}
	view, err := render.InspectChart(p.tree, src, p.options.Render)
	if err != nil {
		h.failed = "its chart cannot be inspected: " + err.Error()
	} else {
		h.view = view
		h.refs = referencedValues(view)
	}
	if p.helm == nil {
		p.helm = map[string]*helmSource{}
	}
	p.helm[key] = h
	return h
}

// needsOf takes a finding apart into single fields.
func needsOf(f *check.Finding) []need {
	var out []need
	for _, w := range f.Want {
		n := need{finding: f, object: objectKey(f.Object)}
		switch w := w.(type) {
		case check.Set:
			out = append(out, leaves(n, w.Path, w.Value)...)
		case check.Add:
			n.path, n.value, n.member = w.Path, w.Member, true
			out = append(out, n)
		case check.Mount:
			n.member, n.mount = true, true
			n.path, n.value = w.Container.Key("volumeMounts"), mountOf(w)
			out = append(out, n)
			n.path, n.value = w.Pod.Key("volumes"), volumeOf(w)
			out = append(out, n)
		}
	}
	for i := range out {
		out[i].other = containerInstead(f, out[i].path)
	}
	return out
}

// leaves are the scalar fields of a wanted value.
func leaves(n need, p render.Path, value any) []need {
	m, ok := value.(map[string]any)
	if !ok {
		n.path, n.value = p, value
		return []need{n}
	}
	var out []need
	for _, k := range sortedNames(m) {
		out = append(out, leaves(n, p.Key(k), m[k])...)
	}
	return out
}

// containerInstead is where a field of the pod's security context can stand in the finding's own container.
func containerInstead(f *check.Finding, p render.Path) render.Path {
	at := lastIndex(f.Path)
	if f.Container == "" || at < 0 || lastIndex(p) >= 0 {
		return nil
	}
	for i, s := range p {
		if s.Key == "securityContext" {
			return append(f.Path[:at+1:at+1], p[i:]...)
		}
	}
	return nil
}

// lastIndex is the position of a path's last index, -1 when it has none.
func lastIndex(p render.Path) int {
	for i := len(p) - 1; i >= 0; i-- {
		if p[i].IsIndex {
			return i
		}
	}
	return -1
}

func sortedNames[T any](m map[string]T) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// renderAll renders sources of a tree and returns the results by source.
func (p *prover) renderAll(ctx context.Context, t *render.Tree, sources []render.Source) (map[string]render.Result, error) {
	out := map[string]render.Result{}
	done := make(chan render.Result)
	var err error
	go func() {
		err = p.pool.Render(ctx, t, sources, func(r render.Result) { done <- r })
		close(done)
	}()
	for r := range done {
		out[r.Source.ID] = r
	}
	return out, err
}
