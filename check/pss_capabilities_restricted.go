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
			Fix: "adds ALL to capabilities.drop, keeping what is added, and with fix.netBindService in the config " +
				"NET_BIND_SERVICE to capabilities.add where a port is below 1024: review, since an entrypoint that changes users or " +
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
			"setpriv) fails without capabilities"
		if port := lowPort(p, c); port > 0 && !addsNetBind(c) {
			keep := "root needs NET_BIND_SERVICE for it, which is allowed (fix.netBindService in the config adds it)"
			if p.remedies != nil && p.remedies.NetBindService {
				keep = "root keeps NET_BIND_SERVICE for it, as fix.netBindService in the config says"
				o.want = append(o.want, Add{Path: c.securityPath("capabilities", "add"), Member: "NET_BIND_SERVICE"})
			}
			o.advice += lowPortAdvice(port, keep)
		}
	}
	return []pssOffence{o}
}

// lowPortAdvice says who can listen on a port that only root could once. The capability is no ambient one, so that it gets
// to other users than root through a program's file alone (capabilities(7)), and with allowPrivilegeEscalation: false not even
// so; but such a program does not start without it. The sysctl is one that the standard allows.
func lowPortAdvice(port int32, root string) string {
	return fmt.Sprintf("; port %d is below 1024: %s, and a program whose file has that capability does not start without; others listen on it "+
		"where the node lets them (containerd 2 and Docker do), or with the sysctl net.ipv4.ip_unprivileged_port_start=0 in the pod", port, root)
}
