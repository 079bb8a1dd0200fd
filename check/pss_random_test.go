package check

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// generator makes pods at random, of fields that checks look at, valid or not.
type generator struct{ *rand.Rand }

func (g generator) oneIn(n int) bool { return g.IntN(n) == 0 }

// pick is one of some values.
func pick[T any](g generator, values ...T) T { return values[g.IntN(len(values))] }

// maybe is one of some values, or nil.
func maybe[T any](g generator, values ...T) *T {
	if g.oneIn(2) {
		return nil
	}
	v := pick(g, values...)
	return &v
}

// manifest is a Pod, a Deployment or a CronJob.
func (g generator) manifest() []byte {
	template := map[string]any{"metadata": map[string]any{"annotations": g.annotations()}, "spec": g.spec()}
	o := map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "x", "annotations": g.annotations()},
		"spec": template["spec"]}
	switch g.IntN(3) {
	case 0:
		o["apiVersion"], o["kind"], o["spec"] = "apps/v1", "Deployment", map[string]any{"template": template}
	case 1:
		o["apiVersion"], o["kind"], o["spec"] = "batch/v1", "CronJob", map[string]any{
			"jobTemplate": map[string]any{"spec": map[string]any{"template": template}}}
	}
	text, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return text
}

func (g generator) annotations() map[string]string {
	out := map[string]string{"note": "none"}
	for _, key := range []string{"container.apparmor.security.beta.kubernetes.io/c0", "seccomp.security.alpha.kubernetes.io/pod",
		"container.seccomp.security.alpha.kubernetes.io/c0", "container.seccomp.security.alpha.kubernetes.io/i0"} {
		if g.oneIn(8) {
			out[key] = pick(g, "runtime/default", "unconfined", "localhost/x", "")
		}
	}
	return out
}

func (g generator) spec() *corev1.PodSpec {
	s := &corev1.PodSpec{
		HostNetwork: g.oneIn(10), HostPID: g.oneIn(10), HostIPC: g.oneIn(10), HostUsers: maybe(g, true, false),
		Volumes: g.volumes(),
	}
	if g.oneIn(6) {
		s.OS = &corev1.PodOS{Name: pick(g, corev1.Windows, corev1.Linux)}
	}
	if g.oneIn(2) {
		s.SecurityContext = &corev1.PodSecurityContext{RunAsNonRoot: maybe(g, true, true, false),
			RunAsUser: maybe[int64](g, 0, 1000, 1000), SeccompProfile: g.seccomp(), AppArmorProfile: g.appArmor(),
			SELinuxOptions: g.seLinux(), WindowsOptions: g.windows()}
		for range g.IntN(3) {
			s.SecurityContext.Sysctls = append(s.SecurityContext.Sysctls, corev1.Sysctl{Value: "1", Name: pick(g, "kernel.msgmax",
				"net.ipv4.tcp_syncookies", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_rmem", "net.ipv4.tcp_notsent_lowat")})
		}
	}
	if g.oneIn(8) {
		s.Resources = g.resources()
	}
	for i := range 1 + g.IntN(3) {
		s.Containers = append(s.Containers, g.container(fmt.Sprintf("c%d", i)))
	}
	for i := range g.IntN(3) {
		s.InitContainers = append(s.InitContainers, g.container(fmt.Sprintf("i%d", i)))
	}
	for i := range g.IntN(2) {
		c := g.container(fmt.Sprintf("e%d", i))
		s.EphemeralContainers = append(s.EphemeralContainers, corev1.EphemeralContainer{EphemeralContainerCommon: corev1.EphemeralContainerCommon{
			Name: c.Name, SecurityContext: c.SecurityContext, Ports: c.Ports, VolumeMounts: c.VolumeMounts}})
	}
	return s
}

func (g generator) volumes() []corev1.Volume {
	var out []corev1.Volume
	for i := range g.IntN(3) {
		v := corev1.Volume{Name: pick(g, "tmp", "tmp-c0", fmt.Sprintf("v%d", i))}
		switch g.IntN(6) {
		case 0:
			v.HostPath = &corev1.HostPathVolumeSource{Path: "/var"}
		case 1:
			v.NFS = &corev1.NFSVolumeSource{Server: "s", Path: "/"}
		case 2:
			v.GitRepo = &corev1.GitRepoVolumeSource{Repository: "r"}
		case 3:
			v.Image = &corev1.ImageVolumeSource{Reference: "i"}
		case 4:
			v.EmptyDir = &corev1.EmptyDirVolumeSource{}
		}
		out = append(out, v)
	}
	return out
}

func (g generator) container(name string) corev1.Container {
	c := corev1.Container{Name: name, Image: "i", Resources: *g.resources()}
	if g.oneIn(4) {
		c.VolumeMounts = []corev1.VolumeMount{{Name: "v0", MountPath: pick(g, "/tmp", "/tmp/", "/data")}}
	}
	if g.oneIn(4) {
		c.Ports = []corev1.ContainerPort{{ContainerPort: 80}, {ContainerPort: 81, HostPort: pick[int32](g, 0, 81)}}
	}
	if g.oneIn(6) {
		c.LivenessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Host: pick(g, "", "h")}}}
	}
	if g.oneIn(6) {
		c.Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{TCPSocket: &corev1.TCPSocketAction{Host: pick(g, "", "h")}}}
	}
	if g.oneIn(4) {
		return c
	}
	c.SecurityContext = &corev1.SecurityContext{
		AllowPrivilegeEscalation: maybe(g, true, false), ReadOnlyRootFilesystem: maybe(g, true, false),
		RunAsNonRoot: maybe(g, true, true, false), RunAsUser: maybe[int64](g, 0, 1000, 1000),
		ProcMount:      maybe(g, corev1.DefaultProcMount, corev1.DefaultProcMount, corev1.UnmaskedProcMount),
		SeccompProfile: g.seccomp(), AppArmorProfile: g.appArmor(), SELinuxOptions: g.seLinux(), WindowsOptions: g.windows()}
	if g.oneIn(8) {
		c.SecurityContext.Privileged = maybe(g, true, false)
	}
	if g.oneIn(2) {
		caps := &corev1.Capabilities{Drop: pick(g, nil, []corev1.Capability{"ALL"}, []corev1.Capability{"NET_RAW"})}
		for range g.IntN(3) {
			caps.Add = append(caps.Add, pick[corev1.Capability](g, "NET_BIND_SERVICE", "NET_BIND_SERVICE", "CHOWN", "CAP_SYS_ADMIN"))
		}
		c.SecurityContext.Capabilities = caps
	}
	return c
}

func (g generator) resources() *corev1.ResourceRequirements {
	list := func() corev1.ResourceList {
		out := corev1.ResourceList{}
		for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
			if g.oneIn(2) {
				out[name] = resource.MustParse(pick(g, "0", "1", "100m", "128Mi", "1e3", "0.5", "9E"))
			}
		}
		return out
	}
	return &corev1.ResourceRequirements{Requests: list(), Limits: list()}
}

func (g generator) seccomp() *corev1.SeccompProfile {
	if g.oneIn(3) {
		return &corev1.SeccompProfile{Type: pick[corev1.SeccompProfileType](g, "RuntimeDefault", "RuntimeDefault", "Localhost", "Unconfined", "")}
	}
	return nil
}

func (g generator) appArmor() *corev1.AppArmorProfile {
	if g.oneIn(6) {
		return &corev1.AppArmorProfile{Type: pick[corev1.AppArmorProfileType](g, "RuntimeDefault", "Localhost", "Unconfined", "")}
	}
	return nil
}

func (g generator) seLinux() *corev1.SELinuxOptions {
	if g.oneIn(6) {
		return &corev1.SELinuxOptions{Type: pick(g, "", "container_t", "container_engine_t", "spc_t"), User: pick(g, "", "", "u"),
			Role: pick(g, "", "", "r"), Level: pick(g, "", "s0")}
	}
	return nil
}

func (g generator) windows() *corev1.WindowsSecurityContextOptions {
	if g.oneIn(8) {
		return &corev1.WindowsSecurityContextOptions{HostProcess: maybe(g, true, false)}
	}
	return nil
}
