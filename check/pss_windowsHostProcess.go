package check

import corev1 "k8s.io/api/core/v1"

/*
Windows containers must not run as processes of the node.

Restricted fields:

	spec.securityContext.windowsOptions.hostProcess
	spec.containers[*].securityContext.windowsOptions.hostProcess
	spec.initContainers[*].securityContext.windowsOptions.hostProcess
	spec.ephemeralContainers[*].securityContext.windowsOptions.hostProcess

Allowed values: undefined, false.

Source: k8s.io/pod-security-admission/policy/check_windowsHostProcess.go
*/
func init() {
	registerPSS(pssRule{
		check: "windowsHostProcess",
		Rule: Rule{
			Title: "pods must not set windowsOptions.hostProcess=true",
			Why:   "a HostProcess container runs directly on the Windows node, with its files, network and accounts.",
			Example: Example{
				Bad: `spec:
  securityContext:
    windowsOptions:
      hostProcess: true`,
				Good: `spec:
  securityContext:
    windowsOptions:
      hostProcess: false`,
			},
			Fix:   "manual: run it as an ordinary container; node agents belong in a privileged namespace of their own.",
			OWASP: []string{"K01"},
			CIS:   []string{"5.2.11"},
		},
		pod: func(p *Pod, _ func(*Pod) bool) []pssOffence {
			return manual(p.securityPath("windowsOptions", "hostProcess"), hostProcess(p.security().WindowsOptions), "",
				hostProcessAdvice)
		},
		container: func(_ *Pod, c Container, _ func(*Pod) bool) []pssOffence {
			return manual(c.securityPath("windowsOptions", "hostProcess"), hostProcess(c.security().WindowsOptions), "",
				hostProcessAdvice)
		},
	})
}

const hostProcessAdvice = "remove it, with the hostNetwork that goes with it, and run an ordinary Windows container; what " +
	"must act on the node, such as a CSI or CNI agent, belongs in a privileged namespace of its own"

func hostProcess(o *corev1.WindowsSecurityContextOptions) string {
	if o == nil {
		return ""
	}
	return written(o.HostProcess)
}
