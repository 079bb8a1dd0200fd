package check

import "fmt"

/*
Containers must not be made to run as root.

Restricted fields:

	spec.securityContext.runAsUser
	spec.containers[*].securityContext.runAsUser
	spec.initContainers[*].securityContext.runAsUser
	spec.ephemeralContainers[*].securityContext.runAsUser

Allowed values: undefined, anything but 0. From v1.35 on, anything in a user namespace (hostUsers: false).

Source: k8s.io/pod-security-admission/policy/check_runAsUser.go
*/
func init() {
	registerPSS(pssRule{
		check: "runAsUser",
		Rule: Rule{
			Title: "pods must not set runAsUser=0",
			Why: "root in a container is root on the node as soon as anything else gives way, and it can change every " +
				"file of the container.",
			Example: Example{
				Bad: `spec:
  securityContext:
    runAsUser: 0`,
				Good: `spec:
  securityContext:
    runAsUser: 1000`,
			},
			Fix:   "manual: the manifest asks for root; set runAsUser to a user that the image is made for.",
			OWASP: []string{"K01"},
			CIS:   []string{"5.2.7"},
		},
		pod: func(p *Pod, _ func(*Pod) bool) []pssOffence {
			return manual(p.securityPath("runAsUser"), written(p.security().RunAsUser),
				"pod must not set securityContext.runAsUser=0", runAsUserAdvice)
		},
		container: func(_ *Pod, c Container, _ func(*Pod) bool) []pssOffence {
			return manual(c.securityPath("runAsUser"), written(c.security().RunAsUser),
				fmt.Sprintf("container %q must not set securityContext.runAsUser=0", c.Name), runAsUserAdvice)
		},
	})
}

const runAsUserAdvice = "set runAsUser to the number of a user that the image is made for; where root only prepares a " +
	"volume (chown), fsGroup does that, and for a port below 1024 listen on a higher one behind the Service"
