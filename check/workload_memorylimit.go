package check

import corev1 "k8s.io/api/core/v1"

// DefaultMemoryLimit is what a container gets that does not say how much memory it requests.
const DefaultMemoryLimit = "512Mi"

/*
Containers must have a memory limit.

Fields:

	spec.containers[*].resources.limits.memory
	spec.initContainers[*].resources.limits.memory

Wanted: more than 0. Nothing is missing where spec.resources.limits.memory limits the pod as a whole (v1.34+), nor where a
LimitRange of the namespace gives a limit. With fix.limits.memory: none in the config the rule is off.
*/
func init() {
	register(&Rule{
		ID:    "workload/memoryLimit",
		Title: "containers must set a memory limit",
		Why: "a container without one can use up the node's memory; the kernel then kills whatever it likes, other " +
			"teams' pods included.",
		Example: Example{
			Bad: `spec:
  containers:
  - name: web
    resources:
      requests:
        memory: 128Mi`,
			Good: `spec:
  containers:
  - name: web
    resources:
      requests:
        memory: 128Mi
      limits:
        memory: 256Mi`,
		},
		Fix: "sets resources.limits.memory to twice the request, or to " + DefaultMemoryLimit + " where there is none, or " +
			"to what fix.limits.memory in the config says; with fix.limits.as: limitRange a LimitRange of the " +
			"namespace gives it, where that is certain: review, since a container above its limit is killed. With none " +
			"there the rule is off.",
		Severity: SeverityWarning,
		OWASP:    []string{"K01"},
		Check:    memoryLimit.check,
	})
}

var memoryLimit = limit{
	resource: corev1.ResourceMemory,
	fallback: DefaultMemoryLimit,
	advice: "compare it with the container's peak (container_memory_working_set_bytes): above the limit it is " +
		"OOMKilled",
}
