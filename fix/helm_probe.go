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
			jobs = append(jobs, probeJob{h, probes})
		}
	}
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
			if res := results[strconv.Itoa(i)]; res.Err == nil {
				p.stableNames(job.source.source.ID, res.Objects)
				job.read(&res)
			} else {
				next = append(next, job.halves(res.Err)...)
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
}

// halves splits a job that does not render. A limit that was hit ends the search: what comes near it stays as it is.
func (j probeJob) halves(err *render.Error) []probeJob {
	n := len(j.probes) / 2
	if n == 0 || err.Limit {
		return nil
	}
	return []probeJob{{j.source, j.probes[:n]}, {j.source, j.probes[n:]}}
}

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

// values are the values to lay over a source's own: the probes, and of lists everything that was there.
func (j probeJob) values() map[string]any {
	out := map[string]any{}
	texts := map[string]any{}
	for _, x := range j.probes {
		n := x.node
		root, at := any(out), n.keys
		if n.text > 0 {
			at = n.keys[n.text:]
			key := n.keys[:n.text].String()
			if texts[key] == nil {
				texts[key] = j.textAt(n.keys[:n.text])
			}
			root = texts[key]
		}
		effective := j.effective(n)
		if n.toggle != nil {
			root = lay(root, effective, n.toggle[n.text:], true)
		}
		root = lay(root, effective, append(at[:len(at):len(at)], x.tail...), x.content(lookIn(root, effective, at, x.tail)))
		if n.text > 0 {
			texts[n.keys[:n.text].String()] = root
		} else {
			out = root.(map[string]any)
		}
	}
	for key, v := range texts {
		path, err := render.ParsePath(key)
		text, err2 := yaml.Marshal(v)
		if err == nil && err2 == nil {
			out = lay(out, map[string]any(j.source.view.Values), path, string(text)).(map[string]any)
		}
	}
	return out
}

// effective is what a candidate's keys are read in: the values, or the text that holds it.
func (j probeJob) effective(n *valueNode) any {
	if n.text > 0 {
		return j.textAt(n.keys[:n.text])
	}
	return map[string]any(j.source.view.Values)
}

func (j probeJob) textAt(p render.Path) any {
	v, _ := lookupValue(map[string]any(j.source.view.Values), p)
	s, _ := v.(string)
	inner, _ := textValue(s)
	return inner
}

// lookIn is the list that a probe joins: as other probes left it, or as it is without any.
func lookIn(root, effective any, at, tail render.Path) []any {
	p := append(at[:len(at):len(at)], tail...)
	for _, v := range []any{root, effective} {
		if list, ok := lookupValue(v, p); ok {
			l, _ := list.([]any)
			return l
		}
	}
	return nil
}

// content is what stands where a probe is put.
func (x *probe) content(list []any) any {
	if !x.member {
		return x.token
	}
	var item any = x.token
	switch {
	case x.node.class == mounts && len(x.tail) == 0:
		item = map[string]any{"name": x.token, "mountPath": "/" + x.token}
	case x.node.class == volumes && len(x.tail) == 0:
		item = map[string]any{"name": x.token, "emptyDir": map[string]any{}}
	}
	return append(list[:len(list):len(list)], item)
}

// lay puts a value at a path of root, which it returns. Lists cannot be laid over others in part, so that they are
// copied from what holds without root.
func lay(root, under any, p render.Path, value any) any {
	if len(p) == 0 {
		return value
	}
	var below any
	if v, ok := lookupValue(under, p[:1]); ok {
		below = v
	}
	if p[0].IsIndex {
		list, ok := root.([]any)
		if !ok {
			old, _ := under.([]any)
			list = slices.Clone(old)
		}
		if p[0].Index >= len(list) {
			return root
		}
		list[p[0].Index] = lay(deepCopy(list[p[0].Index]), below, p[1:], value)
		return list
	}
	m, ok := root.(map[string]any)
	if !ok {
		m = map[string]any{}
	}
	m[p[0].Key] = lay(m[p[0].Key], below, p[1:], value)
	return m
}

// deepCopy copies the mappings and lists of a decoded value.
func deepCopy(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for k := range x {
			out[k] = deepCopy(x[k])
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i := range x {
			out[i] = deepCopy(x[i])
		}
		return out
	}
	return v
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
