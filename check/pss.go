package check

import (
	"cmp"
	"fmt"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	psaapi "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"

	"github.com/syncgate/syncgate/render"
)

// pssRule is what syncgate adds to one upstream check: where the offence stands and what would mend it. Whether there
// is one, upstream decides.
type pssRule struct {
	Rule // ID, Severity and Check are filled in by registerPSS
	// check is the upstream check's ID.
	check policy.CheckID
	// pod locates the offences of the pod itself; nil when there can be none. denied asks upstream about another
	// pod, such as one with a single volume.
	pod func(p *Pod, denied func(*Pod) bool) []pssOffence
	// container locates the offences of one container, in the same way.
	container func(p *Pod, c Container, denied func(*Pod) bool) []pssOffence
}

// pssOffence is one place, and how to mend it.
type pssOffence struct {
	path    render.Path
	value   string
	message string // upstream's when empty
	want    []Want
	safety  Safety // manual when empty
	advice  string

	evidence string // Finding.Evidence
}

// registerPSS adds the rule for one upstream check.
func registerPSS(r pssRule) {
	r.ID = "pss/" + string(r.check)
	r.Severity = SeverityError
	r.Rule.Check = func(p *Pass) { r.run(p) }
	register(&r.Rule)
}

// verdict is upstream's answer for one check.
type verdict struct {
	id policy.CheckID
	policy.CheckResult
}

// evaluator is upstream's registry, which chooses the checks of a level and version, with the ID of each check
// carried in its result: upstream's CheckResult does not say which check it is from.
var evaluator = sync.OnceValues(func() (policy.Evaluator, error) {
	checks := policy.DefaultChecks()
	for i := range checks {
		id := checks[i].ID
		for j := range checks[i].Versions {
			inner := checks[i].Versions[j].CheckPod
			checks[i].Versions[j].CheckPod = func(m *metav1.ObjectMeta, s *corev1.PodSpec) policy.CheckResult {
				r := inner(m, s)
				r.ForbiddenReason = string(id) + "\x00" + r.ForbiddenReason
				return r
			}
		}
	}
	return policy.NewEvaluator(checks, nil)
})

// evaluate holds a pod against a policy and returns what upstream forbids.
func evaluate(pol Policy, meta *metav1.ObjectMeta, spec *corev1.PodSpec) ([]verdict, error) {
	ev, err := evaluator()
	if err != nil {
		return nil, err
	}
	lv, err := levelOf(pol)
	if err != nil {
		return nil, err
	}
	var out []verdict
	for _, r := range ev.EvaluatePod(lv, meta, spec) {
		if r.Allowed {
			continue
		}
		id, reason, _ := strings.Cut(r.ForbiddenReason, "\x00")
		r.ForbiddenReason = reason
		out = append(out, verdict{policy.CheckID(id), r})
	}
	return out, nil
}

func levelOf(pol Policy) (psaapi.LevelVersion, error) {
	level, err := psaapi.ParseLevel(pol.Level)
	if err != nil {
		return psaapi.LevelVersion{}, fmt.Errorf("level %q: expected privileged, baseline, restricted or auto", pol.Level)
	}
	version, err := psaapi.ParseVersion(pol.Version)
	if err != nil {
		return psaapi.LevelVersion{}, fmt.Errorf("version %q of the standard: expected latest or v1.N", pol.Version)
	}
	return psaapi.LevelVersion{Level: level, Version: version}, nil
}

// run reports the offences of one check in all pods of an object.
func (r *pssRule) run(p *Pass) {
	for i := range p.Pods {
		pod := &p.Pods[i]
		pod.remedies = p.Remedies
		for _, v := range p.verdicts[i] {
			if v.id == r.check {
				r.locate(p, pod, v)
			}
		}
	}
}

// locate finds who is to blame by asking upstream again about parts of the pod: without containers, then with one
// container at a time. Where no part alone is forbidden, the whole pod is.
func (r *pssRule) locate(p *Pass, pod *Pod, v verdict) {
	ask := func(q *Pod) (policy.CheckResult, bool) {
		vs, err := evaluate(p.Policy, &q.Meta, &q.Spec)
		if err != nil {
			return policy.CheckResult{}, false
		}
		for _, v := range vs {
			if v.id == r.check {
				return v.CheckResult, true
			}
		}
		return policy.CheckResult{Allowed: true}, false
	}
	denied := func(q *Pod) bool { _, no := ask(q); return no }

	bare := *pod
	bare.Spec.InitContainers, bare.Spec.Containers, bare.Spec.EphemeralContainers = nil, nil, nil
	podResult, podDenied := ask(&bare)
	found := podDenied
	if podDenied {
		var offences []pssOffence
		if r.pod != nil {
			offences = r.pod(pod, denied)
		}
		r.report(p, pod, Container{}, podResult, offences)
	}
	for _, c := range pod.Containers() {
		alone := bare
		alone.Spec.Containers = []corev1.Container{*c.Container}
		res, no := ask(&alone)
		if !no || podDenied && res.ForbiddenDetail == podResult.ForbiddenDetail {
			continue
		}
		found = true
		if own, no := ask(isolated(pod, *c.Container)); podDenied && no {
			res = own // without what it says about the pod
		}
		var offences []pssOffence
		if r.container != nil {
			offences = r.container(pod, c, denied)
		}
		r.report(p, pod, c, res, offences)
	}
	if !found {
		r.report(p, pod, Container{}, v.CheckResult, nil)
	}
}

// report adds a finding for each offence of a pod or container; there is one even if nobody could locate it.
func (r *pssRule) report(p *Pass, pod *Pod, c Container, res policy.CheckResult, offences []pssOffence) {
	at, name := pod.SpecPath(), ""
	if c.Container != nil {
		at, name = c.Path, c.Name
	}
	if len(offences) == 0 {
		offences = []pssOffence{{path: at, advice: r.Fix}}
	}
	for _, o := range offences {
		f := Finding{Container: name, Path: o.path, Value: o.value, Message: o.message,
			Want: o.want, Safety: o.safety, Advice: o.advice, Evidence: o.evidence}
		if f.Message == "" {
			f.Message = strings.TrimPrefix(cmp.Or(res.ForbiddenDetail, res.ForbiddenReason), "pod or ")
		}
		if len(f.Want) == 0 || f.Safety == "" {
			f.Want, f.Safety = nil, FixManual
		}
		p.Report(f)
	}
}
