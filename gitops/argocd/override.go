package argocd

import (
	"encoding/json"
	"path"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	jsonpatch "github.com/evanphx/json-patch"
	"sigs.k8s.io/yaml"

	"github.com/syncgate/syncgate/render"
)

// overridden is one of an Application's sources with what files beside it say.
type overridden struct {
	v1alpha1.ApplicationSource
	values []valuesOverride // in the order in which they are merged
}

// valuesOverride is a file beside a source that holds Helm values.
type valuesOverride struct {
	file   string
	object bool // as helm.valuesObject, not helm.values
}

// overridden merges the files beside a source into it as reposerver/repository mergeSourceParameters does. What is merged is read
// over what was there, so that null takes nothing away but keys of valuesObject.
func (a *application) overridden(s v1alpha1.ApplicationSource, dir, instance string) (*overridden, *render.Error) {
	merged := &overridden{ApplicationSource: *s.DeepCopy()}
	for _, name := range []string{".argocd-source.yaml", ".argocd-source-" + instance + ".yaml"} {
		file := path.Join(dir, name)
		if instance == "" && name != ".argocd-source.yaml" || !a.tree.Exists(file) || a.tree.IsDir(file) {
			continue
		}
		if err := a.override(merged, file); err != nil {
			return nil, &render.Error{File: file, Msg: "cannot be merged into the Application's source",
				Hint: "Argo CD would refuse it: it must be a mapping with fields of an Application's source"}
		}
	}
	merged.Chart, merged.Path, merged.RepoURL, merged.TargetRevision = s.Chart, s.Path, s.RepoURL, s.TargetRevision
	return merged, nil
}

func (a *application) override(s *overridden, file string) error {
	patch, err := a.tree.ReadFile(file)
	if err != nil {
		return err
	}
	if patch, err = yaml.YAMLToJSON(patch); err != nil {
		return err
	}
	data, err := json.Marshal(s.ApplicationSource)
	if err != nil {
		return err
	}
	if data, err = jsonpatch.MergePatch(data, patch); err != nil {
		return err
	}
	if err := json.Unmarshal(data, &s.ApplicationSource); err != nil {
		return err
	}
	var says struct {
		Helm struct {
			Values       json.RawMessage
			ValuesObject json.RawMessage
		}
	}
	if json.Unmarshal(patch, &says) == nil { // what is no mapping is not merged either
		if says.Helm.Values != nil {
			s.values = append(s.values, valuesOverride{file: file})
		}
		if says.Helm.ValuesObject != nil {
			s.values = append(s.values, valuesOverride{file, true})
		}
	}
	return nil
}

// overrideFiles are the files beside a source that are, or would be, merged into it.
func (a *application) overrideFiles(dir string) []string {
	out := []string{path.Join(dir, ".argocd-source.yaml")}
	for _, instance := range []string{a.name, a.elsewhere()} {
		if instance != "" {
			out = append(out, path.Join(dir, ".argocd-source-"+instance+".yaml"))
		}
	}
	return out
}

// elsewhere is what Argo CD calls the Application when the namespace that it names is not Argo CD's own (InstanceName): then
// its override file has that name. "" when it names none.
func (a *application) elsewhere() string {
	if a.object.Namespace == "" || a.name == "" {
		return ""
	}
	return a.object.Namespace + "_" + a.name
}

// instances are the names under which Argo CD may know the Application, as far as they make a difference at a directory. Which
// namespace is Argo CD's own is written nowhere in a repository, and a file that only seems to count must not hide one that does.
func (a *application) instances(dir string) []string {
	if other := a.elsewhere(); other != "" && a.tree.Exists(path.Join(dir, ".argocd-source-"+other+".yaml")) {
		return []string{a.name, other}
	}
	return []string{a.name}
}
