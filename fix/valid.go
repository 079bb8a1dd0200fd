package fix

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/kubernetes/pkg/apis/core"
	v1defaults "k8s.io/kubernetes/pkg/apis/core/v1"
	"k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/features"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

// podOptions is what a cluster of today validates with.
var podOptions = validation.PodValidationOptions{PodLevelResourcesEnabled: true, AllowRelaxedEnvironmentVariableValidation: true,
	AllowRelaxedDNSSearchValidation: true, AllowPodLifecycleSleepActionZeroValue: true, AllowSidecarResizePolicy: true}

// clusterOfToday turns on what newer servers do by default: pods with resources of their own get requests from them.
var clusterOfToday = sync.OnceValue(func() error {
	return utilfeature.DefaultMutableFeatureGate.SetFromMap(map[string]bool{string(features.PodLevelResources): true})
})

// refusals are the errors of the API's own validation about the pods of an object.
//
// Source: k8s.io/kubernetes/pkg/apis/core/validation, which the API server runs on pods and pod templates. What it says
// about other parts of an object cannot change: fixes change pods.
func refusals(o *render.Object) field.ErrorList {
	pods, err := check.PodsIn(o)
	if err == nil {
		err = clusterOfToday()
	}
	if err != nil {
		return field.ErrorList{field.InternalError(nil, err)}
	}
	var out field.ErrorList
	for i := range pods {
		out = append(out, podRefusals(&pods[i])...)
	}
	return out
}

func podRefusals(p *check.Pod) field.ErrorList {
	pod := corev1.Pod{ObjectMeta: p.Meta, Spec: *p.Spec.DeepCopy()}
	v1defaults.SetObjectDefaults_Pod(&pod)
	var at *field.Path
	if len(p.At) > 0 {
		at = field.NewPath(p.At.String())
	}
	template := core.PodTemplateSpec{ObjectMeta: pod.ObjectMeta}
	if err := v1defaults.Convert_v1_PodSpec_To_core_PodSpec(&pod.Spec, &template.Spec, nil); err != nil {
		return field.ErrorList{field.InternalError(at, err)}
	}
	return validation.ValidatePodTemplateSpec(&template, at, podOptions)
}

// newRefusals are the errors that only the patched object has, each told by its kind and field: values in a message may
// have changed with the patch.
func newRefusals(before, after *render.Object) field.ErrorList {
	list := refusals(after)
	if len(list) == 0 {
		return nil
	}
	known := map[string]bool{}
	for _, e := range refusals(before) {
		known[string(e.Type)+" "+e.Field] = true
	}
	var out field.ErrorList
	for _, e := range list {
		if !known[string(e.Type)+" "+e.Field] {
			out = append(out, e)
		}
	}
	return out
}

// validate adds a problem for a patched object that the API would refuse, and did not refuse before.
func (p *prover) validate(pr problem, o *render.Object) (problem, bool) {
	old := p.found[pr.object]
	if old == nil {
		if u := p.unpatched[pr.source]; u != nil && pr.index < len(u.objects) {
			old = &u.objects[pr.index]
		}
	}
	if old == nil {
		return pr, false
	}
	list := newRefusals(old, o)
	if len(list) == 0 {
		return pr, false
	}
	pr.reason = fmt.Sprintf("the API would refuse %s of %s with it: %s", o.ID(), pr.source, refusalText(list[0]))
	var before, after any
	if json.Unmarshal(old.JSON, &before) == nil && json.Unmarshal(o.JSON, &after) == nil {
		for _, d := range differences(before, after, nil) {
			if at := d.path.String(); strings.HasPrefix(list[0].Field, at) || strings.HasPrefix(at, list[0].Field) {
				pr.differs = append(pr.differs, d.path)
			}
		}
	}
	return pr, true
}

// refusalText is an error without the value, which may be a secret.
func refusalText(e *field.Error) string {
	if e.Detail == "" {
		return fmt.Sprintf("%s: %s", e.Field, strings.ToLower(e.Type.String()))
	}
	return fmt.Sprintf("%s: %s", e.Field, e.Detail)
}
