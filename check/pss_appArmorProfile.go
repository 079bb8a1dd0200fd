package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

/*
The default AppArmor profile must not be overridden, but by a profile on the node.

Restricted fields:

	metadata.annotations["container.apparmor.security.beta.kubernetes.io/*"]

Allowed values: runtime/default, localhost/*, empty, undefined.

Restricted fields:

	spec.securityContext.appArmorProfile.type
	spec.containers[*].securityContext.appArmorProfile.type
	spec.initContainers[*].securityContext.appArmorProfile.type
	spec.ephemeralContainers[*].securityContext.appArmorProfile.type

Allowed values: RuntimeDefault, Localhost, undefined.

Source: k8s.io/pod-security-admission/policy/check_appArmorProfile.go
*/
func init() {
	registerPSS(pssRule{
		check: "appArmorProfile",
		Rule: Rule{
			Title: "pods must not disable AppArmor",
			Why: "the runtime's AppArmor profile keeps a container from mounting file systems, tracing other processes " +
				"and writing to /proc and /sys; Unconfined takes that layer away.",
			Example: Example{
				Bad: `spec:
  containers:
  - name: web
    securityContext:
      appArmorProfile:
        type: Unconfined`,
				Good: `spec:
  containers:
  - name: web
    securityContext:
      appArmorProfile:
        type: RuntimeDefault`,
			},
			Fix: "manual: remove the field or annotation, or load a profile of your own on the nodes and name it with " +
				"type Localhost.",
			OWASP: []string{"K01"},
		},
		pod: appArmorOfPod,
		container: func(p *Pod, c Container, _ func(*Pod) bool) []pssOffence {
			kind := appArmorType(c.security().AppArmorProfile)
			return manual(c.securityPath("appArmorProfile", "type"), kind,
				fmt.Sprintf("container %q must not set securityContext.appArmorProfile.type to %q", c.Name, kind), appArmorAdvice)
		},
	})
}

const appArmorAdvice = "remove it: the runtime's default profile then applies; if that is too tight, load a profile on " +
	"the nodes and refer to it with type Localhost and localhostProfile"

func appArmorOfPod(p *Pod, denied func(*Pod) bool) []pssOffence {
	var out []pssOffence
	profile := p.security().AppArmorProfile
	if denied(&Pod{Spec: corev1.PodSpec{SecurityContext: &corev1.PodSecurityContext{AppArmorProfile: profile}}}) {
		out = manual(p.securityPath("appArmorProfile", "type"), appArmorType(profile),
			fmt.Sprintf("pod must not set securityContext.appArmorProfile.type to %q", appArmorType(profile)), appArmorAdvice)
	}
	for _, key := range slices.Sorted(maps.Keys(p.Meta.Annotations)) {
		value := p.Meta.Annotations[key]
		if !strings.HasPrefix(key, corev1.DeprecatedAppArmorBetaContainerAnnotationKeyPrefix) ||
			!denied(&Pod{Meta: metav1.ObjectMeta{Annotations: map[string]string{key: value}}}) {
			continue
		}
		out = append(out, manual(p.annotationPath(key), value,
			fmt.Sprintf("annotation %s must not be %q", key, value), appArmorAdvice)...)
	}
	return out
}

func appArmorType(p *corev1.AppArmorProfile) string {
	if p == nil {
		return ""
	}
	return string(p.Type)
}
