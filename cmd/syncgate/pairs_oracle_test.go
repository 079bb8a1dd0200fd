//go:build conformance || fixrate

package main

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	psaapi "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	kjson "sigs.k8s.io/json"
	sigsyaml "sigs.k8s.io/yaml"
)

// pairsOracle asks the upstream library about the objects in a command's output. It knows the controllers of
// Kubernetes by name, and only custom resources by the shape of a pod template.
type pairsOracle struct {
	level, version string // as the flags have them
	checks         []oracleCheck
}

// oracleCheck is the one version of an upstream check that holds at a level and version.
type oracleCheck struct {
	id  policy.CheckID
	run policy.CheckPodFn
}

func (o *pairsOracle) String() string { return o.level + ":" + o.version }

// newPairsOracle chooses upstream's checks as its documentation of policy.Check and VersionedCheck has it: of each check
// the newest that is not newer than the version, and at restricted none that another one overrides.
func newPairsOracle(t *testing.T, level, version, kube string) *pairsOracle {
	o := &pairsOracle{level: level, version: version}
	if version == "latest" { // means the cluster's
		var major, minor int
		if _, err := fmt.Sscanf(kube, "v%d.%d", &major, &minor); err != nil {
			t.Fatalf("%s: %v", kube, err)
		}
		version = fmt.Sprintf("v%d.%d", major, minor)
	}
	v, err := psaapi.ParseVersion(version)
	if err != nil {
		t.Fatal(err)
	}
	overridden := map[policy.CheckID]bool{}
	for _, c := range policy.DefaultChecks() {
		if c.Level == psaapi.LevelRestricted && level == "baseline" {
			continue
		}
		var newest *policy.VersionedCheck
		for i := range c.Versions {
			if !v.Older(c.Versions[i].MinimumVersion) {
				newest = &c.Versions[i]
			}
		}
		if newest == nil {
			continue
		}
		for _, id := range newest.OverrideCheckIDs {
			overridden[id] = true
		}
		o.checks = append(o.checks, oracleCheck{c.ID, newest.CheckPod})
	}
	kept := o.checks[:0]
	for _, c := range o.checks {
		if !overridden[c.id] {
			kept = append(kept, c)
		}
	}
	o.checks = kept
	return o
}

// judge adds the pairs of all objects, and returns how many of them hold pods.
func (o *pairsOracle) judge(objects []map[string]any, into pairSet) (pods int, err error) {
	for _, object := range objects {
		templates := podTemplates(object)
		if len(templates) > 0 {
			pods++
		}
		for _, template := range templates {
			if err := o.pod(object, template, into); err != nil {
				return pods, err
			}
		}
	}
	return pods, nil
}

func (o *pairsOracle) pod(object, template map[string]any, into pairSet) error {
	text, err := sigsyaml.Marshal(map[string]any{"metadata": template["metadata"], "spec": template["spec"]})
	if err != nil {
		return err
	}
	raw, err := sigsyaml.YAMLToJSON(text)
	if err != nil {
		return err
	}
	var pod corev1.Pod
	if err := kjson.UnmarshalCaseSensitivePreserveInts(raw, &pod); err != nil {
		return fmt.Errorf("%v of %v is no pod: %w", object["kind"], object["metadata"], err)
	}
	for i := range pod.Spec.Volumes { // k8s.io/kubernetes/pkg/apis/core/v1 SetDefaults_Volume
		if v := &pod.Spec.Volumes[i]; reflect.DeepEqual(v.VolumeSource, corev1.VolumeSource{}) {
			v.EmptyDir = &corev1.EmptyDirVolumeSource{}
		}
	}
	p := pair{apiVersion: textAt(object, "apiVersion"), kind: textAt(object, "kind")}
	meta, _ := object["metadata"].(map[string]any)
	p.namespace, p.name = textAt(meta, "namespace"), textAt(meta, "name")
	if p.name == "" {
		p.name = textAt(meta, "generateName")
	}
	for _, c := range o.checks {
		if !c.run(&metav1.ObjectMeta{Annotations: pod.Annotations}, &pod.Spec).Allowed {
			p.check = string(c.id)
			into[p] = true
		}
	}
	return nil
}

// controllerTemplates say where a kind of Kubernetes itself keeps its pod template, "" for the object itself.
var controllerTemplates = map[string]string{
	"/Pod": "", "/PodTemplate": "template", "/ReplicationController": "spec.template",
	"apps/Deployment": "spec.template", "apps/ReplicaSet": "spec.template", "apps/StatefulSet": "spec.template",
	"apps/DaemonSet": "spec.template", "extensions/Deployment": "spec.template", "extensions/ReplicaSet": "spec.template",
	"extensions/DaemonSet": "spec.template", "batch/Job": "spec.template", "batch/CronJob": "spec.jobTemplate.spec.template",
}

func podTemplates(object map[string]any) (out []map[string]any) {
	group, _, grouped := strings.Cut(textAt(object, "apiVersion"), "/")
	if !grouped {
		group = ""
	}
	at, known := controllerTemplates[group+"/"+textAt(object, "kind")]
	if !known {
		for _, v := range object {
			out = shapedLikePods(v, out)
		}
		return out
	}
	found := object
	if at != "" {
		for _, key := range strings.Split(at, ".") {
			found, _ = found[key].(map[string]any)
		}
	}
	if spec, ok := found["spec"].(map[string]any); ok && spec != nil {
		out = append(out, found)
	}
	return out
}

// shapedLikePods finds {spec: {containers: [{name or image}]}} at any depth, or initContainers alone, as in operators'
// patches of what they make.
func shapedLikePods(v any, out []map[string]any) []map[string]any {
	if list, ok := v.([]any); ok {
		for _, item := range list {
			out = shapedLikePods(item, out)
		}
		return out
	}
	m, _ := v.(map[string]any)
	spec, _ := m["spec"].(map[string]any)
	for _, key := range []string{"containers", "initContainers"} {
		if containers, _ := spec[key].([]any); len(containers) > 0 {
			first, _ := containers[0].(map[string]any)
			if first["name"] != nil || first["image"] != nil {
				return append(out, m)
			}
		}
	}
	for _, inner := range m {
		out = shapedLikePods(inner, out)
	}
	return out
}

func textAt(m map[string]any, key string) string {
	s, _ := m[key].(string)
	return s
}

var documentBreak = regexp.MustCompile(`(?m)^---([ \t].*)?$`)

// commandObjects are the objects in a command's output, those in Lists too.
func commandObjects(out []byte) (objects []map[string]any, err error) {
	for _, text := range documentBreak.Split(string(out), -1) {
		var object map[string]any
		if err := sigsyaml.Unmarshal([]byte(text), &object); err != nil {
			return nil, err
		}
		objects = appendListed(objects, object)
	}
	return objects, nil
}

func appendListed(out []map[string]any, object map[string]any) []map[string]any {
	items, list := object["items"].([]any)
	if len(object) == 0 || !list || !strings.HasSuffix(textAt(object, "kind"), "List") {
		if len(object) > 0 {
			out = append(out, object)
		}
		return out
	}
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			out = appendListed(out, m)
		}
	}
	return out
}
