package check

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

/*
Containers must request CPU and memory.

Fields:

	spec.containers[*].resources.requests.cpu, .memory
	spec.initContainers[*].resources.requests.cpu, .memory

Wanted: more than 0. A limit becomes the request where there is none
(https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/), so nothing is missing beside one, nor
where spec.resources requests or limits for the pod as a whole (v1.34+), or a LimitRange of the namespace gives a request.
*/
func init() {
	register(&Rule{
		ID:    "workload/requests",
		Title: "containers must request CPU and memory",
		Why: "the scheduler counts a container without requests as nothing: its node gets too full, it is slowed down first, " +
			"and it is the first to be evicted.",
		Example: Example{
			Bad: `spec:
  containers:
  - name: web
    image: web:1.0`,
			Good: `spec:
  containers:
  - name: web
    image: web:1.0
    resources:
      requests:
        cpu: 100m
        memory: 128Mi`,
		},
		Fix: "sets resources.requests to what fix.requests in the config says. Without that, the limit that workload/cpuLimit " +
			"and workload/memoryLimit set becomes the request: review. Where these rules are off, none is written: measure first. " +
			"With fix.limits.as: limitRange in the config a LimitRange of the namespace gives them, where that is certain.",
		Severity: SeverityWarning,
		OWASP:    []string{"K01"},
		Check: func(p *Pass) {
			for i := range p.Pods {
				for _, l := range []limit{cpuLimit, memoryLimit} {
					l.checkRequests(p, &p.Pods[i])
				}
			}
		},
	})
}

func (l limit) checkRequests(p *Pass, pod *Pod) {
	if r := pod.Spec.Resources; r != nil && l.requested(r.Requests, r.Limits) {
		return
	}
	for _, c := range pod.lasting() {
		if !l.requested(c.Resources.Requests, c.Resources.Limits) {
			p.Report(l.requestFinding(p, pod, c))
		}
	}
}

// requested reports whether there is a request, or a limit that becomes one.
func (l limit) requested(requests, limits corev1.ResourceList) bool {
	return isSet(requests, l.resource) || isSet(limits, l.resource)
}

func (l limit) requestFinding(p *Pass, pod *Pod, c Container) Finding {
	f := Finding{
		Container: c.Name,
		Path:      c.Path.Key("resources", "requests", string(l.resource)),
		Message:   fmt.Sprintf("container %q must set resources.requests.%s", c.Name, l.resource),
		Safety:    FixManual,
		Advice:    "measure what it uses, and set that; fix.requests in the config gives a value for all that have none",
		lacks:     lacksRequests + string(l.resource),
	}
	if q, ok := c.Resources.Requests[l.resource]; ok {
		f.Value = q.String()
	}
	rule := "workload/memoryLimit"
	if l.resource == corev1.ResourceCPU {
		rule = "workload/cpuLimit"
	}
	switch amount := p.Remedies.Requests[l.resource]; {
	case amount != "":
		f.Want, f.Safety = []Want{Set{Path: f.Path, Value: amount}}, FixReview
		f.Advice = fmt.Sprintf("%s is what the config gives: compare it with what the container uses", amount)
	case f.Value == "" && p.runs(rule) && !p.Remedies.Limits[l.resource].None:
		limit := l.finding(p, pod, c)
		f.Want, f.Safety = limit.Want, limit.Safety
		f.Advice = fmt.Sprintf("the limit that %s asks for becomes the request: see there what to test", rule)
	}
	return f
}
