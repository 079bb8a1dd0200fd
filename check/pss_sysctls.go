package check

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

/*
Pods may only set kernel parameters that hold for themselves alone.

Restricted fields:

	spec.securityContext.sysctls[*].name

Allowed values:

	kernel.shm_rmid_forced                 net.ipv4.ip_local_port_range
	net.ipv4.tcp_syncookies                net.ipv4.ping_group_range
	net.ipv4.ip_unprivileged_port_start
	v1.27+  net.ipv4.ip_local_reserved_ports
	v1.29+  net.ipv4.tcp_keepalive_time    net.ipv4.tcp_fin_timeout
	        net.ipv4.tcp_keepalive_intvl   net.ipv4.tcp_keepalive_probes
	v1.32+  net.ipv4.tcp_rmem              net.ipv4.tcp_wmem
	v1.37+  net.ipv4.tcp_slow_start_after_idle   net.ipv4.tcp_notsent_lowat

Source: k8s.io/pod-security-admission/policy/check_sysctls.go
*/
func init() {
	registerPSS(pssRule{
		check: "sysctls",
		Rule: Rule{
			Title: "pods must only set safe sysctls",
			Why: "other kernel parameters hold for the whole node or switch off protections; the kubelet refuses most of " +
				"them, and the pod then never starts.",
			Example: Example{
				Bad: `spec:
  securityContext:
    sysctls:
    - name: kernel.msgmax
      value: "65536"`,
				Good: `spec:
  securityContext:
    sysctls:
    - name: net.ipv4.tcp_syncookies
      value: "1"`,
			},
			Fix:   "manual: remove the sysctl; set it on the nodes where it is needed.",
			OWASP: []string{"K01"},
		},
		pod: sysctls,
	})
}

func sysctls(p *Pod, denied func(*Pod) bool) []pssOffence {
	var out []pssOffence
	for i, s := range p.security().Sysctls {
		only := &corev1.PodSecurityContext{Sysctls: []corev1.Sysctl{s}}
		if denied(&Pod{Spec: corev1.PodSpec{OS: p.Spec.OS, SecurityContext: only}}) {
			out = append(out, manual(p.securityPath("sysctls").At(i).Key("name"), s.Name,
				fmt.Sprintf("pod must not set sysctl %q", s.Name),
				"remove it; where the workload needs it, set it on a pool of nodes (kubelet --allowed-unsafe-sysctls, or the "+
					"node's own configuration) and run the pod there in a namespace with a looser level")...)
		}
	}
	return out
}
