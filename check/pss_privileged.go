package check

/*
Privileged containers must not be used: they switch off most security mechanisms.

Restricted fields:

	spec.containers[*].securityContext.privileged
	spec.initContainers[*].securityContext.privileged
	spec.ephemeralContainers[*].securityContext.privileged

Allowed values: undefined, false.

Source: k8s.io/pod-security-admission/policy/check_privileged.go
*/
func init() {
	registerPSS(pssRule{
		check: "privileged",
		Rule: Rule{
			Title: "containers must not be privileged",
			Why: "a privileged container has every capability and every device of the node, and no seccomp or AppArmor " +
				"profile: who breaks into it owns the node.",
			Example: Example{
				Bad: `spec:
  containers:
  - name: web
    securityContext:
      privileged: true`,
				Good: `spec:
  containers:
  - name: web
    securityContext:
      privileged: false`,
			},
			Fix:   "manual: remove privileged, and add the single capability or device that the container needs.",
			OWASP: []string{"K01"},
			CIS:   []string{"5.2.2"},
		},
		container: func(_ *Pod, c Container, _ func(*Pod) bool) []pssOffence {
			return manual(c.securityPath("privileged"), written(c.security().Privileged), "",
				"remove it and test what breaks: often one capability, a device plugin or a CSI driver does; an init "+
					"container that sets sysctls can become securityContext.sysctls or a setting of the node; node agents "+
					"belong in a privileged namespace of their own")
		},
	})
}
