package argocd

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"

	"github.com/syncgate/syncgate/render"
)

// kustomizeOptions are the changes that an Application makes to a kustomization (util/kustomize Build).
func kustomizeOptions(out *render.Source, k *v1alpha1.ApplicationSourceKustomize, env *v1alpha1.Env) *render.Error {
	if k == nil {
		return nil
	}
	o := &out.Kustomize
	*o = render.KustomizeOptions{NamePrefix: k.NamePrefix, NameSuffix: k.NameSuffix, Namespace: k.Namespace,
		ForceLabels: k.ForceCommonLabels, LabelWithoutSelector: k.LabelWithoutSelector,
		ForceAnnotations: k.ForceCommonAnnotations, Components: k.Components,
		Labels:      pairs(k.CommonLabels, env.Envsubst),
		Annotations: pairs(k.CommonAnnotations, func(s string) string { return s })}
	if k.CommonAnnotationsEnvsubst {
		o.Annotations = pairs(k.CommonAnnotations, env.Envsubst)
	}
	for _, image := range k.Images {
		o.Images = append(o.Images, env.Envsubst(string(image)))
	}
	for _, r := range k.Replicas {
		n, err := r.GetIntCount()
		if err != nil {
			return &render.Error{Msg: fmt.Sprintf("kustomize.replicas: the count of %s is no number", r.Name),
				Hint: "Argo CD would refuse it; correct the Application"}
		}
		o.Replicas = append(o.Replicas, fmt.Sprintf("%s=%d", r.Name, n))
	}
	raw, err := json.Marshal(k.Patches)
	if err == nil {
		err = json.Unmarshal(raw, &o.Patches)
	}
	if err != nil {
		return &render.Error{Msg: "kustomize.patches: " + jsonMessage(err), Hint: "Argo CD would refuse it; correct the Application"}
	}
	return nil
}

func pairs(m map[string]string, value func(string) string) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, k+":"+value(m[k]))
	}
	return out
}
