package check

/*
The masks over /proc must stay, also in a user namespace. (v1.35+; before that, procMount says so at both levels)

Restricted fields:

	spec.containers[*].securityContext.procMount
	spec.initContainers[*].securityContext.procMount
	spec.ephemeralContainers[*].securityContext.procMount

Allowed values: undefined, Default.

Source: k8s.io/pod-security-admission/policy/check_procMount_restricted.go
*/
func init() {
	registerPSS(pssRule{
		check: "procMount_restricted",
		Rule: Rule{
			Title: "containers must not unmask /proc",
			Why: "the runtime hides and write-protects parts of /proc, such as /proc/kcore and /proc/sys, through which a " +
				"container could read and change the node's kernel.",
			Example: Example{
				Bad: `spec:
  hostUsers: false
  containers:
  - name: build
    securityContext:
      procMount: Unmasked`,
				Good: `spec:
  hostUsers: false
  containers:
  - name: build
    securityContext:
      procMount: Default`,
			},
			Fix:   "manual: remove procMount, or move the pod to a namespace of level baseline.",
			OWASP: []string{"K01"},
		},
		container: procMount("remove it; only containers within containers need it, and those belong in a namespace of " +
			"level baseline, with hostUsers: false"),
	})
}
