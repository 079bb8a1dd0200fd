package check

import (
	"fmt"
	"slices"

	psaapi "k8s.io/pod-security-admission/api"

	"github.com/syncgate/syncgate/render"
)

// LevelAuto, as a Policy's level, means what the labels of Namespace objects in the repository say.
const LevelAuto = "auto"

// Levels are the levels that a policy can name.
var Levels = []string{"privileged", "baseline", "restricted", LevelAuto}

// namespaces is an index of what all sources declare about namespaces.
type namespaces struct {
	own    map[string]map[string]map[string]string // source, namespace
	all    map[string][]map[string]string          // namespace
	latest psaapi.Version                          // the cluster's
}

func (d *Declared) namespaces(latest psaapi.Version) *namespaces {
	n := &namespaces{own: map[string]map[string]map[string]string{}, all: map[string][]map[string]string{}, latest: latest}
	for id, x := range d.bySource {
		n.own[id] = x.labels
		for name, labels := range x.labels {
			n.all[name] = append(n.all[name], labels)
		}
	}
	return n
}

// policies are what the labels of a namespace ask for: what is enforced, and what else is audited or warned about. The
// source's own Namespace object counts before those of others; where several others differ, the strictest does. A
// namespace that nobody declares, and one without an enforce label, gets the floor. Invalid labels mean what they
// mean to the API server: restricted.
func (n *namespaces) policies(src *render.Source, namespace string, floor Policy) (enforce Policy, also []Policy) {
	found := n.all[namespace]
	if own, ok := n.own[src.ID][namespace]; ok {
		found = []map[string]string{own}
	}
	if namespace == "" || len(found) == 0 {
		return floor, nil
	}
	lv, err := levelOf(floor)
	if err != nil {
		return floor, nil
	}
	defaults := psaapi.Policy{Enforce: lv,
		Audit: psaapi.LevelVersion{Level: psaapi.LevelPrivileged, Version: lv.Version},
		Warn:  psaapi.LevelVersion{Level: psaapi.LevelPrivileged, Version: lv.Version}}
	for _, labels := range found {
		p, _ := psaapi.PolicyToEvaluate(labels, defaults) // namespace/podSecurityLabels reports what is invalid
		if e := n.policy(p.Enforce); enforce == (Policy{}) || stricter(e, enforce) {
			enforce = e
		}
		also = append(also, n.policy(p.Audit), n.policy(p.Warn))
	}
	slices.SortFunc(also, func(a, b Policy) int {
		switch {
		case stricter(a, b):
			return -1
		case stricter(b, a):
			return 1
		}
		return 0
	})
	also = slices.DeleteFunc(slices.Compact(also), func(p Policy) bool {
		return p == enforce || p.Level == string(psaapi.LevelPrivileged)
	})
	return enforce, also
}

// policy gives "latest" a number: the cluster's.
func (n *namespaces) policy(lv psaapi.LevelVersion) Policy {
	v := lv.Version
	if v.Latest() {
		v = n.latest
	}
	return Policy{Level: string(lv.Level), Version: fmt.Sprintf("v%d.%d", v.Major(), v.Minor())}
}

// stricter orders policies by level, then by version.
func stricter(a, b Policy) bool {
	if c := psaapi.CompareLevels(psaapi.Level(a.Level), psaapi.Level(b.Level)); c != 0 {
		return c > 0
	}
	va, _ := psaapi.ParseVersion(a.Version)
	vb, _ := psaapi.ParseVersion(b.Version)
	return vb.Older(va)
}
