package check

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// TestLimitRemedies states which limit a container gets.
func TestLimitRemedies(t *testing.T) {
	type limits = map[corev1.ResourceName]LimitRemedy
	for _, test := range []struct {
		name, resources string
		remedies        Remedies
		want            string // of memory, "" for no finding
	}{
		{"default", `{requests: {memory: 100Mi}}`, Remedies{}, "200Mi"},
		{"none", `{}`, Remedies{Limits: limits{"memory": {None: true}}}, ""},
		{"ratio", `{requests: {memory: 100Mi}}`, Remedies{Limits: limits{"memory": {Ratio: 1.5}}}, "150Mi"},
		{"ratio of nothing", `{}`, Remedies{Limits: limits{"memory": {Ratio: 1.5}}}, "512Mi"},
		{"amount", `{}`, Remedies{Limits: limits{"memory": {Amount: "1Gi"}}}, "1Gi"},
		{"amount below the request", `{requests: {memory: 2Gi}}`, Remedies{Limits: limits{"memory": {Amount: "1Gi"}}}, "2Gi"},
		{"of the request to come", `{}`, Remedies{Requests: map[corev1.ResourceName]string{"memory": "300Mi"}}, "600Mi"},
		{"amount below the request to come", `{}`, Remedies{Limits: limits{"memory": {Amount: "1Mi"}},
			Requests: map[corev1.ResourceName]string{"memory": "300Mi"}}, "300Mi"},
	} {
		got := ""
		for _, f := range judgeWith(t, &test.remedies, "workload", `{containers: [{name: a, resources: `+test.resources+`}]}`) {
			if f.Rule.ID == "workload/memoryLimit" {
				got = f.Want[0].(Set).Value.(string)
			}
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// judgeWith judges a pod's spec by the rules of a group with a team's remedies.
func judgeWith(t *testing.T, r *Remedies, group, spec string) []Finding {
	t.Helper()
	o := objectOf(t, []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: "+spec))
	pods, err := podsIn(&o)
	if err != nil {
		t.Fatal(err)
	}
	var out []Finding
	terms := &terms{policy: Policy{"restricted", "v1.35"}, rules: ofGroup(group), remedies: r}
	if err := terms.judge(&o, pods, func(f Finding) { out = append(out, f) }); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSafetyRemedies(t *testing.T) {
	r := &Remedies{Safety: map[string]Safety{"workload/*": FixSafe, "workload/cpuLimit": FixManual}}
	for _, f := range judgeWith(t, r, "workload", `{automountServiceAccountToken: true, containers: [{name: a}]}`) {
		want := FixSafe
		if f.Rule.ID == "workload/cpuLimit" || f.Rule.ID == "workload/serviceAccountToken" {
			want = FixManual // by the team's word; because nothing is asked for
		}
		if f.Safety != want || (want == FixManual) != (len(f.Want) == 0) {
			t.Errorf("%s is %s and wants %v", f.Rule.ID, f.Safety, f.Want)
		}
	}
}

func TestWritablePaths(t *testing.T) {
	r := &Remedies{Writable: []WritablePaths{
		{Images: globs(t, NameGlob, "nginx:*"), Paths: []string{"/var/run", "/tmp"}},
		{Images: globs(t, NameGlob, "*"), Paths: []string{"/var/run", "/cache"}},
	}, Users: []ImageUser{{globs(t, NameGlob, "nginx:*"), 101}, {globs(t, NameGlob, "*"), 7}}}
	if got := strings.Join(r.WritableBy("nginx:1"), " "); got != "/cache /tmp /var/run" {
		t.Errorf("nginx writes to %s", got)
	}
	if id, ok := r.UserOf("nginx:1"); id != 101 || !ok {
		t.Errorf("nginx runs as %d, %v", id, ok)
	}
	for _, f := range judgeWith(t, r, "workload", `{containers: [{name: a, image: "nginx:1", volumeMounts: [{name: c, mountPath: /cache/}]}]}`) {
		if f.Rule.ID != "workload/readOnlyRootFilesystem" {
			continue
		}
		var got []string
		for _, w := range f.Want[1:] {
			got = append(got, w.(Mount).Name+" "+w.(Mount).MountPath)
		}
		if s := strings.Join(got, ", "); s != "tmp /tmp, var-run /var/run" {
			t.Errorf("mounts are %s", s)
		}
	}
}

func TestTimes(t *testing.T) {
	for _, test := range []struct {
		q     string
		ratio float64
		want  string
	}{{"100m", 1.5, "150m"}, {"1", 1.5, "1500m"}, {"1m", 1.1, "2m"}, {"128Mi", 2, "256Mi"}, {"100Mi", 1.333, "139775181"},
		{"1e9", 1.5, "1500M"}, {"3", 1, "3"}} {
		if got := times(resource.MustParse(test.q), test.ratio); got != test.want {
			t.Errorf("%v times %s is %s, want %s", test.ratio, test.q, got, test.want)
		}
	}
}
