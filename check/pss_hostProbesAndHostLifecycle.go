package check

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/syncgate/syncgate/render"
)

/*
Probes and lifecycle handlers must not name a host. (v1.34+)

Restricted fields, in containers, initContainers and ephemeralContainers:

	livenessProbe.httpGet.host         livenessProbe.tcpSocket.host
	readinessProbe.httpGet.host        readinessProbe.tcpSocket.host
	startupProbe.httpGet.host          startupProbe.tcpSocket.host
	lifecycle.postStart.httpGet.host   lifecycle.postStart.tcpSocket.host
	lifecycle.preStop.httpGet.host     lifecycle.preStop.tcpSocket.host

Allowed values: undefined, empty.

Source: k8s.io/pod-security-admission/policy/check_hostProbesAndhostLifecycle.go
*/
func init() {
	registerPSS(pssRule{
		check: "hostProbesAndHostLifecycle",
		Rule: Rule{
			Title: "probes and lifecycle handlers must not name a host",
			Why: "the kubelet makes these requests from the node: a host of one's choice turns it into a proxy into " +
				"networks that the pod itself cannot reach.",
			Example: Example{
				Bad: `spec:
  containers:
  - name: web
    livenessProbe:
      httpGet:
        host: 169.254.169.254
        port: 80`,
				Good: `spec:
  containers:
  - name: web
    livenessProbe:
      httpGet:
        port: 80`,
			},
			Fix:   "manual: remove host, so that the pod's own address is asked, or probe with exec.",
			OWASP: []string{"K01"},
		},
		container: hostProbesAndHostLifecycle,
	})
}

func hostProbesAndHostLifecycle(_ *Pod, c Container, _ func(*Pod) bool) []pssOffence {
	var out []pssOffence
	handler := func(at render.Path, get *corev1.HTTPGetAction, tcp *corev1.TCPSocketAction) {
		host := func(kind, value string) {
			if value == "" {
				return
			}
			path := at.Key(kind, "host")
			out = append(out, manual(path, value, fmt.Sprintf("container %q must not set %s to %q",
				c.Name, path[len(c.Path):], value), hostProbeAdvice)...)
		}
		if get != nil {
			host("httpGet", get.Host)
		}
		if tcp != nil {
			host("tcpSocket", tcp.Host)
		}
	}
	probe := func(key string, p *corev1.Probe) {
		if p != nil {
			handler(c.Path.Key(key), p.HTTPGet, p.TCPSocket)
		}
	}
	hook := func(key string, h *corev1.LifecycleHandler) {
		if h != nil {
			handler(c.Path.Key("lifecycle", key), h.HTTPGet, h.TCPSocket)
		}
	}
	probe("livenessProbe", c.LivenessProbe)
	probe("readinessProbe", c.ReadinessProbe)
	probe("startupProbe", c.StartupProbe)
	if c.Lifecycle != nil {
		hook("postStart", c.Lifecycle.PostStart)
		hook("preStop", c.Lifecycle.PreStop)
	}
	return out
}

const hostProbeAdvice = "remove host: the pod's own address is asked then; for a virtual host set the header Host in " +
	"httpHeaders, for a process that listens on localhost only use an exec probe"
