package check

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

/*
HostPath volumes must not be used.

Restricted fields:

	spec.volumes[*].hostPath

Allowed values: undefined.

Source: k8s.io/pod-security-admission/policy/check_hostPathVolumes.go
*/
func init() {
	registerPSS(pssRule{
		check: "hostPathVolumes",
		Rule: Rule{
			Title: "pods must not mount paths of the node",
			Why: "a directory of the node holds other pods' secrets, the kubelet's credentials or the runtime's socket; " +
				"who can write there owns the node.",
			Example: Example{
				Bad: `spec:
  volumes:
  - name: data
    hostPath:
      path: /var/lib/data`,
				Good: `spec:
  volumes:
  - name: data
    persistentVolumeClaim:
      claimName: data`,
			},
			Fix:   "manual: use a persistentVolumeClaim, an emptyDir, or a configMap for what the path gives.",
			OWASP: []string{"K01"},
			CIS:   []string{"5.2.12"},
		},
		pod: func(p *Pod, denied func(*Pod) bool) []pssOffence {
			var out []pssOffence
			for _, i := range deniedVolumes(p, denied) {
				out = append(out, hostPathOffence(p, i)...)
			}
			return out
		},
	})
}

func hostPathOffence(p *Pod, i int) []pssOffence {
	v := p.Spec.Volumes[i]
	return manual(p.SpecPath().Key("volumes").At(i).Key("hostPath"), v.HostPath.Path,
		fmt.Sprintf("volume %q must not be a hostPath", v.Name), hostPathAdvice(v.HostPath.Path))
}

func hostPathAdvice(path string) string {
	switch path {
	case "/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/var/run/containerd/containerd.sock",
		"/run/crio/crio.sock", "/var/run/crio/crio.sock":
		return "the runtime's socket is root on the node: build images with a daemonless builder (BuildKit rootless, " +
			"Buildah), and read container state from the Kubernetes API"
	case "/dev/shm":
		return "use an emptyDir of medium Memory"
	case "/etc/localtime", "/usr/share/zoneinfo":
		return "set the TZ environment variable, or put the time zone data into the image"
	}
	return "use a persistentVolumeClaim for data that must stay (class local when it has to be this node's disk), an " +
		"emptyDir for scratch space, a configMap for files; node agents belong in a privileged namespace of their own"
}

// deniedVolumes are the indexes of the volumes that upstream forbids, each asked about on its own.
func deniedVolumes(p *Pod, denied func(*Pod) bool) []int {
	var out []int
	for i := range p.Spec.Volumes {
		if denied(&Pod{Spec: corev1.PodSpec{OS: p.Spec.OS, Volumes: p.Spec.Volumes[i : i+1]}}) {
			out = append(out, i)
		}
	}
	return out
}
