package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/syncgate/syncgate/render"
)

// AnnotationPrefix begins the annotations that exempt their object, or the pod of the template they stand on, from a
// rule: syncgate.io/ignore.workload.cpuLimit: "reason".
const AnnotationPrefix = "syncgate.io/ignore."

// annotation is one such annotation.
type annotation struct {
	rule   string // group/name, which may be no rule at all
	reason string
	object render.Object // without its content
	pod    render.Path   // the template that it stands on, nil for the object
	path   render.Path
	origin render.Origin
}

// key identifies an annotation across revisions.
func (a *annotation) key() string {
	return strings.Join([]string{a.object.APIVersion, a.object.Kind, a.object.Namespace, a.object.Name, a.pod.String(), a.rule}, "\x00")
}

func (a *annotation) name() string {
	return AnnotationPrefix + strings.Replace(a.rule, "/", ".", 1)
}

// covers reports whether the annotation is for a finding of its source.
func (a *annotation) covers(f *Finding) bool {
	o := &a.object
	return f.Rule.ID == a.rule && f.Object.Kind == o.Kind && f.Object.Name == o.Name && f.Object.Namespace == o.Namespace &&
		f.Object.APIVersion == o.APIVersion && f.Path.HasPrefix(a.pod)
}

// annotationsOf lists the annotations of an object and of its pods.
func annotationsOf(o *render.Object, pods []Pod) []annotation {
	if !bytes.Contains(o.JSON, []byte(AnnotationPrefix)) {
		return nil
	}
	var root struct {
		Metadata struct {
			Annotations map[string]any `json:"annotations"`
		} `json:"metadata"`
	}
	var out []annotation
	add := func(at render.Path, key string, value any) {
		rule, ok := strings.CutPrefix(key, AnnotationPrefix)
		if !ok {
			return
		}
		reason, _ := value.(string)
		slim := *o
		slim.JSON, slim.Text = nil, ""
		out = append(out, annotation{rule: strings.Replace(rule, ".", "/", 1), reason: strings.TrimSpace(reason), object: slim,
			pod: at, path: at.Key("metadata", "annotations", key)})
	}
	if json.Unmarshal(o.JSON, &root) == nil {
		for k, v := range root.Metadata.Annotations {
			add(nil, k, v)
		}
	}
	for i := range pods {
		if len(pods[i].At) == 0 {
			continue // the object itself
		}
		for k, v := range pods[i].Meta.Annotations {
			add(pods[i].At, k, v)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].key() < out[j].key() })
	return out
}

// refusal says why an annotation is not honoured, "" when it is.
func (a *annotation) refusal(allowed []string) string {
	r := RuleByID(a.rule)
	switch {
	case r == nil:
		return fmt.Sprintf("%s names no rule (%v)", a.name(), unknownRule(a.rule))
	case !slices.ContainsFunc(allowed, func(p string) bool { return matches(p, r) }):
		return fmt.Sprintf("%s is not honoured: allowAnnotations in the config does not list %s", a.name(), a.rule)
	case a.reason == "":
		return fmt.Sprintf("%s is not honoured: it gives no reason", a.name())
	}
	return ""
}
