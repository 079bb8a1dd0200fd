package fix

import (
	"encoding/json"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/pkg/apis/core"
	v1defaults "k8s.io/kubernetes/pkg/apis/core/v1"
	"k8s.io/kubernetes/pkg/apis/core/validation"

	"github.com/syncgate/syncgate/check"
)

// The API takes what the config's values make of a LimitRange, and gives what was asked for.
func TestLimitRangeIsValid(t *testing.T) {
	cpu, memory := corev1.ResourceCPU, corev1.ResourceMemory
	for name, r := range map[string]check.Remedies{
		"nothing said":   {},
		"amounts":        {Limits: map[corev1.ResourceName]check.LimitRemedy{cpu: {Amount: "2"}, memory: {Amount: "1Gi"}}},
		"requests":       {Requests: map[corev1.ResourceName]string{cpu: "50m", memory: "64Mi"}},
		"large requests": {Requests: map[corev1.ResourceName]string{cpu: "3", memory: "4Gi"}},
		"no CPU limit": {Limits: map[corev1.ResourceName]check.LimitRemedy{cpu: {None: true}},
			Requests: map[corev1.ResourceName]string{cpu: "50m"}},
	} {
		item := limitItem{map[string]any{}, map[string]any{}}
		for _, x := range []corev1.ResourceName{cpu, memory} {
			item.add(&r, "limits", x)
			item.add(&r, "requests", x)
		}
		raw, err := json.Marshal(item.json())
		if err != nil {
			t.Fatal(err)
		}
		v1 := corev1.LimitRange{ObjectMeta: metav1.ObjectMeta{Name: "a", Namespace: "b"}, Spec: corev1.LimitRangeSpec{Limits: make([]corev1.LimitRangeItem, 1)}}
		if err := json.Unmarshal(raw, &v1.Spec.Limits[0]); err != nil {
			t.Fatal(err)
		}
		v1defaults.SetDefaults_LimitRangeItem(&v1.Spec.Limits[0])
		var lr core.LimitRange
		if err := v1defaults.Convert_v1_LimitRange_To_core_LimitRange(&v1, &lr, nil); err != nil {
			t.Fatal(err)
		}
		if errs := validation.ValidateLimitRange(&lr); len(errs) > 0 {
			t.Errorf("%s: %s: %v", name, raw, errs)
		}
		got := lr.Spec.Limits[0]
		has := func(l core.ResourceList, name core.ResourceName) bool { q := l[name]; return !q.IsZero() }
		if has(got.Default, core.ResourceCPU) == r.Limits[cpu].None || !has(got.DefaultRequest, core.ResourceCPU) ||
			!has(got.Default, core.ResourceMemory) || !has(got.DefaultRequest, core.ResourceMemory) {
			t.Errorf("%s: %s gives %+v", name, raw, got)
		}
	}
}
