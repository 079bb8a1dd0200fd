package fix

import (
	"encoding/json"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/resid"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/render"
)

// selector is the target of a patch in a kustomization, which may match several objects: its names are regular expressions.
type selector struct {
	names               *types.SelectorRegex // nil when it is no selector: then it matches nothing
	labels, annotations labels.Selector      // nil for any
}

// targetOf is the target of an item of patches, nil when it has none.
func targetOf(item *yaml.Node) *selector {
	n := child(item, "target")
	if n == nil {
		return nil
	}
	var s types.Selector
	if n.Decode(&s) != nil {
		return &selector{}
	}
	out := &selector{}
	var errs [3]error
	if s.LabelSelector != "" {
		out.labels, errs[0] = labels.Parse(s.LabelSelector)
	}
	if s.AnnotationSelector != "" {
		out.annotations, errs[1] = labels.Parse(s.AnnotationSelector)
	}
	out.names, errs[2] = types.NewSelectorRegex(&s)
	if errs != [3]error{} {
		return &selector{}
	}
	return out
}

// matches reports whether the selector takes an object, by the name that its file or the cluster knows. Labels are those
// of the rendered object: what a later patch makes of them is not looked at.
func (s *selector) matches(o *render.Object) bool {
	if s.names == nil {
		return false
	}
	gv, err := schema.ParseGroupVersion(o.APIVersion)
	if err != nil || !s.names.MatchGvk(resid.NewGvk(gv.Group, gv.Version, o.Kind)) ||
		!s.names.MatchName(o.Name) && !s.names.MatchName(o.Ref.Name) ||
		!s.names.MatchNamespace(o.Namespace) && !s.names.MatchNamespace(o.Ref.Namespace) {
		return false
	}
	if s.labels == nil && s.annotations == nil {
		return true
	}
	var have struct {
		Metadata struct{ Labels, Annotations map[string]string }
	}
	return json.Unmarshal(o.JSON, &have) == nil &&
		(s.labels == nil || s.labels.Matches(labels.Set(have.Metadata.Labels))) &&
		(s.annotations == nil || s.annotations.Matches(labels.Set(have.Metadata.Annotations)))
}
