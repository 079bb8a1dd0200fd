package argocd

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/argoproj/argo-cd/v2/applicationset/generators"
	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/gobwas/glob"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/syncgate/syncgate/render"
)

// generatorsFor are Argo CD's generators on a checkout, layered as its controller does (generators.GetGenerators). Those that
// ask a cluster or a service give nothing: see Resolver.outside.
func generatorsFor(t *render.Tree, repo *Repository, set *v1alpha1.ApplicationSet) map[string]generators.Generator {
	layer := func(m map[string]generators.Generator) map[string]generators.Generator {
		out := map[string]generators.Generator{
			"List": generators.NewListGenerator(),
			"Git":  generators.NewGitGenerator(checkout{t, repo, set}, set.Namespace),
		}
		for _, name := range []string{"Clusters", "SCMProvider", "ClusterDecisionResource", "PullRequest", "Plugin"} {
			out[name] = silent{}
		}
		if m != nil {
			out["Matrix"], out["Merge"] = generators.NewMatrixGenerator(m), generators.NewMergeGenerator(m)
		}
		return out
	}
	return layer(layer(layer(nil)))
}

// silent is a generator that knows nothing.
type silent struct{}

func (silent) GenerateParams(*v1alpha1.ApplicationSetGenerator, *v1alpha1.ApplicationSet, client.Client) ([]map[string]any, error) {
	return nil, nil
}

func (silent) GetRequeueAfter(*v1alpha1.ApplicationSetGenerator) time.Duration { return 0 }

func (silent) GetTemplate(*v1alpha1.ApplicationSetGenerator) *v1alpha1.ApplicationSetTemplate {
	return &v1alpha1.ApplicationSetTemplate{}
}

// projects answers for the one object that generators ask the cluster for: a project, of which they want to know whether it
// demands signatures. A checkout has no keys to check them with.
type projects struct{ client.Client }

func (projects) Get(context.Context, client.ObjectKey, client.Object, ...client.GetOption) error {
	return nil
}
func (projects) Scheme() *runtime.Scheme { return runtime.NewScheme() }

// checkout answers as Argo CD's repository service, for the one repository that is here.
type checkout struct {
	tree *render.Tree
	repo *Repository
	set  *v1alpha1.ApplicationSet
}

// here reports whether a URL is this repository's. One that Resolver.outside has reported gives nothing.
func (c checkout) here(url string) (bool, error) {
	if same, known := c.repo.Is(url); same || !known {
		return true, nil
	}
	reported := false
	walkGenerators(c.set, func(name, u string) { reported = reported || name == "git" && u == url })
	if !reported {
		return false, fmt.Errorf("%s is not this repository", render.PublicURL(url))
	}
	return false, nil
}

// GetDirectories lists the directories of the repository but for hidden ones (repository.go GetGitDirectories).
func (c checkout) GetDirectories(_ context.Context, url, _ string, _, _ bool) ([]string, error) {
	if ok, err := c.here(url); !ok {
		return nil, err
	}
	var out []string
	var walk func(dir string) error
	walk = func(dir string) error {
		entries, err := c.tree.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if !e.Dir || e.Link || strings.HasPrefix(e.Name, ".") {
				continue
			}
			out = append(out, relative(dir, e.Name))
			if err := walk(relative(dir, e.Name)); err != nil {
				return err
			}
		}
		return nil
	}
	return out, walk(".")
}

// GetFiles returns the files that a pattern matches as git's does: * goes over slashes, and a directory means all below it
// (util/git LsFiles).
func (c checkout) GetFiles(_ context.Context, url, _, pattern string, _, _ bool) (map[string][]byte, error) {
	if ok, err := c.here(url); !ok {
		return nil, err
	}
	pattern = strings.TrimPrefix(pattern, "/")
	match, err := glob.Compile(strings.NewReplacer("{", `\{`, "}", `\}`).Replace(pattern))
	if err != nil {
		return nil, fmt.Errorf("the pattern %q: %w", pattern, err)
	}
	out := map[string][]byte{}
	var walk func(dir string) error
	walk = func(dir string) error {
		entries, err := c.tree.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, e := range entries {
			name := relative(dir, e.Name)
			switch {
			case e.Dir && !e.Link:
				if err := walk(name); err != nil {
					return err
				}
			case !e.Dir && (match.Match(name) || strings.HasPrefix(name, strings.TrimSuffix(pattern, "/")+"/")):
				data, err := c.tree.ReadFile(name)
				if err != nil {
					return err
				}
				out[name] = data
			}
		}
		return nil
	}
	return out, walk(".")
}

// walkGenerators visits the generators of a set and those within them, by their names in the manifest, in a fixed order. url
// is that of a git generator's repository.
func walkGenerators(set *v1alpha1.ApplicationSet, visit func(name, url string)) {
	raw, err := json.Marshal(set.Spec.Generators)
	if err != nil {
		return
	}
	var walk func(raw []byte)
	walk = func(raw []byte) {
		var list []map[string]json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			return
		}
		for _, g := range list {
			for _, name := range slices.Sorted(maps.Keys(g)) {
				var inner struct {
					RepoURL    string
					Generators json.RawMessage
				}
				if json.Unmarshal(g[name], &inner) == nil {
					visit(name, inner.RepoURL)
					walk(inner.Generators)
				}
			}
		}
	}
	walk(raw)
}
