package check

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

/*
No capabilities may be added beyond those that a runtime grants by default.

Restricted fields:

	spec.containers[*].securityContext.capabilities.add
	spec.initContainers[*].securityContext.capabilities.add
	spec.ephemeralContainers[*].securityContext.capabilities.add

Allowed values: undefined, empty, AUDIT_WRITE, CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, MKNOD, NET_BIND_SERVICE,
SETFCAP, SETGID, SETPCAP, SETUID, SYS_CHROOT.

Source: k8s.io/pod-security-admission/policy/check_capabilities_baseline.go
*/
func init() {
	registerPSS(pssRule{
		check: "capabilities_baseline",
		Rule: Rule{
			Title: "containers must not add capabilities beyond the default set",
			Why: "a capability is a piece of root: NET_RAW forges packets, SYS_ADMIN and SYS_PTRACE are ways out of the " +
				"container.",
			Example: Example{
				Bad: `spec:
  containers:
  - name: web
    securityContext:
      capabilities:
        add: [SYS_ADMIN]`,
				Good: `spec:
  containers:
  - name: web
    securityContext:
      capabilities:
        add: [NET_BIND_SERVICE]`,
			},
			Fix:   "manual: the manifest asks for the capability; remove it and test, or exempt the container with a reason.",
			OWASP: []string{"K01"},
			CIS:   []string{"5.2.8", "5.2.9"},
		},
		container: addedCapabilities,
	})
}

// addedCapabilities locates each forbidden member of capabilities.add.
func addedCapabilities(p *Pod, c Container, denied func(*Pod) bool) []pssOffence {
	var out []pssOffence
	if c.security().Capabilities == nil {
		return nil
	}
	for i, added := range c.security().Capabilities.Add {
		only := corev1.Container{SecurityContext: &corev1.SecurityContext{Capabilities: &corev1.Capabilities{
			Add: []corev1.Capability{added}, Drop: []corev1.Capability{"ALL"}}}}
		if !denied(isolated(p, only)) {
			continue
		}
		out = append(out, manual(c.securityPath("capabilities", "add").At(i), string(added),
			fmt.Sprintf("container %q must not include %q in securityContext.capabilities.add", c.Name, added),
			"the manifest asks for this capability: remove it and test what breaks; where it is really needed, move that "+
				"work to a container of its own in a namespace with a looser level, or exempt it with a reason")...)
	}
	return out
}
