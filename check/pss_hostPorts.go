package check

import (
	"fmt"
	"strconv"
)

/*
Containers must not listen on ports of the node.

Restricted fields:

	spec.containers[*].ports[*].hostPort
	spec.initContainers[*].ports[*].hostPort
	spec.ephemeralContainers[*].ports[*].hostPort

Allowed values: undefined, 0.

Source: k8s.io/pod-security-admission/policy/check_hostPorts.go
*/
func init() {
	registerPSS(pssRule{
		check: "hostPorts",
		Rule: Rule{
			Title: "containers must not use host ports",
			Why: "a port of the node bypasses network policies, can pose as a service of the node, and lets only one " +
				"such pod run on each node.",
			Example: Example{
				Bad: `spec:
  containers:
  - name: web
    ports:
    - containerPort: 8080
      hostPort: 80`,
				Good: `spec:
  containers:
  - name: web
    ports:
    - containerPort: 8080`,
			},
			Fix:   "manual: remove hostPort and reach the container through a Service.",
			OWASP: []string{"K01"},
			CIS:   []string{"5.2.13"},
		},
		container: hostPorts,
	})
}

func hostPorts(_ *Pod, c Container, _ func(*Pod) bool) []pssOffence {
	var out []pssOffence
	for i, port := range c.Ports {
		if port.HostPort != 0 {
			out = append(out, manual(c.Path.Key("ports").At(i).Key("hostPort"), strconv.Itoa(int(port.HostPort)),
				fmt.Sprintf("container %q must not use hostPort %d", c.Name, port.HostPort),
				"remove hostPort and expose the port through a Service (NodePort, LoadBalancer) or an ingress")...)
		}
	}
	return out
}
