package fix

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/syncgate/syncgate/render"
)

// probe is one field of a candidate, to be found again in the render by its token.
type probe struct {
	node   *valueNode
	tail   render.Path // below the candidate
	member bool        // an item of the list at tail
	token  string
	value  any // what is wanted there, for trials
}

// probeFile names the values that carry the probes of the i-th source. It stands in no tree, only in what is laid over
// one for a probe.
func probeFile(i int) string { return fmt.Sprintf(".syncgate-probe/%d.yaml", i) }

var tokenPattern = regexp.MustCompile(`^/?sgprobe-([0-9]+)$`)

// probeAll finds out which values reach which fields, for all sources at once: one render of each with a token in every
// candidate. Where that fails, the candidates are halved until it does not.
func (p *prover) probeAll(ctx context.Context, list []*helmSource) error {
	var jobs []probeJob
	for _, h := range list {
		if h.failed != "" || len(h.needs) == 0 || h.landed != nil {
			continue
		}
		h.landed, h.reach = map[landing]*probe{}, map[*valueNode]map[string]bool{}
		if probes := h.probes(); len(probes) > 0 {
			jobs = append(jobs, probeJob{h, probes, false})
		}
	}
	if err := p.rounds(ctx, jobs); err != nil {
		return err
	}
	if err := p.rounds(ctx, trials(jobs)); err != nil {
		return err
	}
	return p.rounds(ctx, sharedFirst(jobs))
}

// sharedFirst are jobs for sources some of whose values stand for one component: what several components share, global
// values above all, goes before those where it reaches the same fields.
func sharedFirst(done []probeJob) []probeJob {
	var out []probeJob
	for _, j := range done {
		h := j.source
		own := map[class]bool{}
		for _, x := range h.landed {
			own[x.node.class] = own[x.node.class] || !h.isShared(x.node)
		}
		var probes []*probe
		for _, x := range j.probes {
			if own[x.node.class] && h.isShared(x.node) {
				probes = append(probes, x)
			}
		}
		if len(probes) > 0 {
			h.tries = 0
			out = append(out, probeJob{h, probes, false})
		}
	}
	return out
}

// isShared reports whether a value belongs to no component of its chart.
func (h *helmSource) isShared(n *valueNode) bool {
	own := n.keys
	for i := range h.view.Parts {
		if k := render.Keys(h.view.Parts[i].Keys...); n.keys.HasPrefix(k) && len(n.keys)-len(k) < len(own) {
			own = n.keys[len(k):]
		}
	}
	return len(own) == 1 || slices.Contains([]string{"global", "defaults", "default", "common"}, own[0].Key)
}

// rounds renders jobs, all in one batch, and then what they have to be divided into.
func (p *prover) rounds(ctx context.Context, jobs []probeJob) error {
	for len(jobs) > 0 {
		edits := map[string][]byte{}
		var sources []render.Source
		for i := range jobs {
			src := jobs[i].source.source
			src.ID = strconv.Itoa(i)
			src.Helm.SkipSchema = true
			src.Helm.Values = append(slices.Clone(src.Helm.Values), render.ValueLayer{File: probeFile(i)})
			data, err := yaml.Marshal(jobs[i].values())
			if err != nil {
				return fmt.Errorf("probing %s: %w", src.Path, err)
			}
			edits[probeFile(i)] = data
			sources = append(sources, src)
		}
		results, err := p.renderAll(ctx, p.tree.With(edits), sources)
		if err != nil {
			return err
		}
		var next []probeJob
		for i, job := range jobs {
			res := results[strconv.Itoa(i)]
			p.stableNames(job.source.source.ID, res.Objects)
			job.source.rename(res.Objects)
			switch {
			case res.Err != nil:
				next = append(next, job.halves(res.Err)...)
			case job.loses(&res) && len(job.probes) > 1: // a probe stands where a template decides by
				next = append(next, job.halves(nil)...)
			case job.trial:
				next = append(next, job.judge(&res)...)
			default:
				job.read(&res)
			}
		}
		jobs = next
	}
	return nil
}

// probeJob is a set of probes to be tried together.
type probeJob struct {
	source *helmSource
	probes []*probe
	trial  bool // with the wanted values instead of tokens
}

// maxTries bounds how often one source is rendered to find the probes or marks that break it.
const maxTries = 64

// mayTry reports whether a source that did not render may be tried again in halves. A limit that was hit ends the search:
// what comes near it stays as it is.
func (h *helmSource) mayTry(err *render.Error) bool {
	h.tries++
	return (err == nil || !err.Limit) && h.tries < maxTries
}

// halves splits a job that does not render, or a trial that meets a need.
func (j probeJob) halves(err *render.Error) []probeJob {
	n := len(j.probes) / 2
	if n == 0 || !j.source.mayTry(err) {
		return nil
	}
	return []probeJob{{j.source, j.probes[:n], j.trial}, {j.source, j.probes[n:], j.trial}}
}

// loses reports whether objects that have needs are gone from a render.
func (j probeJob) loses(res *render.Result) bool {
	there := map[string]bool{}
	for i := range res.Objects {
		there[objectKey(&res.Objects[i])] = true
	}
	return slices.ContainsFunc(j.source.needs, func(n need) bool { return !there[n.object] })
}

// maxProbes bounds the probes of one source.
const maxProbes = 10_000

// probes are all fields of all candidates that the needs of a source may stand in.
func (h *helmSource) probes() []*probe {
	tails := map[class][]*probe{}
	wanted := map[class]bool{}
	for i := range h.needs {
		n := &h.needs[i]
		if !n.member {
			cl := fieldClass(n.path[len(n.path)-1].Key)
			wanted[cl], tails[cl] = true, []*probe{{}}
		}
		cl, tail, ok := classOf(n.path)
		if !ok {
			continue
		}
		wanted[cl] = true
		same := func(x *probe) bool { return x.tail.Equal(tail) && x.member == n.member }
		if !slices.ContainsFunc(tails[cl], same) {
			tails[cl] = append(tails[cl], &probe{tail: tail, member: n.member})
		}
	}
	var out []*probe
	for _, c := range h.candidates(wanted) {
		if h.excluded[c.keys.String()] {
			continue
		}
		for _, t := range tails[c.class] {
			out = append(out, &probe{node: c, tail: t.tail, member: t.member})
		}
	}
	out = out[:min(len(out), maxProbes)]
	for i, x := range out {
		x.token = fmt.Sprintf("sgprobe-%d", i)
	}
	return out
}

// classOf splits a rendered path into a class and what stands below it.
func classOf(p render.Path) (class, render.Path, bool) {
	for i := len(p) - 1; i >= 0; i-- {
		switch cl := class(p[i].Key); cl {
		case security, resources, mounts, volumes:
			return cl, p[i+1:], true
		}
	}
	return "", nil, false
}

// read notes where the probes of a job stand in its render.
func (j probeJob) read(res *render.Result) {
	byToken := map[string]*probe{}
	for _, x := range j.probes {
		byToken[x.token] = x
	}
	for i := range res.Objects {
		o := &res.Objects[i]
		var v any
		if !strings.Contains(string(o.JSON), "sgprobe-") || json.Unmarshal(o.JSON, &v) != nil {
			continue
		}
		key := objectKey(o)
		eachString(v, nil, func(at render.Path, s string) {
			m := tokenPattern.FindStringSubmatch(s)
			if m == nil {
				return
			}
			x := byToken["sgprobe-"+m[1]]
			if x == nil {
				return
			}
			if j.source.reach[x.node] == nil {
				j.source.reach[x.node] = map[string]bool{}
			}
			j.source.reach[x.node][key] = true
			if at, ok := x.landing(at); ok {
				j.source.landed[landing{key, at.String()}] = x
			}
		})
	}
}

// landing is the field that a probe gave its value to: of an item, its list.
func (x *probe) landing(at render.Path) (render.Path, bool) {
	if !x.member {
		return at, len(at) > 0
	}
	i := lastIndex(at)
	rest := len(at) - 1 - i
	if i < 0 || rest > 1 || rest == 1 && at[i+1].Key != "name" {
		return nil, false
	}
	return at[:i], true
}

// eachString calls f for each string of a decoded value.
func eachString(v any, at render.Path, f func(render.Path, string)) {
	switch x := v.(type) {
	case map[string]any:
		for _, k := range sortedNames(x) {
			eachString(x[k], at.Key(k), f)
		}
	case []any:
		for i := range x {
			eachString(x[i], at.At(i), f)
		}
	case string:
		f(at, x)
	}
}
