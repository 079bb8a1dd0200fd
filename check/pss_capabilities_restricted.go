package check

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

/*
Containers must drop all capabilities, and may only add NET_BIND_SERVICE.

Restricted fields:

	spec.containers[*].securityContext.capabilities.drop
	spec.initContainers[*].securityContext.capabilities.drop
	spec.ephemeralContainers[*].securityContext.capabilities.drop

Allowed values: lists that include ALL.

Restricted fields:

	spec.containers[*].securityContext.capabilities.add
	spec.initContainers[*].securityContext.capabilities.add
	spec.ephemeralContainers[*].securityContext.capabilities.add

Allowed values: undefined, empty, NET_BIND_SERVICE. From v1.25 on, anything on Windows pods.

Source: k8s.io/pod-security-admission/policy/check_capabilities_restricted.go
*/
func init() {
	registerPSS(pssRule{
		check: "capabilities_restricted",
		Rule: Rule{
			Title: `containers must drop "ALL" capabilities and may only add NET_BIND_SERVICE`,
			Why: "a runtime grants about a dozen capabilities by default, such as NET_RAW and SETUID, that few programs " +
				"need and that help an intruder along.",
			Example: Example{
				Bad: `spec:
  containers:
  - name: web`,
				Good: `spec:
  containers:
  - name: web
    securityContext:
      capabilities:
        drop: [ALL]`,
			},
			Fix: "adds ALL to capabilities.drop, keeping what is added: review, since an entrypoint that changes users or " +
				"file owners fails without; manual where a forbidden capability is added.",
			OWASP: []string{"K01"},
			CIS:   []string{"5.2.8", "5.2.9", "5.2.10"},
		},
		container: func(p *Pod, c Container, denied func(*Pod) bool) []pssOffence {
			added := addedCapabilities(p, c, denied)
			return append(missingDropAll(p, c, len(added) > 0), added...)
		},
	})
}

// missingDropAll locates capabilities.drop where it lacks ALL.
func missingDropAll(p *Pod, c Container, addsForbidden bool) []pssOffence {
	var drop []corev1.Capability
	if c.security().Capabilities != nil {
		drop = c.security().Capabilities.Drop
	}
	if slices.Contains(drop, "ALL") {
		return nil
	}
	o := pssOffence{
		path:    c.securityPath("capabilities", "drop"),
		message: fmt.Sprintf(`container %q must set securityContext.capabilities.drop=["ALL"]`, c.Name),
	}
	if len(drop) > 0 {
		o.value = strings.ReplaceAll(fmt.Sprint(drop), " ", ", ")
	}
	switch {
	case p.windows():
		o.advice = windowsAdvice
	case addsForbidden:
		o.advice = "the container adds capabilities that the level forbids: decide about those first, then drop ALL"
	default:
		o.want, o.safety = []Want{Add{Path: o.path, Member: "ALL"}}, FixReview
		o.advice = "test that the container starts: an entrypoint that changes file owners or users (chown, gosu, su-exec, " +
			"setpriv) fails without capabilities" + lowPorts(c)
	}
	return []pssOffence{o}
}

// lowPorts adds what to know about ports that only root could listen on once.
func lowPorts(c Container) string {
	for _, port := range c.Ports {
		if port.ContainerPort > 0 && port.ContainerPort < 1024 &&
			(c.security().Capabilities == nil || !slices.Contains(c.security().Capabilities.Add, "NET_BIND_SERVICE")) {
			return fmt.Sprintf("; if it then cannot listen on port %d, add NET_BIND_SERVICE, which is allowed", port.ContainerPort)
		}
	}
	return ""
}
