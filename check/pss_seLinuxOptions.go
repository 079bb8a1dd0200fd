package check

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/syncgate/syncgate/render"
)

/*
SELinux may only be set to types that confine a container, and neither its user nor its role may be set.

Restricted fields:

	spec.securityContext.seLinuxOptions.type
	spec.containers[*].securityContext.seLinuxOptions.type
	spec.initContainers[*].securityContext.seLinuxOptions.type
	spec.ephemeralContainers[*].securityContext.seLinuxOptions.type

Allowed values: undefined, empty, container_t, container_init_t, container_kvm_t; from v1.31 on container_engine_t.

Restricted fields: user and role, in the same places.

Allowed values: undefined, empty.

Source: k8s.io/pod-security-admission/policy/check_seLinuxOptions.go
*/
func init() {
	registerPSS(pssRule{
		check: "seLinuxOptions",
		Rule: Rule{
			Title: "pods must not set an SELinux user, role or unconfined type",
			Why: "a type such as spc_t, or a user or role of one's choice, takes the container out of the confinement " +
				"that keeps it from the node's files and processes.",
			Example: Example{
				Bad: `spec:
  securityContext:
    seLinuxOptions:
      type: spc_t`,
				Good: `spec:
  securityContext:
    seLinuxOptions:
      type: container_t`,
			},
			Fix:   "manual: remove the option; label the files that the container must read instead.",
			OWASP: []string{"K01"},
		},
		pod: func(p *Pod, denied func(*Pod) bool) []pssOffence {
			return seLinuxOptions("pod", p.securityPath("seLinuxOptions"), p.security().SELinuxOptions, denied)
		},
		container: func(_ *Pod, c Container, denied func(*Pod) bool) []pssOffence {
			return seLinuxOptions(fmt.Sprintf("container %q", c.Name), c.securityPath("seLinuxOptions"),
				c.security().SELinuxOptions, denied)
		},
	})
}

// seLinuxOptions asks upstream about each option on its own.
func seLinuxOptions(who string, at render.Path, opts *corev1.SELinuxOptions, denied func(*Pod) bool) []pssOffence {
	var out []pssOffence
	if opts == nil {
		return nil
	}
	for _, o := range []struct {
		field, value, advice string
		only                 corev1.SELinuxOptions
	}{
		{"type", opts.Type, "remove it or use container_t; files that the container must reach can be labelled container_file_t, " +
			"or a policy of your own made with udica", corev1.SELinuxOptions{Type: opts.Type}},
		{"user", opts.User, "remove it: the runtime chooses the user", corev1.SELinuxOptions{User: opts.User}},
		{"role", opts.Role, "remove it: the runtime chooses the role", corev1.SELinuxOptions{Role: opts.Role}},
	} {
		if denied(&Pod{Spec: corev1.PodSpec{SecurityContext: &corev1.PodSecurityContext{SELinuxOptions: &o.only}}}) {
			out = append(out, manual(at.Key(o.field), o.value,
				fmt.Sprintf("%s must not set securityContext.seLinuxOptions.%s to %q", who, o.field, o.value), o.advice)...)
		}
	}
	return out
}
