package fix

import (
	"encoding/json"
	"reflect"

	"github.com/syncgate/syncgate/render"
)

// trials are jobs for the needs that no token reached: templates may test a value instead of writing it, or take only
// the right type. They give the candidates the wanted values themselves.
func trials(done []probeJob) []probeJob {
	var out []probeJob
	for _, j := range done {
		h := j.source
		var probes []*probe
		for _, x := range j.probes {
			if n := h.unmetBy(x); n != nil {
				y := *x
				y.value = n.value
				probes = append(probes, &y)
			}
		}
		if len(probes) > 0 {
			h.tries = 0
			out = append(out, probeJob{h, probes, true})
		}
	}
	return out
}

// unmetBy is a need that nothing has met so far and that a probe is meant for.
func (h *helmSource) unmetBy(x *probe) *need {
	for i := range h.needs {
		if n := &h.needs[i]; !n.member && h.landedAt(n) == nil && x.isFor(n.path) {
			return n
		}
	}
	return nil
}

// isFor reports whether a probe could stand at a path of a rendered object.
func (x *probe) isFor(p render.Path) bool {
	if x.member {
		return false
	}
	if x.node.class == fieldClass(p[len(p)-1].Key) {
		return true
	}
	cl, tail, ok := classOf(p)
	return ok && cl == x.node.class && tail.Equal(x.tail)
}

// judge looks for needs that a trial has met. A trial of one value has found it; another one is divided.
func (j probeJob) judge(res *render.Result) []probeJob {
	h := j.source
	objects := map[string]any{}
	for i := range res.Objects {
		o := &res.Objects[i]
		var v any
		if json.Unmarshal(o.JSON, &v) == nil {
			objects[objectKey(o)] = v
		}
	}
	met := false
	for i := range h.needs {
		n := &h.needs[i]
		if n.member || h.landedAt(n) != nil {
			continue
		}
		for _, path := range []render.Path{n.path, n.other} {
			if path == nil || !j.probes[0].isFor(path) && len(j.probes) == 1 || !holdsAt(objects[n.object], path, n.value) {
				continue
			}
			met = true
			if x := j.probes[0]; len(j.probes) == 1 {
				h.landed[landing{n.object, path.String()}] = x
				if h.reach[x.node] == nil {
					h.reach[x.node] = map[string]bool{}
				}
				h.reach[x.node][n.object] = true
			}
		}
	}
	if !met {
		return nil
	}
	return j.halves(nil)
}

// holdsAt reports whether a decoded object has a value at a path.
func holdsAt(o any, path render.Path, value any) bool {
	v, ok := lookupValue(o, path)
	want, err := plainJSON(value)
	return ok && err == nil && reflect.DeepEqual(v, want)
}
