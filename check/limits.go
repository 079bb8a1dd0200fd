package check

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// limit is a rule that wants every container to have a limit of one resource.
type limit struct {
	resource corev1.ResourceName
	fallback string // the limit of a container that requests nothing
	advice   string // what to test
}

// check reports the containers of all pods that have no limit, unless the pod as a whole has one.
func (l limit) check(p *Pass) {
	for i := range p.Pods {
		pod := &p.Pods[i]
		if r := pod.Spec.Resources; r != nil && isSet(r.Limits, l.resource) {
			continue
		}
		for _, c := range pod.lasting() {
			if !isSet(c.Resources.Limits, l.resource) {
				p.Report(l.finding(pod, c))
			}
		}
	}
}

func (l limit) finding(pod *Pod, c Container) Finding {
	f := Finding{
		Container: c.Name,
		Path:      c.Path.Key("resources", "limits", string(l.resource)),
		Message:   fmt.Sprintf("container %q must set resources.limits.%s", c.Name, l.resource),
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
	value, from := l.value(c.Resources.Requests)
	f.Want, f.Safety = []Want{Set{Path: f.Path, Value: value}}, FixReview
	f.Advice = fmt.Sprintf("%s is %s: %s", value, from, l.advice)
	return f
}

// value is twice the request, or the fallback, and where that comes from.
func (l limit) value(requests corev1.ResourceList) (value, from string) {
	if !isSet(requests, l.resource) {
		return l.fallback, "a guess, and becomes the request too, since the container has none"
	}
	request := requests[l.resource]
	q := request.DeepCopy()
	q.Add(request)
	if q.Format == resource.DecimalExponent {
		q.Format = resource.DecimalSI
	}
	return q.String(), "twice the request"
}

// isSet reports whether a list has a resource; zero means none.
func isSet(l corev1.ResourceList, name corev1.ResourceName) bool {
	q, ok := l[name]
	return ok && q.Sign() > 0
}
