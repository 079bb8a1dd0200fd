package check

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	psaapi "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"

	"github.com/syncgate/syncgate/render"
)

var (
	upstreamChecks    = policy.DefaultChecks()
	upstreamEvaluator = sync.OnceValues(func() (policy.Evaluator, error) { return policy.NewEvaluator(upstreamChecks, nil) })
)

// TestEveryUpstreamCheckHasARule wants upstream's checks and our pss rules to be the same set.
func TestEveryUpstreamCheckHasARule(t *testing.T) {
	ids := map[string]bool{}
	for _, c := range upstreamChecks {
		ids["pss/"+string(c.ID)] = true
		if RuleByID("pss/"+string(c.ID)) == nil {
			t.Errorf("upstream's check %s has no rule: add check/pss_%s.go", c.ID, c.ID)
		}
	}
	for _, r := range ofGroup("pss") {
		if !ids[r.ID] {
			t.Errorf("rule %s has no check upstream", r.ID)
		}
	}
}

// forbids is what upstream says about a pod, check by check, without the machinery of pss.go: the newest revision of
// each check that the version knows, less what restricted checks override.
func forbids(t *testing.T, pol Policy, pod *Pod) map[string]bool {
	lv, err := levelOf(pol)
	if err != nil {
		t.Fatal(err)
	}
	out, overridden := map[string]bool{}, map[string]bool{}
	if lv.Level == psaapi.LevelPrivileged {
		return out
	}
	for _, c := range upstreamChecks {
		if c.Level == psaapi.LevelRestricted && lv.Level != psaapi.LevelRestricted {
			continue
		}
		var revision *policy.VersionedCheck
		for i := range c.Versions {
			if !lv.Version.Older(c.Versions[i].MinimumVersion) {
				revision = &c.Versions[i]
			}
		}
		if revision == nil {
			continue
		}
		for _, id := range revision.OverrideCheckIDs {
			overridden["pss/"+string(id)] = true
		}
		if !revision.CheckPod(&pod.Meta, &pod.Spec).Allowed {
			out["pss/"+string(c.ID)] = true
		}
	}
	maps.DeleteFunc(out, func(id string, _ bool) bool { return overridden[id] })

	ev, err := upstreamEvaluator()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, r := range ev.EvaluatePod(lv, &pod.Meta, &pod.Spec) {
		if !r.Allowed {
			n++
		}
	}
	if n != len(out) {
		t.Fatalf("upstream forbids %d checks, expected %v", n, out)
	}
	return out
}

// TestFindingsAreUpstreamsVerdicts: for random pods at every level and many versions, there is a finding for each check
// that upstream forbids and none for a check that it allows; and fixing what can be fixed holds what it promises.
func TestFindingsAreUpstreamsVerdicts(t *testing.T) {
	rules := ofGroup("pss", "workload")
	for shard := range 8 {
		t.Run(fmt.Sprint(shard), func(t *testing.T) {
			t.Parallel()
			for n := range 100 {
				g := generator{rand.New(rand.NewPCG(uint64(shard), uint64(n)))}
				o := objectOf(t, g.manifest())
				pods, err := podsIn(&o)
				if err != nil || len(pods) != 1 {
					t.Fatalf("%d pods, %v in %s", len(pods), err, o.JSON)
				}
				for _, pol := range []Policy{{"privileged", "v1.35"}, {"baseline", "v1.0"}, {"baseline", "v1.35"},
					{"restricted", fmt.Sprintf("v1.%d", g.IntN(38))}, {"restricted", "v1.24"}, {"restricted", "v1.37"}} {
					want, got := forbids(t, pol, &pods[0]), map[string]bool{}
					for _, f := range judge(t, pol, rules, o) {
						if f.Rule.Group() == "pss" {
							got[f.Rule.ID] = true
						}
					}
					if !maps.Equal(got, want) {
						t.Fatalf("%s: findings of %v, upstream forbids %v: %s", pol, sorted(got), sorted(want), o.JSON)
					}
					checkFixes(t, o, pol, rules)
				}
			}
		})
	}
}

func sorted(m map[string]bool) []string { return slices.Sorted(maps.Keys(m)) }

// checkFixes grants the wants of all findings that are not manual, and expects those findings gone, no new ones, and
// upstream content with every check of which nothing was manual.
func checkFixes(t *testing.T, o render.Object, pol Policy, rules []*Rule) {
	t.Helper()
	key := func(f *Finding) string { return f.Rule.ID + " at " + f.Path.String() }
	var root any
	if err := json.Unmarshal(o.JSON, &root); err != nil {
		t.Fatal(err)
	}
	before, left := map[string]bool{}, map[string]bool{}
	for _, f := range judge(t, pol, rules, o) {
		before[key(&f)] = true
		switch {
		case (f.Safety == FixManual) != (len(f.Want) == 0):
			t.Fatalf("%s: %s with wants %v", key(&f), f.Safety, f.Want)
		case f.Safety == FixManual:
			left[key(&f)] = true
		}
		if f.Advice == "" && f.Safety != FixSafe {
			t.Fatalf("%s: %s without advice", key(&f), f.Safety)
		}
		for _, w := range f.Want {
			root = grant(t, root, w)
		}
	}
	var err error
	fixed := o
	if fixed.JSON, err = json.Marshal(root); err != nil {
		t.Fatal(err)
	}
	for _, f := range judge(t, pol, rules, fixed) {
		if !left[key(&f)] {
			t.Fatalf("%s: %s: %s remains (before: %v)\nof %s\nfixed %s", pol, key(&f), f.Message, before[key(&f)], o.JSON, fixed.JSON)
		}
	}
	pods, podErr := podsIn(&fixed)
	if podErr != nil {
		t.Fatal(podErr)
	}
	for i := range pods {
		for id := range forbids(t, pol, &pods[i]) {
			if !slices.ContainsFunc(sorted(left), func(k string) bool { return strings.HasPrefix(k, id+" ") }) {
				t.Fatalf("%s: %s still forbids %s", pol, id, fixed.JSON)
			}
		}
	}
}

// grant changes a decoded object as a want says.
func grant(t *testing.T, root any, w Want) any {
	t.Helper()
	add := func(list any, member any) any {
		l, _ := list.([]any)
		if slices.ContainsFunc(l, func(m any) bool { return reflect.DeepEqual(m, member) }) {
			return l
		}
		return append(slices.Clip(l), member)
	}
	switch w := w.(type) {
	case Set:
		return put(t, root, w.Path, func(any) any { return w.Value })
	case Add:
		return put(t, root, w.Path, func(v any) any { return add(v, w.Member) })
	case Mount:
		volumes, _ := dig(root, w.Pod.Key("volumes")).([]any)
		for _, v := range volumes {
			if v.(map[string]any)["name"] == w.Name {
				t.Fatalf("%s: the name is taken", w)
			}
		}
		root = put(t, root, w.Pod.Key("volumes"), func(v any) any {
			return add(v, map[string]any{"name": w.Name, "emptyDir": map[string]any{}})
		})
		return put(t, root, w.Container.Key("volumeMounts"), func(v any) any {
			return add(v, map[string]any{"name": w.Name, "mountPath": w.MountPath})
		})
	}
	t.Fatalf("unknown want %T", w)
	return nil
}

// put replaces what stands at a path, making the mappings on the way.
func put(t *testing.T, v any, p render.Path, change func(any) any) any {
	t.Helper()
	if len(p) == 0 {
		return change(v)
	}
	if p[0].IsIndex {
		list, ok := v.([]any)
		if !ok || p[0].Index >= len(list) {
			t.Fatalf("no list at %s", p)
		}
		list[p[0].Index] = put(t, list[p[0].Index], p[1:], change)
		return list
	}
	m, ok := v.(map[string]any)
	if !ok {
		if v != nil {
			t.Fatalf("%v where %s needs a mapping", v, p)
		}
		m = map[string]any{}
	}
	m[p[0].Key] = put(t, m[p[0].Key], p[1:], change)
	return m
}
