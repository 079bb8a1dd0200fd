package check

import (
	"fmt"
	"path"
)

/*
Containers must not be able to write to their image's files.

Fields:

	spec.containers[*].securityContext.readOnlyRootFilesystem
	spec.initContainers[*].securityContext.readOnlyRootFilesystem

Wanted: true, with an emptyDir at /tmp unless something is mounted there. Windows pods are left out: the API refuses the
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
		Fix: "sets readOnlyRootFilesystem=true and mounts an emptyDir at /tmp where nothing is mounted: review, since a " +
			"program may write elsewhere.",
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
	needTmp := 0
	for _, c := range pod.lasting() {
		if isTrue(c.security().ReadOnlyRootFilesystem) {
			continue
		}
		writable = append(writable, c)
		if !mountsTmp(c) {
			needTmp++
		}
	}
	names := volumeNames(pod)
	for _, c := range writable {
		at := c.securityPath("readOnlyRootFilesystem")
		want := []Want{Set{Path: at, Value: true}}
		if !mountsTmp(c) {
			name := "tmp"
			if needTmp > 1 || names[name] {
				name = freeName(names, "tmp-"+c.Name)
			}
			names[name] = true
			want = append(want, Mount{Pod: pod.SpecPath(), Container: c.Path, Name: name, MountPath: "/tmp"})
		}
		p.Report(Finding{
			Container: c.Name,
			Path:      at,
			Value:     written(c.security().ReadOnlyRootFilesystem),
			Message:   fmt.Sprintf("container %q must set securityContext.readOnlyRootFilesystem=true", c.Name),
			Want:      want,
			Safety:    FixReview,
			Advice: "test that the container starts and works: each directory it writes to beside /tmp (caches, pid files, " +
				"logs, generated configuration) needs an emptyDir or a volume; look for \"Read-only file system\" in its log",
		})
	}
}

func mountsTmp(c Container) bool {
	for _, m := range c.VolumeMounts {
		if path.Clean(m.MountPath) == "/tmp" {
			return true
		}
	}
	return false
}
