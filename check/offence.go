package check

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/syncgate/syncgate/render"
)

// manual is an offence that is never mended by itself.
func manual(path render.Path, value, message, advice string) []pssOffence {
	return []pssOffence{{path: path, value: value, message: message, advice: advice}}
}

// written is a field's value as a finding shows it: empty when the field is missing.
func written[T any](v *T) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(*v)
}

func isTrue(b *bool) bool { return b != nil && *b }

// security is the pod's security context, never nil.
func (p *Pod) security() *corev1.PodSecurityContext {
	if p.Spec.SecurityContext == nil {
		return &corev1.PodSecurityContext{}
	}
	return p.Spec.SecurityContext
}

// securityPath is where a field of the pod's security context stands.
func (p *Pod) securityPath(keys ...string) render.Path {
	return p.SpecPath().Key("securityContext").Key(keys...)
}

// annotationPath is where an annotation of the pod stands.
func (p *Pod) annotationPath(key string) render.Path { return p.At.Key("metadata", "annotations", key) }

// windows reports whether the pod says that it runs on Windows, where the API refuses the Linux fields.
func (p *Pod) windows() bool { return p.Spec.OS != nil && p.Spec.OS.Name == corev1.Windows }

// lasting lists the containers that belong to the pod for good: all but the ephemeral ones, which may neither set
// resources nor bring volumes.
func (p *Pod) lasting() []Container {
	all := p.Containers()
	return all[:len(all)-len(p.Spec.EphemeralContainers)]
}

// security is the container's security context, never nil.
func (c Container) security() *corev1.SecurityContext {
	if c.SecurityContext == nil {
		return &corev1.SecurityContext{}
	}
	return c.SecurityContext
}

// securityPath is where a field of the container's security context stands.
func (c Container) securityPath(keys ...string) render.Path {
	return c.Path.Key("securityContext").Key(keys...)
}

// isolated is a pod that holds nothing but one container, of the same kind of pod as p (operating system, user
// namespace).
func isolated(p *Pod, c corev1.Container) *Pod {
	return &Pod{Spec: corev1.PodSpec{OS: p.Spec.OS, HostUsers: p.Spec.HostUsers, Containers: []corev1.Container{c}}}
}

const windowsAdvice = "the API refuses this field on a pod whose spec.os.name is windows: judge it by v1.25 of the " +
	"standard or newer, which leaves such pods out"
