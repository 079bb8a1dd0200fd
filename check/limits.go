package check

import (
	"fmt"
	"math"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// limit is a rule that wants every container to have a limit of one resource.
type limit struct {
	resource corev1.ResourceName
	fallback string // the limit of a container that requests nothing
	advice   string // what to test
}

// check reports the containers of all pods that have no limit, unless the pod as a whole has one or the team wants none.
func (l limit) check(p *Pass) {
	if p.Remedies.Limits[l.resource].None {
		return
	}
	for i := range p.Pods {
		pod := &p.Pods[i]
		if r := pod.Spec.Resources; r != nil && isSet(r.Limits, l.resource) {
			continue
		}
		for _, c := range pod.lasting() {
			if !isSet(c.Resources.Limits, l.resource) {
				p.Report(l.finding(p, pod, c))
			}
		}
	}
}

func (l limit) finding(p *Pass, pod *Pod, c Container) Finding {
	f := Finding{
		Container: c.Name,
		Path:      c.Path.Key("resources", "limits", string(l.resource)),
		Message:   fmt.Sprintf("container %q must set resources.limits.%s", c.Name, l.resource),
		lacks:     lacksLimits + string(l.resource),
	}
	if q, ok := c.Resources.Limits[l.resource]; ok {
		f.Value = q.String()
	}
	if r := pod.Spec.Resources; r != nil && isSet(r.Requests, l.resource) {
		f.Safety = FixManual
		f.Advice = fmt.Sprintf("the pod requests %s as a whole: set %s beside it", l.resource,
			pod.SpecPath().Key("resources", "limits", string(l.resource)))
		return f
	}
	value, from := l.value(p, c.Resources.Requests)
	f.Want, f.Safety = []Want{Set{Path: f.Path, Value: value}}, FixReview
	f.Advice = fmt.Sprintf("%s is %s: %s", value, from, l.advice)
	return f
}

// value is what the team says, or else twice the request, or the fallback, and where that comes from.
func (l limit) value(p *Pass, requests corev1.ResourceList) (value, from string) {
	team := p.Remedies.Limits[l.resource]
	request, of := l.request(p, requests)
	switch {
	case team.Amount != "":
		if amount, err := resource.ParseQuantity(team.Amount); err == nil && amount.Cmp(request) < 0 {
			return decimal(request).String(), "the request, which is more than what the config gives"
		}
		return team.Amount, "what the config gives"
	case request.IsZero():
		return l.fallback, "a guess, and becomes the request too, since the container has none"
	case team.Ratio > 0:
		return times(request, team.Ratio), fmt.Sprintf("%v times %s, as the config says", team.Ratio, of)
	}
	q := request.DeepCopy()
	q.Add(request)
	return decimal(q).String(), "twice " + of
}

// request is what a container requests, or is about to by the config, 0 when it requests nothing.
func (l limit) request(p *Pass, requests corev1.ResourceList) (q resource.Quantity, of string) {
	if isSet(requests, l.resource) {
		return requests[l.resource], "the request"
	}
	if s := p.Remedies.Requests[l.resource]; s != "" && p.runs("workload/requests") {
		if q, err := resource.ParseQuantity(s); err == nil {
			return q, "the request that the config gives"
		}
	}
	return resource.Quantity{}, ""
}

// times multiplies a quantity, rounded up to thousandths of a CPU or to bytes.
func times(q resource.Quantity, ratio float64) string {
	out := resource.NewMilliQuantity(int64(math.Ceil(float64(q.MilliValue())*ratio)), q.Format)
	if q.MilliValue()%1000 == 0 && q.Value() >= 1000 {
		out = resource.NewQuantity(int64(math.Ceil(float64(q.Value())*ratio)), q.Format)
	}
	return decimal(*out).String()
}

// decimal keeps a quantity from being written with an exponent.
func decimal(q resource.Quantity) *resource.Quantity {
	if q.Format == resource.DecimalExponent {
		q.Format = resource.DecimalSI
	}
	return &q
}

// isSet reports whether a list has a resource; zero means none.
func isSet(l corev1.ResourceList, name corev1.ResourceName) bool {
	q, ok := l[name]
	return ok && q.Sign() > 0
}
