package fix

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/apis/core"
	k8sv1 "k8s.io/kubernetes/pkg/apis/core/v1"
	"k8s.io/kubernetes/pkg/apis/core/validation"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

var _ = fmt.Sprint
var _ check.Pod
var _ render.Object

func podErrors(spec *corev1.PodSpec) field.ErrorList {
	pod := &corev1.Pod{Spec: *spec.DeepCopy()}
	k8sv1.SetObjectDefaults_Pod(pod)
	var in core.PodSpec
	if err := k8sv1.Convert_v1_PodSpec_To_core_PodSpec(&pod.Spec, &in, nil); err != nil {
		return nil
	}
	return validation.ValidatePodSpec(&in, nil, field.NewPath("spec"), validation.PodValidationOptions{})
}

// Keep makes the linker keep it while this is tried.
var Keep = podErrors
