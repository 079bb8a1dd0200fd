package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sort"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kjson "sigs.k8s.io/json"

	"github.com/syncgate/syncgate/render"
)

// Pod is a pod, or the template of one, inside a rendered object.
type Pod struct {
	At   render.Path // of the template; empty for a Pod
	Meta metav1.ObjectMeta
	Spec corev1.PodSpec

	remedies *Remedies // of the team, nil where nobody asks for them
}

// SpecPath is where the pod's spec stands in the object.
func (p *Pod) SpecPath() render.Path { return p.At.Key("spec") }

// Container is one container of a pod, of any of its three lists.
type Container struct {
	*corev1.Container
	List string      // initContainers, containers or ephemeralContainers
	Path render.Path // in the object
}

// Containers lists init, regular and ephemeral containers, in the order in which upstream visits them.
func (p *Pod) Containers() []Container {
	var out []Container
	add := func(list string, i int, c *corev1.Container) {
		out = append(out, Container{Container: c, List: list, Path: p.SpecPath().Key(list).At(i)})
	}
	for i := range p.Spec.InitContainers {
		add("initContainers", i, &p.Spec.InitContainers[i])
	}
	for i := range p.Spec.Containers {
		add("containers", i, &p.Spec.Containers[i])
	}
	for i := range p.Spec.EphemeralContainers {
		add("ephemeralContainers", i, (*corev1.Container)(&p.Spec.EphemeralContainers[i].EphemeralContainerCommon))
	}
	return out
}

// PodsIn finds the pods in an object, with defaults set; the rules judge these.
func PodsIn(o *render.Object) ([]Pod, error) { return podsIn(o) }

// podsIn finds the pods in an object: the object itself when it is a v1 Pod, and every pod template below it,
// found by its shape, {spec: {containers: [{…}]}}: Deployments, CronJobs, and custom resources such as Argo's Rollout,
// Knative's Service or a JobSet alike. A template that cannot be read as a pod is an error: it would be refused or,
// worse, applied unjudged.
func podsIn(o *render.Object) ([]Pod, error) {
	if !namesContainers(o.JSON) && !(o.Kind == "Pod" && o.APIVersion == "v1") {
		return nil, nil
	}
	var root map[string]any
	if err := json.Unmarshal(o.JSON, &root); err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", o.ID(), err)
	}
	var at []render.Path
	if o.APIVersion == "v1" && o.Kind == "Pod" {
		at = append(at, nil)
	} else {
		findTemplates(root, new(render.Path), &at)
	}
	var pods []Pod
	for _, p := range at {
		pod := Pod{At: p}
		if err := readPod(dig(root, p), &pod); err != nil {
			return nil, fmt.Errorf("%s is no valid pod%s: %s", o.ID(), podName(p), mismatch(dig(root, p), p, err))
		}
		pods = append(pods, pod)
	}
	return pods, nil
}

func podName(p render.Path) string {
	if len(p) == 0 {
		return ""
	}
	return " at " + p.String()
}

// namesContainers reports whether JSON has a list under a key that ends in "ontainers". Most that has the word does
// not: schemas in CustomResourceDefinitions, which are the largest of all objects.
func namesContainers(json []byte) bool {
	for {
		_, after, found := bytes.Cut(json, []byte(`ontainers"`))
		if !found {
			return false
		}
		value, colon := bytes.CutPrefix(bytes.TrimLeft(after, jsonSpace), []byte(":"))
		if colon && bytes.HasPrefix(bytes.TrimLeft(value, jsonSpace), []byte("[")) {
			return true
		}
		json = after
	}
}

const jsonSpace = " \t\r\n"

// findTemplates collects the paths of the pod templates in v, which stands at at.
func findTemplates(v any, at *render.Path, out *[]render.Path) {
	switch x := v.(type) {
	case map[string]any:
		if len(*at) > 0 && isTemplate(x) {
			*out = append(*out, slices.Clone(*at))
			return
		}
		keys := make([]string, 0, len(x))
		for k := range x {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		for _, k := range keys {
			within(x[k], render.Step{Key: k}, at, out)
		}
	case []any:
		for i := range x {
			within(x[i], render.Step{Index: i, IsIndex: true}, at, out)
		}
	}
}

func within(v any, s render.Step, at *render.Path, out *[]render.Path) {
	*at = append(*at, s)
	findTemplates(v, at, out)
	*at = (*at)[:len(*at)-1]
}

// isTemplate reports whether a mapping has the shape of a pod template.
func isTemplate(m map[string]any) bool {
	spec, ok := m["spec"].(map[string]any)
	if !ok {
		return false
	}
	for _, list := range []string{"containers", "initContainers"} {
		containers, ok := spec[list].([]any)
		if !ok {
			continue
		}
		for _, c := range containers {
			if m, ok := c.(map[string]any); ok && (m["name"] != nil || m["image"] != nil) {
				return true
			}
		}
	}
	return false
}

// readPod decodes a template as the API server does: by exact field names, unknown fields dropped, defaults set.
func readPod(v any, pod *Pod) error {
	m, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("not a mapping")
	}
	for key, into := range map[string]any{"metadata": &pod.Meta, "spec": &pod.Spec} {
		raw, err := json.Marshal(m[key])
		if err != nil {
			return err
		}
		if err := kjson.UnmarshalCaseSensitivePreserveInts(raw, into); err != nil {
			return err
		}
	}
	setDefaults(m["spec"], &pod.Spec)
	return nil
}

// dig follows a path through decoded JSON; nil when it leads nowhere.
func dig(v any, p render.Path) any {
	for _, s := range p {
		if s.IsIndex {
			list, ok := v.([]any)
			if !ok || s.Index >= len(list) {
				return nil
			}
			v = list[s.Index]
			continue
		}
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[s.Key]
	}
	return v
}
