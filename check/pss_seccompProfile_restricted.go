package check

/*
A seccomp profile must be set. (v1.19+)

Restricted fields:

	spec.securityContext.seccompProfile.type
	spec.containers[*].securityContext.seccompProfile.type
	spec.initContainers[*].securityContext.seccompProfile.type
	spec.ephemeralContainers[*].securityContext.seccompProfile.type

Allowed values: RuntimeDefault, Localhost; undefined in a container when the pod sets one. From v1.25 on, anything on
Windows pods.

Source: k8s.io/pod-security-admission/policy/check_seccompProfile_restricted.go
*/
func init() {
	registerPSS(pssRule{
		check: "seccompProfile_restricted",
		Rule: Rule{
			Title: "pods must set a seccomp profile",
			Why: "unless the kubelet is told otherwise, a container without a profile may make every system call, also " +
				"those that hardly any program makes and that kernel exploits are made of.",
			Example: Example{
				Bad: `spec:
  containers:
  - name: web`,
				Good: `spec:
  securityContext:
    seccompProfile:
      type: RuntimeDefault
  containers:
  - name: web`,
			},
			Fix: "sets seccompProfile to type RuntimeDefault once for the pod: safe; manual where another profile is " +
				"asked for.",
			OWASP: []string{"K01"},
			CIS:   []string{"5.7.2"},
		},
		pod: func(p *Pod, _ func(*Pod) bool) []pssOffence { return unconfinedPod(p) },
		container: func(p *Pod, c Container, _ func(*Pod) bool) []pssOffence {
			if c.security().SeccompProfile != nil {
				return unconfinedContainer(c)
			}
			path := c.securityPath("seccompProfile", "type")
			if p.windows() {
				return manual(path, "", "", windowsAdvice)
			}
			return []pssOffence{{path: path, safety: FixSafe, want: []Want{Set{
				Path: p.securityPath("seccompProfile"), Value: map[string]any{"type": "RuntimeDefault"}}}}}
		},
	})
}
