package check

import corev1 "k8s.io/api/core/v1"

// DefaultCPULimit is what a container gets that does not say how much CPU it requests.
const DefaultCPULimit = "500m"

/*
Containers must have a CPU limit.

Fields:

	spec.containers[*].resources.limits.cpu
	spec.initContainers[*].resources.limits.cpu

Wanted: more than 0. Nothing is missing where spec.resources.limits.cpu limits the pod as a whole (v1.34+), nor where a
LimitRange of the namespace gives a limit. With fix.limits.cpu: none in the config the rule is off.
*/
func init() {
	register(&Rule{
		ID:    "workload/cpuLimit",
		Title: "containers must set a CPU limit",
		Why: "a container without one can take all the CPU that its neighbours on the node do not request, so that " +
			"they slow down when it loops or mines. Teams that prefer requests alone turn this rule off with fix.limits.cpu: none in the config.",
		Example: Example{
			Bad: `spec:
  containers:
  - name: web
    resources:
      requests:
        cpu: 100m`,
			Good: `spec:
  containers:
  - name: web
    resources:
      requests:
        cpu: 100m
      limits:
        cpu: 200m`,
		},
		Fix: "sets resources.limits.cpu to twice the request, or to " + DefaultCPULimit + " where there is none, or to what " +
			"fix.limits.cpu in the config says; with fix.limits.as: limitRange a LimitRange of the namespace gives it, " +
			"where that is certain: review, since a container at its limit is throttled.",
		Severity: SeverityWarning,
		OWASP:    []string{"K01"},
		Check:    cpuLimit.check,
	})
}

var cpuLimit = limit{
	resource: corev1.ResourceCPU,
	fallback: DefaultCPULimit,
	advice: "test start-up and load: at the limit the container is throttled (container_cpu_cfs_throttled_periods_total), " +
		"and probes with short timeouts fail",
}
