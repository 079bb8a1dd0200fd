package check

/*
The masks over /proc must stay.

Restricted fields:

	spec.containers[*].securityContext.procMount
	spec.initContainers[*].securityContext.procMount
	spec.ephemeralContainers[*].securityContext.procMount

Allowed values: undefined, Default. From v1.35 on, anything in a user namespace (hostUsers: false).

Source: k8s.io/pod-security-admission/policy/check_procMount_baseline.go
*/
func init() {
	registerPSS(pssRule{
		check: "procMount",
		Rule: Rule{
			Title: "containers must not unmask /proc outside a user namespace",
			Why: "the runtime hides and write-protects parts of /proc, such as /proc/kcore and /proc/sys, through which a " +
				"container could read and change the node's kernel.",
			Example: Example{
				Bad: `spec:
  containers:
  - name: build
    securityContext:
      procMount: Unmasked`,
				Good: `spec:
  containers:
  - name: build
    securityContext:
      procMount: Default`,
			},
			Fix:   "manual: remove procMount, or set hostUsers=false in a namespace of level baseline, v1.35 or newer.",
			OWASP: []string{"K01"},
		},
		container: procMount("remove it; only containers within containers need it, and those can run in a user namespace " +
			"(hostUsers: false), where baseline allows it from v1.35 on"),
	})
}

// procMount locates the field for both levels; what to do instead differs.
func procMount(advice string) func(*Pod, Container, func(*Pod) bool) []pssOffence {
	return func(_ *Pod, c Container, _ func(*Pod) bool) []pssOffence {
		return manual(c.securityPath("procMount"), written(c.security().ProcMount), "", advice)
	}
}
