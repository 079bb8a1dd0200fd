package argocd

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	jsonpatch "github.com/evanphx/json-patch"
	"sigs.k8s.io/yaml"

	"github.com/syncgate/syncgate/render"
)

// source is what one of an Application's sources renders, nil for one that only other sources refer to.
func (a *application) source(i int) (*render.Source, *render.Error) {
	s := a.sources[i]
	if s.Ref != "" && s.Path == "" && s.Chart == "" {
		return nil, nil
	}
	if s.Chart != "" {
		return nil, another(fmt.Sprintf("the chart %s of %s", strings.TrimSpace(s.Chart+" "+s.TargetRevision), render.PublicURL(s.RepoURL)))
	}
	dir, err := a.directory(&s)
	if err != nil {
		return nil, err
	}
	merged, from, err := a.overridden(s, dir)
	if err != nil {
		return nil, err
	}
	out := render.Source{ID: dir + "@" + a.name, Path: dir, Application: a.name, Project: cmp.Or(a.spec.Project, "default"),
		Cluster: cmp.Or(a.spec.Destination.Name, a.spec.Destination.Server), Namespace: a.spec.Destination.Namespace, From: from}
	if md := a.spec.SyncPolicy; md != nil && md.ManagedNamespaceMetadata != nil && md.SyncOptions.HasOption("CreateNamespace=true") {
		out.Labels = md.ManagedNamespaceMetadata.Labels
	}
	return &out, a.fill(&out, i, &s, &merged)
}

// fill says how a source is rendered, by its type.
func (a *application) fill(out *render.Source, i int, s, merged *v1alpha1.ApplicationSource) *render.Error {
	kind, err := a.kind(merged, out.Path)
	if err != nil {
		return err
	}
	env := a.env(s)
	switch kind {
	case v1alpha1.ApplicationSourceTypeHelm:
		out.Kind = render.KindHelm
		return a.helm(out, i, merged, env)
	case v1alpha1.ApplicationSourceTypeKustomize:
		out.Kind = render.KindKustomize
		return kustomizeOptions(out, merged.Kustomize, env)
	case v1alpha1.ApplicationSourceTypeDirectory:
		out.Kind = render.KindDirectory
		if d := merged.Directory; d != nil {
			out.Directory = render.DirectoryOptions{Recurse: d.Recurse, Include: d.Include, Exclude: d.Exclude}
		}
		return nil
	}
	return a.plugin(out, i, merged)
}

// directory is where a source stands in the repository.
func (a *application) directory(s *v1alpha1.ApplicationSource) (string, *render.Error) {
	if s.RepoURL == "" {
		return "", &render.Error{Msg: "a source names no repoURL", Hint: "Argo CD would refuse it; correct the Application"}
	}
	same, known := a.repo.Is(s.RepoURL)
	dir := path.Clean(cmp.Or(s.Path, "."))
	outside := path.IsAbs(s.Path) || dir == ".." || strings.HasPrefix(dir, "../")
	there := !outside && s.Path != "" && a.tree.IsDir(dir)
	switch {
	case known && !same, !known && !there:
		return "", another(fmt.Sprintf("%s of %s", cmp.Or(s.Path, "."), render.PublicURL(s.RepoURL)))
	case outside:
		return "", &render.Error{Msg: fmt.Sprintf("the path %s leads out of the repository", s.Path),
			Hint: "Argo CD would refuse it; paths are relative to the repository's root"}
	case s.Path == "":
		return "", &render.Error{Msg: "a source names no path", Hint: "Argo CD would refuse it; \".\" is the repository's root"}
	case !there:
		return "", &render.Error{Msg: fmt.Sprintf("the path %s does not exist", s.Path),
			Hint: "correct the Application's path; paths are relative to the repository's root"}
	}
	real, err := a.tree.Resolve(dir)
	if err != nil {
		return "", &render.Error{Msg: err.Error(), Hint: "correct the Application's path"}
	}
	return real, nil
}

// overridden is a source with what files beside it say (mergeSourceParameters), and those files, there or not.
func (a *application) overridden(s v1alpha1.ApplicationSource, dir string) (v1alpha1.ApplicationSource, []string, *render.Error) {
	merged := *s.DeepCopy()
	var from []string
	for _, name := range overrideFiles(a.name) {
		file := path.Join(dir, name)
		from = append(from, file)
		if !a.tree.Exists(file) || a.tree.IsDir(file) {
			continue
		}
		if err := a.override(&merged, file); err != nil {
			return s, nil, &render.Error{File: file, Msg: "cannot be merged into the Application's source",
				Hint: "Argo CD would refuse it: it must be a mapping with fields of an Application's source"}
		}
	}
	merged.Chart, merged.Path, merged.RepoURL, merged.TargetRevision = s.Chart, s.Path, s.RepoURL, s.TargetRevision
	return merged, from, nil
}

// overrideFiles are the files beside a source that are merged into it.
func overrideFiles(app string) []string {
	if app == "" {
		return []string{".argocd-source.yaml"}
	}
	return []string{".argocd-source.yaml", ".argocd-source-" + app + ".yaml"}
}

func (a *application) override(s *v1alpha1.ApplicationSource, file string) error {
	patch, err := a.tree.ReadFile(file)
	if err != nil {
		return err
	}
	if patch, err = yaml.YAMLToJSON(patch); err != nil {
		return err
	}
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if data, err = jsonpatch.MergePatch(data, patch); err != nil {
		return err
	}
	return json.Unmarshal(data, s)
}

// kind is a source's type: what the Application says, or what stands in the directory, where the last name of those that
// tell counts (util/app/discovery Discover).
func (a *application) kind(s *v1alpha1.ApplicationSource, dir string) (v1alpha1.ApplicationSourceType, *render.Error) {
	explicit, err := s.ExplicitType()
	if err != nil {
		return "", &render.Error{Msg: err.Error(), Hint: "Argo CD would refuse it; keep one of helm, kustomize, directory and plugin"}
	}
	if explicit != nil {
		return *explicit, nil
	}
	found := v1alpha1.ApplicationSourceTypeDirectory
	entries, err := a.tree.ReadDir(dir)
	if err != nil {
		return "", &render.Error{File: dir, Msg: err.Error(), Hint: "make it readable"}
	}
	for _, e := range entries {
		switch {
		case e.Dir:
		case strings.HasSuffix(e.Name, "Chart.yaml"):
			found = v1alpha1.ApplicationSourceTypeHelm
		case e.Name == "kustomization.yaml" || e.Name == "kustomization.yml" || e.Name == "Kustomization":
			found = v1alpha1.ApplicationSourceTypeKustomize
		}
	}
	return found, nil
}

// env is what Argo CD puts in the place of $ARGOCD_APP_…: what is known of it before a sync. Revisions are those of the
// checkout, which Argo CD would know, and stand as HEAD.
func (a *application) env(s *v1alpha1.ApplicationSource) *v1alpha1.Env {
	return &v1alpha1.Env{
		{Name: "ARGOCD_APP_NAME", Value: a.name},
		{Name: "ARGOCD_APP_NAMESPACE", Value: a.spec.Destination.Namespace},
		{Name: "ARGOCD_APP_REVISION", Value: unknownRevision},
		{Name: "ARGOCD_APP_REVISION_SHORT", Value: unknownRevision[:7]},
		{Name: "ARGOCD_APP_REVISION_SHORT_8", Value: unknownRevision[:8]},
		{Name: "ARGOCD_APP_SOURCE_REPO_URL", Value: s.RepoURL},
		{Name: "ARGOCD_APP_SOURCE_PATH", Value: s.Path},
		{Name: "ARGOCD_APP_SOURCE_TARGET_REVISION", Value: s.TargetRevision},
	}
}

// unknownRevision stands for the commit that Argo CD would sync: the same for all checkouts of one tree.
const unknownRevision = "0000000000000000000000000000000000000000"
