package check

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

/*
Seccomp must not be switched off.

Before v1.19, restricted fields:

	metadata.annotations["seccomp.security.alpha.kubernetes.io/pod"]
	metadata.annotations["container.seccomp.security.alpha.kubernetes.io/*"]

Allowed values: runtime/default, docker/default, localhost/*, undefined.

From v1.19 on, restricted fields:

	spec.securityContext.seccompProfile.type
	spec.containers[*].securityContext.seccompProfile.type
	spec.initContainers[*].securityContext.seccompProfile.type
	spec.ephemeralContainers[*].securityContext.seccompProfile.type

Allowed values: RuntimeDefault, Localhost, undefined.

Source: k8s.io/pod-security-admission/policy/check_seccompProfile_baseline.go
*/
func init() {
	registerPSS(pssRule{
		check: "seccompProfile_baseline",
		Rule: Rule{
			Title: "pods must not disable seccomp",
			Why: "the runtime's seccomp profile blocks system calls that hardly any program makes and that kernel " +
				"exploits are made of; Unconfined lets all of them through.",
			Example: Example{
				Bad: `spec:
  securityContext:
    seccompProfile:
      type: Unconfined`,
				Good: `spec:
  securityContext:
    seccompProfile:
      type: RuntimeDefault`,
			},
			Fix:   "manual: use RuntimeDefault, or a profile of your own on the nodes with type Localhost.",
			OWASP: []string{"K01"},
			CIS:   []string{"5.7.2"},
		},
		pod: func(p *Pod, denied func(*Pod) bool) []pssOffence {
			if byAnnotation(p, nil, denied) {
				return seccompAnnotation(p, "seccomp.security.alpha.kubernetes.io/pod")
			}
			return unconfinedPod(p)
		},
		container: func(p *Pod, c Container, denied func(*Pod) bool) []pssOffence {
			if byAnnotation(p, c.Container, denied) {
				return seccompAnnotation(p, "container.seccomp.security.alpha.kubernetes.io/"+c.Name)
			}
			return unconfinedContainer(c)
		},
	})
}

const unconfinedAdvice = "the manifest asks for this profile: use RuntimeDefault and test; if it blocks a system call that " +
	"the program needs, load a profile that allows it on the nodes and refer to it with type Localhost"

// byAnnotation reports whether the standard's version looks at annotations: then the pod, or the container of it, is
// allowed without any.
func byAnnotation(p *Pod, c *corev1.Container, denied func(*Pod) bool) bool {
	q := &Pod{Spec: corev1.PodSpec{SecurityContext: p.Spec.SecurityContext}}
	if c != nil {
		q = isolated(p, *c)
	}
	return !denied(q)
}

func seccompAnnotation(p *Pod, key string) []pssOffence {
	value := p.Meta.Annotations[key]
	return manual(p.annotationPath(key), value, fmt.Sprintf("annotation %s must not be %q", key, value),
		"Kubernetes ignores this annotation since v1.27: remove it, and set securityContext.seccompProfile instead")
}

// unconfinedPod locates a forbidden profile of the pod itself.
func unconfinedPod(p *Pod) []pssOffence {
	return manual(p.securityPath("seccompProfile", "type"), seccompType(p.security().SeccompProfile), "", unconfinedAdvice)
}

// unconfinedContainer locates a forbidden profile of a container.
func unconfinedContainer(c Container) []pssOffence {
	return manual(c.securityPath("seccompProfile", "type"), seccompType(c.security().SeccompProfile), "", unconfinedAdvice)
}

func seccompType(p *corev1.SeccompProfile) string {
	if p == nil {
		return ""
	}
	return string(p.Type)
}
