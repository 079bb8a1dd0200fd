package check

import "fmt"

/*
Pods must not share the node's network, process and IPC namespaces.

Restricted fields:

	spec.hostNetwork
	spec.hostPID
	spec.hostIPC

Allowed values: undefined, false.

Source: k8s.io/pod-security-admission/policy/check_hostNamespaces.go
*/
func init() {
	registerPSS(pssRule{
		check: "hostNamespaces",
		Rule: Rule{
			Title: "pods must not share the node's network, PID or IPC namespace",
			Why: "such a pod sees the node's traffic and local services, reads the memory and environment of its " +
				"processes, and network policies do not hold it.",
			Example: Example{
				Bad: `spec:
  hostNetwork: true`,
				Good: `spec:
  hostNetwork: false`,
			},
			Fix:   "manual: use a Service, a shared volume or an API instead, or run node agents in a namespace of their own.",
			OWASP: []string{"K01"},
			CIS:   []string{"5.2.3", "5.2.4", "5.2.5"},
		},
		pod: hostNamespaces,
	})
}

func hostNamespaces(p *Pod, _ func(*Pod) bool) []pssOffence {
	var out []pssOffence
	for _, ns := range []struct {
		field  string
		shared bool
		advice string
	}{
		{"hostNetwork", p.Spec.HostNetwork, "remove it and reach the pod through a Service (NodePort, LoadBalancer or an " +
			"ingress); what needs the node's network, such as a CNI agent, belongs in a privileged namespace of its own"},
		{"hostPID", p.Spec.HostPID, "remove it; containers of one pod that must see each other can set " +
			"shareProcessNamespace, node monitoring belongs in a privileged namespace of its own"},
		{"hostIPC", p.Spec.HostIPC, "remove it; put processes that share memory into one pod, with an emptyDir of " +
			"medium Memory at /dev/shm"},
	} {
		if ns.shared {
			out = append(out, manual(p.SpecPath().Key(ns.field), "true",
				fmt.Sprintf("pod must not set %s=true", ns.field), ns.advice)...)
		}
	}
	return out
}
