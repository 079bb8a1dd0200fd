package argocd

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

// PluginName is what the plugin is called: an Application names it in spec.source.plugin.name.
const PluginName = check.PluginName

// Parameter is one that the plugin takes: what an Application without a plugin says in helm, kustomize and directory, which
// Argo CD refuses beside one. The JSON is that of Argo CD's announcements (reposerver/apiclient ParameterAnnouncement).
type Parameter struct {
	Name           string `json:"name"`
	Title          string `json:"title"`
	Tooltip        string `json:"tooltip,omitempty"`
	ItemType       string `json:"itemType,omitempty"`
	CollectionType string `json:"collectionType,omitempty"` // "" for one string, array or map

	set func(*v1alpha1.ApplicationSource, v1alpha1.ApplicationSourcePluginParameter) error
}

const (
	array   = "array"
	mapping = "map"
)

// levelParameter is the one parameter that is not about rendering.
const levelParameter = check.PluginLevelParameter

// Parameters are all that the plugin takes.
var Parameters = []Parameter{
	{Name: levelParameter, Title: "Pod Security level", Tooltip: "baseline or restricted; can only raise what the administrator asks for"},
	helmText("release-name", "Helm release name", func(h *v1alpha1.ApplicationSourceHelm) *string { return &h.ReleaseName }),
	helmText("values", "Helm values, as YAML", func(h *v1alpha1.ApplicationSourceHelm) *string { return &h.Values }),
	{Name: "values-files", Title: "Helm values files", CollectionType: array,
		Tooltip: "relative to the source; from the repository's root with a leading /",
		set: func(s *v1alpha1.ApplicationSource, p v1alpha1.ApplicationSourcePluginParameter) error {
			helmOf(s).ValueFiles = listOf(p)
			return nil
		}},
	helmSwitch("ignore-missing-values-files", "Pass over Helm values files that are not there",
		func(h *v1alpha1.ApplicationSourceHelm) *bool { return &h.IgnoreMissingValueFiles }),
	helmMap("helm-parameters", "Helm parameters", func(h *v1alpha1.ApplicationSourceHelm, name, value string) {
		h.Parameters = append(h.Parameters, v1alpha1.HelmParameter{Name: name, Value: value})
	}),
	helmMap("helm-string-parameters", "Helm parameters that are strings", func(h *v1alpha1.ApplicationSourceHelm, name, value string) {
		h.Parameters = append(h.Parameters, v1alpha1.HelmParameter{Name: name, Value: value, ForceString: true})
	}),
	helmMap("helm-file-parameters", "Helm parameters from files", func(h *v1alpha1.ApplicationSourceHelm, name, value string) {
		h.FileParameters = append(h.FileParameters, v1alpha1.HelmFileParameter{Name: name, Path: value})
	}),
	helmText("helm-namespace", "Helm release namespace", func(h *v1alpha1.ApplicationSourceHelm) *string { return &h.Namespace }),
	helmSwitch("skip-crds", "Leave out CRDs", func(h *v1alpha1.ApplicationSourceHelm) *bool { return &h.SkipCrds }),
	helmSwitch("skip-tests", "Leave out test hooks", func(h *v1alpha1.ApplicationSourceHelm) *bool { return &h.SkipTests }),
	kustomizeText("kustomize-name-prefix", "Kustomize name prefix", func(k *v1alpha1.ApplicationSourceKustomize) *string { return &k.NamePrefix }),
	kustomizeText("kustomize-name-suffix", "Kustomize name suffix", func(k *v1alpha1.ApplicationSourceKustomize) *string { return &k.NameSuffix }),
	kustomizeText("kustomize-namespace", "Kustomize namespace", func(k *v1alpha1.ApplicationSourceKustomize) *string { return &k.Namespace }),
	{Name: "kustomize-images", Title: "Kustomize images", CollectionType: array,
		set: func(s *v1alpha1.ApplicationSource, p v1alpha1.ApplicationSourcePluginParameter) error {
			for _, image := range listOf(p) {
				kustomizeOf(s).Images = append(kustomizeOf(s).Images, v1alpha1.KustomizeImage(image))
			}
			return nil
		}},
	{Name: "kustomize-replicas", Title: "Kustomize replicas", CollectionType: mapping, set: setReplicas},
	kustomizeMap("kustomize-common-labels", "Kustomize common labels", func(k *v1alpha1.ApplicationSourceKustomize) *map[string]string { return &k.CommonLabels }),
	kustomizeMap("kustomize-common-annotations", "Kustomize common annotations",
		func(k *v1alpha1.ApplicationSourceKustomize) *map[string]string { return &k.CommonAnnotations }),
	{Name: "kustomize-components", Title: "Kustomize components", CollectionType: array,
		set: func(s *v1alpha1.ApplicationSource, p v1alpha1.ApplicationSourcePluginParameter) error {
			kustomizeOf(s).Components = listOf(p)
			return nil
		}},
	{Name: "kustomize-patches", Title: "Kustomize patches, each as YAML", CollectionType: array, set: setPatches},
	directorySwitch("directory-recurse", "Take manifests of all folders below", func(d *v1alpha1.ApplicationSourceDirectory) *bool { return &d.Recurse }),
	directoryText("directory-include", "Pattern of files to take", func(d *v1alpha1.ApplicationSourceDirectory) *string { return &d.Include }),
	directoryText("directory-exclude", "Pattern of files to leave out", func(d *v1alpha1.ApplicationSourceDirectory) *string { return &d.Exclude }),
}

func helmOf(s *v1alpha1.ApplicationSource) *v1alpha1.ApplicationSourceHelm {
	if s.Helm == nil {
		s.Helm = &v1alpha1.ApplicationSourceHelm{}
	}
	return s.Helm
}

func kustomizeOf(s *v1alpha1.ApplicationSource) *v1alpha1.ApplicationSourceKustomize {
	if s.Kustomize == nil {
		s.Kustomize = &v1alpha1.ApplicationSourceKustomize{}
	}
	return s.Kustomize
}

func directoryOf(s *v1alpha1.ApplicationSource) *v1alpha1.ApplicationSourceDirectory {
	if s.Directory == nil {
		s.Directory = &v1alpha1.ApplicationSourceDirectory{}
	}
	return s.Directory
}

// one makes a parameter that is one string.
func one(name, title string, set func(*v1alpha1.ApplicationSource, string) error) Parameter {
	return Parameter{Name: name, Title: title, set: func(s *v1alpha1.ApplicationSource, p v1alpha1.ApplicationSourcePluginParameter) error {
		return set(s, textOf(p))
	}}
}

func helmText(name, title string, field func(*v1alpha1.ApplicationSourceHelm) *string) Parameter {
	return one(name, title, func(s *v1alpha1.ApplicationSource, v string) error { *field(helmOf(s)) = v; return nil })
}

func kustomizeText(name, title string, field func(*v1alpha1.ApplicationSourceKustomize) *string) Parameter {
	return one(name, title, func(s *v1alpha1.ApplicationSource, v string) error { *field(kustomizeOf(s)) = v; return nil })
}

func directoryText(name, title string, field func(*v1alpha1.ApplicationSourceDirectory) *string) Parameter {
	return one(name, title, func(s *v1alpha1.ApplicationSource, v string) error { *field(directoryOf(s)) = v; return nil })
}

func boolean(name, title string, field func(*v1alpha1.ApplicationSource) *bool) Parameter {
	p := one(name, title, func(s *v1alpha1.ApplicationSource, v string) (err error) {
		if *field(s), err = strconv.ParseBool(v); err != nil {
			return fmt.Errorf("expected true or false")
		}
		return nil
	})
	p.ItemType = "boolean"
	return p
}

func helmSwitch(name, title string, field func(*v1alpha1.ApplicationSourceHelm) *bool) Parameter {
	return boolean(name, title, func(s *v1alpha1.ApplicationSource) *bool { return field(helmOf(s)) })
}

func directorySwitch(name, title string, field func(*v1alpha1.ApplicationSourceDirectory) *bool) Parameter {
	return boolean(name, title, func(s *v1alpha1.ApplicationSource) *bool { return field(directoryOf(s)) })
}

func helmMap(name, title string, add func(h *v1alpha1.ApplicationSourceHelm, name, value string)) Parameter {
	return Parameter{Name: name, Title: title, CollectionType: mapping,
		set: func(s *v1alpha1.ApplicationSource, p v1alpha1.ApplicationSourcePluginParameter) error {
			for _, k := range slices.Sorted(maps.Keys(mapOf(p))) {
				add(helmOf(s), k, mapOf(p)[k])
			}
			return nil
		}}
}

func kustomizeMap(name, title string, field func(*v1alpha1.ApplicationSourceKustomize) *map[string]string) Parameter {
	return Parameter{Name: name, Title: title, CollectionType: mapping,
		set: func(s *v1alpha1.ApplicationSource, p v1alpha1.ApplicationSourcePluginParameter) error {
			*field(kustomizeOf(s)) = mapOf(p)
			return nil
		}}
}

func setReplicas(s *v1alpha1.ApplicationSource, p v1alpha1.ApplicationSourcePluginParameter) error {
	for _, k := range slices.Sorted(maps.Keys(mapOf(p))) {
		n, err := strconv.Atoi(mapOf(p)[k])
		if err != nil {
			return fmt.Errorf("the count of %s is no number", k)
		}
		r := v1alpha1.KustomizeReplica{Name: k}
		r.Count.IntVal = int32(n)
		kustomizeOf(s).Replicas = append(kustomizeOf(s).Replicas, r)
	}
	return nil
}

func setPatches(s *v1alpha1.ApplicationSource, p v1alpha1.ApplicationSourcePluginParameter) error {
	for i, text := range listOf(p) {
		var patch v1alpha1.KustomizePatch
		if sigsyaml.UnmarshalStrict([]byte(text), &patch) != nil {
			return fmt.Errorf("item %d is no patch of a kustomization", i)
		}
		kustomizeOf(s).Patches = append(kustomizeOf(s).Patches, patch)
	}
	return nil
}

func textOf(p v1alpha1.ApplicationSourcePluginParameter) string {
	if p.String_ == nil {
		return ""
	}
	return *p.String_
}

func listOf(p v1alpha1.ApplicationSourcePluginParameter) []string {
	if p.OptionalArray == nil {
		return nil
	}
	return p.Array
}

func mapOf(p v1alpha1.ApplicationSourcePluginParameter) map[string]string {
	if p.OptionalMap == nil {
		return nil
	}
	return p.Map
}

// collection is how a parameter is given.
func collection(p v1alpha1.ApplicationSourcePluginParameter) string {
	switch {
	case p.OptionalArray != nil:
		return array
	case p.OptionalMap != nil:
		return mapping
	}
	return ""
}

// apply gives a source what parameters say, and returns the level that they ask for.
func apply(s *v1alpha1.ApplicationSource, params v1alpha1.ApplicationSourcePluginParameters) (level string, err error) {
	var names []string
	for i := range Parameters {
		names = append(names, Parameters[i].Name)
	}
	for _, p := range params {
		i := slices.Index(names, p.Name)
		if i < 0 {
			hint := "known are " + strings.Join(names, ", ")
			if near := check.Nearest(p.Name, names); near != "" {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			return "", fmt.Errorf("there is no parameter %q; %s", p.Name, hint)
		}
		known := &Parameters[i]
		if got := collection(p); got != known.CollectionType {
			return "", fmt.Errorf("the parameter %s is given as %s, expected %s", p.Name, kindOf(got), kindOf(known.CollectionType))
		}
		if known.set == nil {
			level = textOf(p)
		} else if err := known.set(s, p); err != nil {
			return "", fmt.Errorf("the parameter %s: %w", p.Name, err)
		}
	}
	return level, nil
}

func kindOf(collection string) string {
	if collection == "" {
		return "a string"
	}
	return collection
}

// plugin says how a source with a config-management plugin is rendered: ours is known.
func (a *application) plugin(out *render.Source, i int, s *overridden, env *v1alpha1.Env) *render.Error {
	name := ""
	if s.Plugin != nil {
		name = s.Plugin.Name
	}
	if name != PluginName && !strings.HasPrefix(name, PluginName+"-") {
		return &render.Error{Msg: fmt.Sprintf("what the plugin %q renders is not known here", name),
			Hint: "pass --allow-unresolved, and have the plugin's own output checked"}
	}
	plain := &overridden{ApplicationSource: *s.DeepCopy()}
	plain.Plugin = nil
	if _, err := apply(&plain.ApplicationSource, s.Plugin.Parameters); err != nil {
		return &render.Error{Msg: err.Error(), Hint: "the plugin would refuse it; `syncgate plugin parameters` lists what it takes"}
	}
	return a.fill(out, i, env, plain)
}
