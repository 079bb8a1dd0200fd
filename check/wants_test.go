package check

import (
	"slices"
	"strings"
	"testing"
)

// TestWants states what some findings ask for, to the letter: rule, safety, value as written, wants.
func TestWants(t *testing.T) {
	long := strings.Repeat("x", 63)
	for _, test := range []struct {
		name, rule, spec string
		want             []string
	}{
		{"requests are doubled", "workload/memoryLimit", `{containers: [
			{name: a, resources: {requests: {memory: 128Mi}}}, {name: b, resources: {requests: {memory: 1.5Gi}}},
			{name: c, resources: {requests: {memory: 1e9}}}, {name: d, resources: {limits: {memory: "0"}}},
			{name: e, resources: {requests: {memory: 0}}}]}`, []string{
			`review "": spec.containers[0].resources.limits.memory=256Mi`,
			`review "": spec.containers[1].resources.limits.memory=3Gi`,
			`review "": spec.containers[2].resources.limits.memory=2G`,
			`review "0": spec.containers[3].resources.limits.memory=512Mi`,
			`review "": spec.containers[4].resources.limits.memory=512Mi`}},
		{"CPU is counted in thousandths", "workload/cpuLimit", `{initContainers: [{name: i}], containers: [
			{name: a, resources: {requests: {cpu: 250m}}}, {name: b, resources: {requests: {cpu: 0.5}}},
			{name: c, resources: {requests: {cpu: 1}, limits: {memory: 1Gi}}}]}`, []string{
			`review "": spec.initContainers[0].resources.limits.cpu=500m`,
			`review "": spec.containers[0].resources.limits.cpu=500m`,
			`review "": spec.containers[1].resources.limits.cpu=1`,
			`review "": spec.containers[2].resources.limits.cpu=2`}},
		{"one container mounts tmp", "workload/readOnlyRootFilesystem", `{containers: [{name: a},
			{name: b, securityContext: {readOnlyRootFilesystem: false}, volumeMounts: [{name: x, mountPath: /tmp/}]}]}`, []string{
			`review "": spec.containers[0].securityContext.readOnlyRootFilesystem=true; spec.containers[0] mounts emptyDir tmp at /tmp`,
			`review "false": spec.containers[1].securityContext.readOnlyRootFilesystem=true`}},
		{"several do, and names are taken", "workload/readOnlyRootFilesystem", `{volumes: [{name: tmp-a}], containers: [{name: a},
			{name: b, volumeMounts: [{name: tmp-c, mountPath: /data}]}, {name: c}, {name: ` + long + `}]}`, []string{
			`review "": spec.containers[0].securityContext.readOnlyRootFilesystem=true; spec.containers[0] mounts emptyDir tmp-a-2 at /tmp`,
			`review "": spec.containers[1].securityContext.readOnlyRootFilesystem=true; spec.containers[1] mounts emptyDir tmp-b at /tmp`,
			`review "": spec.containers[2].securityContext.readOnlyRootFilesystem=true; spec.containers[2] mounts emptyDir tmp-c-2 at /tmp`,
			`review "": spec.containers[3].securityContext.readOnlyRootFilesystem=true; spec.containers[3] mounts emptyDir tmp-` +
				long[:59] + ` at /tmp`}},
		{"the name tmp is taken", "workload/readOnlyRootFilesystem", `{volumes: [{name: tmp}], containers: [{name: a}]}`, []string{
			`review "": spec.containers[0].securityContext.readOnlyRootFilesystem=true; spec.containers[0] mounts emptyDir tmp-a at /tmp`}},
		{"non-root once for the pod", "pss/runAsNonRoot", `{securityContext: {runAsUser: 1}, containers: [{name: a}, {name: b}]}`, []string{
			`safe "": spec.securityContext.runAsNonRoot=true`, `safe "": spec.securityContext.runAsNonRoot=true`}},
		{"non-root beside root", "pss/runAsNonRoot", `{containers: [{name: a}, {name: b, securityContext: {runAsUser: 0}}]}`, []string{
			`review "": spec.containers[0].securityContext.runAsNonRoot=true`, `manual "": `}},
		{"root that says so does not inherit", "pss/runAsNonRoot", `{containers: [{name: a, securityContext: {runAsUser: 5}},
			{name: b, securityContext: {runAsUser: 0, runAsNonRoot: false}}]}`, []string{
			`safe "": spec.securityContext.runAsNonRoot=true`, `manual "false": `}},
		{"seccomp once for the pod", "pss/seccompProfile_restricted", `{containers: [{name: a}]}`, []string{
			`safe "": spec.securityContext.seccompProfile=map[type:RuntimeDefault]`}},
		{"ALL is added to what is dropped", "pss/capabilities_restricted",
			`{containers: [{name: a, securityContext: {capabilities: {drop: [NET_RAW, MKNOD]}}}]}`, []string{
				`review "[NET_RAW, MKNOD]": spec.containers[0].securityContext.capabilities.drop+=ALL`}},
		{"values as written", "pss/restrictedVolumes", `{volumes: [{name: a, hostPath: {path: /var}}, {name: b, nfs: {server: s, path: /}}]}`,
			[]string{`manual "/var": `, `manual "nfs": `}},
	} {
		t.Run(test.name, func(t *testing.T) {
			spec := strings.ReplaceAll(test.spec, "\t", " ")
			o := objectOf(t, []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: "+spec))
			var got []string
			for _, f := range judge(t, Policy{"restricted", "v1.35"}, []*Rule{RuleByID(test.rule)}, o) {
				var wants []string
				for _, w := range f.Want {
					wants = append(wants, w.String())
				}
				got = append(got, string(f.Safety)+` "`+f.Value+`": `+strings.Join(wants, "; "))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(test.want, "\n\t"))
			}
		})
	}
}
