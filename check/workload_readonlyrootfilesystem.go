package check

import (
	"fmt"
	"path"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

/*
Containers must not be able to write to their image's files.

Fields:

	spec.containers[*].securityContext.readOnlyRootFilesystem
	spec.initContainers[*].securityContext.readOnlyRootFilesystem

Wanted: true, with an emptyDir at /tmp and at the paths that fix.writablePaths in the config gives to the image, unless
something is mounted there. Windows pods are left out: the API refuses the
field on them.
*/
func init() {
	register(&Rule{
		ID:    "workload/readOnlyRootFilesystem",
		Title: "containers must set readOnlyRootFilesystem=true",
		Why: "an intruder who can write to the container's files can replace programs and keep tools there; what a " +
			"program writes to its image is lost at the next restart anyway.",
		Example: Example{
			Bad: `spec:
  containers:
  - name: web`,
			Good: `spec:
  containers:
  - name: web
    securityContext:
      readOnlyRootFilesystem: true
    volumeMounts:
    - name: tmp
      mountPath: /tmp
  volumes:
  - name: tmp
    emptyDir: {}`,
		},
		Fix: "sets readOnlyRootFilesystem=true and mounts an emptyDir at /tmp, and at the image's fix.writablePaths in the " +
			"config, where nothing is mounted: review, since a program may write elsewhere.",
		Severity: SeverityWarning,
		OWASP:    []string{"K01"},
		Check: func(p *Pass) {
			for i := range p.Pods {
				readOnlyRootFilesystem(p, &p.Pods[i])
			}
		},
	})
}

func readOnlyRootFilesystem(p *Pass, pod *Pod) {
	if pod.windows() {
		return
	}
	var writable []Container
	needed := map[string]int{} // containers that need a directory
	for _, c := range pod.lasting() {
		if isTrue(c.security().ReadOnlyRootFilesystem) {
			continue
		}
		writable = append(writable, c)
		for _, dir := range scratch(c, p.Remedies) {
			needed[dir]++
		}
	}
	names := volumeNames(pod)
	for _, c := range writable {
		at := c.securityPath("readOnlyRootFilesystem")
		want := []Want{Set{Path: at, Value: true}}
		for _, dir := range scratch(c, p.Remedies) {
			name := freeName(map[string]bool{}, dir)
			if needed[dir] > 1 || names[name] {
				name = freeName(names, name+"-"+c.Name)
			}
			names[name] = true
			want = append(want, Mount{Pod: pod.SpecPath(), Container: c.Path, Name: name, MountPath: dir})
		}
		p.Report(Finding{
			Container: c.Name,
			Path:      at,
			Value:     written(c.security().ReadOnlyRootFilesystem),
			Message:   fmt.Sprintf("container %q must set securityContext.readOnlyRootFilesystem=true", c.Name),
			Want:      want,
			Safety:    FixReview,
			Advice: "test that the container starts and works: each directory it writes to beside /tmp (caches, pid files, " +
				"logs, generated configuration) needs an emptyDir or a volume; look for \"Read-only file system\" in its log" +
				volumesAdvice(c, p.Remedies),
		})
	}
}

// scratch lists the directories that a container needs to write to and mounts nothing at.
func scratch(c Container, rem *Remedies) []string {
	var out []string
	for _, dir := range append([]string{"/tmp"}, rem.WritableBy(c.Image)...) {
		if !slices.Contains(out, dir) && !mounts(c, dir) {
			out = append(out, dir)
		}
	}
	return out
}

func mounts(c Container, dir string) bool {
	return slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return path.Clean(m.MountPath) == dir })
}
