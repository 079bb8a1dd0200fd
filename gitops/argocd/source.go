package argocd

import (
	"cmp"
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"

	"github.com/syncgate/syncgate/render"
)

// renders are what one of an Application's sources renders: none for one that only other sources refer to, two where nobody
// can tell under which name Argo CD knows the Application.
func (a *application) renders(i int) ([]render.Source, *render.Error) {
	s := a.sources[i]
	if s.Ref != "" && s.Path == "" && s.Chart == "" {
		return nil, nil
	}
	if s.Chart != "" {
		return a.chart(i)
	}
	dir, err := a.directory(&s)
	if err != nil {
		return nil, err
	}
	var out []render.Source
	for _, instance := range a.instances(dir) {
		src, err := a.source(i, dir, instance)
		if err != nil {
			return out, err
		}
		if !slices.ContainsFunc(out, func(x render.Source) bool { return reflect.DeepEqual(x, *src) }) {
			out = append(out, *src)
		}
	}
	return out, nil
}

// source is what one of an Application's sources renders when Argo CD knows the Application as instance.
func (a *application) source(i int, dir, instance string) (*render.Source, *render.Error) {
	s := a.sources[i]
	merged, err := a.overridden(s, dir, instance)
	if err != nil {
		return nil, err
	}
	out := a.blank(dir + "@" + a.name)
	out.Path, out.From = dir, a.overrideFiles(dir)
	return &out, a.fill(&out, i, a.env(&s, instance), merged)
}

// blank is a source of the Application that renders nothing yet.
func (a *application) blank(id string) render.Source {
	out := render.Source{ID: id, Application: a.name, Project: cmp.Or(a.spec.Project, "default"),
		Cluster: cmp.Or(a.spec.Destination.Name, a.spec.Destination.Server), Namespace: a.spec.Destination.Namespace}
	if md := a.spec.SyncPolicy; md != nil && md.ManagedNamespaceMetadata != nil && md.SyncOptions.HasOption("CreateNamespace=true") {
		out.Labels = md.ManagedNamespaceMetadata.Labels
	}
	return out
}

// fill says how a source is rendered, by its type.
func (a *application) fill(out *render.Source, i int, env *v1alpha1.Env, merged *overridden) *render.Error {
	kind, err := a.kind(&merged.ApplicationSource, out.Path)
	if err != nil {
		return err
	}
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
	return a.plugin(out, i, merged, env)
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
func (a *application) env(s *v1alpha1.ApplicationSource, instance string) *v1alpha1.Env {
	return &v1alpha1.Env{
		{Name: "ARGOCD_APP_NAME", Value: instance},
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
