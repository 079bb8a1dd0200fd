package check

import "slices"

/*
A process must not gain more privileges than its parent (set-user-ID and set-group-ID files).

Restricted fields:

	spec.containers[*].securityContext.allowPrivilegeEscalation
	spec.initContainers[*].securityContext.allowPrivilegeEscalation
	spec.ephemeralContainers[*].securityContext.allowPrivilegeEscalation

Allowed values: false. From v1.25 on, anything on Windows pods.

Source: k8s.io/pod-security-admission/policy/check_allowPrivilegeEscalation.go
*/
func init() {
	registerPSS(pssRule{
		check: "allowPrivilegeEscalation",
		Rule: Rule{
			Title: "containers must set allowPrivilegeEscalation=false",
			Why: "without it a process can gain more privileges than it was started with, by a set-user-ID binary in " +
				"its image; the field is true when nobody sets it.",
			Example: Example{
				Bad: `spec:
  containers:
  - name: web`,
				Good: `spec:
  containers:
  - name: web
    securityContext:
      allowPrivilegeEscalation: false`,
			},
			Fix: "sets allowPrivilegeEscalation=false: safe where it is unset, review where it is true on purpose; manual " +
				"for privileged containers and those that add CAP_SYS_ADMIN, where the API refuses it.",
			OWASP: []string{"K01"},
			CIS:   []string{"5.2.6"},
		},
		container: allowPrivilegeEscalation,
	})
}

func allowPrivilegeEscalation(p *Pod, c Container, _ func(*Pod) bool) []pssOffence {
	sc, path := c.security(), c.securityPath("allowPrivilegeEscalation")
	value := written(sc.AllowPrivilegeEscalation)
	switch {
	case p.windows():
		return manual(path, value, "", windowsAdvice)
	case isTrue(sc.Privileged):
		return manual(path, value, "", "the API refuses allowPrivilegeEscalation=false beside privileged=true: "+
			"take privileged away first, and add only the capabilities that the container needs")
	case sc.Capabilities != nil && slices.Contains(sc.Capabilities.Add, "CAP_SYS_ADMIN"):
		return manual(path, value, "", "the API refuses allowPrivilegeEscalation=false beside the capability "+
			"CAP_SYS_ADMIN: take the capability away first")
	}
	o := pssOffence{path: path, value: value, want: []Want{Set{Path: path, Value: false}}, safety: FixSafe}
	if value != "" {
		o.safety = FixReview
		o.advice = "the manifest asks for it: check that nothing in the container uses sudo, su, ping or another " +
			"set-user-ID binary"
	}
	return []pssOffence{o}
}
