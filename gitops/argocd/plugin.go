package argocd

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

// Call is what Argo CD tells a config-management plugin when it asks for manifests: by its working directory and its
// environment (reposerver/repository getPluginEnvs). All of it but the Kubernetes version and API versions comes from the
// Application and the repository.
type Call struct {
	Root string // the checkout, absolute
	Path string // the source, relative to Root

	Name, Namespace        string // of the Application; the namespace is the destination's
	KubeVersion            string // "" when Argo CD does not say
	APIVersions            []string
	RepoURL                string
	Levels                 []string // that the Application asks for: none can lower what others ask for
	parameters             v1alpha1.ApplicationSourcePluginParameters
	targetRevision, source string
}

// LevelEnv is the variable in an Application's plugin env that asks for a level.
const LevelEnv = check.PluginLevelEnv

// ReadCall reads the environment. dir is the working directory with links followed; gitRoot finds the work tree around a
// directory, "" for none.
func ReadCall(dir string, env func(string) string, gitRoot func(string) string) (*Call, error) {
	c := &Call{Name: env("ARGOCD_APP_NAME"), Namespace: env("ARGOCD_APP_NAMESPACE"), KubeVersion: env("KUBE_VERSION"),
		RepoURL: env("ARGOCD_APP_SOURCE_REPO_URL"), source: env("ARGOCD_APP_SOURCE_PATH"),
		targetRevision: env("ARGOCD_APP_SOURCE_TARGET_REVISION")}
	if v := env("KUBE_API_VERSIONS"); v != "" {
		c.APIVersions = strings.Split(v, ",")
	}
	c.Root = checkoutRoot(dir, c.source, env("ARGOCD_CMP_WORKDIR"), gitRoot)
	rel, err := filepath.Rel(c.Root, dir)
	if err != nil {
		return nil, err
	}
	c.Path = filepath.ToSlash(rel)
	if level := env("ARGOCD_ENV_" + LevelEnv); level != "" {
		c.Levels = append(c.Levels, level)
	}
	if text := env("ARGOCD_APP_PARAMETERS"); text != "" {
		if err := json.Unmarshal([]byte(text), &c.parameters); err != nil {
			return nil, fmt.Errorf("ARGOCD_APP_PARAMETERS holds no list of parameters")
		}
	}
	return c, nil
}

// checkoutRoot is the root of the repository around a source. Argo CD lays a checkout out in a directory of its own below its
// work directory, with the source at its path, unless only a part of it is sent.
func checkoutRoot(dir, source, work string, gitRoot func(string) string) string {
	if source = filepath.Clean(filepath.FromSlash(source)); source == "." {
		return cmp.Or(gitRoot(dir), dir)
	}
	if root, ok := strings.CutSuffix(dir, string(filepath.Separator)+source); ok && root != "" {
		return root
	}
	work = filepath.Join(cmp.Or(work, os.TempDir()), "_cmp_server") // common.GetCMPWorkDir
	if rel, err := filepath.Rel(work, dir); err == nil && rel != "." && !strings.HasPrefix(rel, "..") {
		first, _, _ := strings.Cut(rel, string(filepath.Separator))
		return filepath.Join(work, first)
	}
	return cmp.Or(gitRoot(dir), dir)
}

// Source is what Argo CD asks for, and the level that parameters ask for is added to Levels.
func (c *Call) Source(t *render.Tree) (*render.Source, error) {
	name := c.Name
	if _, inner, ok := strings.Cut(name, "_"); ok { // an Application outside of Argo CD's own namespace: NAMESPACE_NAME
		name = inner
	}
	s := v1alpha1.ApplicationSource{RepoURL: cmp.Or(c.RepoURL, "."), Path: cmp.Or(c.source, c.Path), TargetRevision: c.targetRevision}
	level, err := apply(&s, c.parameters)
	if err != nil {
		return nil, err
	}
	if level != "" {
		c.Levels = append(c.Levels, level)
	}
	a := &application{tree: t, repo: &Repository{Dir: c.Root}, name: name, sources: v1alpha1.ApplicationSources{s},
		object: &render.Object{}, spec: v1alpha1.ApplicationSpec{Destination: v1alpha1.ApplicationDestination{Namespace: c.Namespace}}}
	out := &render.Source{ID: c.Path + "@" + cmp.Or(c.Name, "plugin"), Path: c.Path, Application: c.Name, Namespace: c.Namespace}
	if bad := a.fill(out, 0, a.env(&s, a.name), &overridden{ApplicationSource: s}); bad != nil {
		return nil, bad
	}
	return out, nil
}
