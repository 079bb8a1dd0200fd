// Package argocd knows what Argo CD makes of a repository: which sources its Applications and ApplicationSets apply and how,
// and what its plugin protocol asks of a program. What it says of Argo CD is read from argo-cd v2.14's source.
package argocd

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/syncgate/syncgate/render"
)

// group is that of Argo CD's custom resources.
const group = "argoproj.io"

// Resolver finds out what Applications and ApplicationSets apply. It is a render.Follower.
type Resolver struct {
	repository func() *Repository
	allows     func(render.Remote) error

	mu   sync.Mutex
	seen map[string]bool
}

// NewResolver makes a Resolver for a checkout. repository is asked once, and only when there is something to follow; allows
// says why something may not be fetched, nil when it may be.
func NewResolver(repository func() *Repository, allows func(render.Remote) error) *Resolver {
	return &Resolver{repository: sync.OnceValue(repository), allows: allows, seen: map[string]bool{}}
}

var _ render.Follower = (*Resolver)(nil)

// Marks implements render.Follower: the group and the kinds, of which one is a part of the other.
func (r *Resolver) Marks() []string { return []string{group, "Application"} }

// stands reports whether an object stands for sources.
func stands(o *render.Object) bool {
	g, _, _ := strings.Cut(o.APIVersion, "/")
	return g == group && (o.Kind == "Application" || o.Kind == "ApplicationSet")
}

// Stands implements render.Follower.
func (r *Resolver) Stands(o *render.Object) bool { return stands(o) }

// Missed implements render.Follower.
func (r *Resolver) Missed(t *render.Tree, o *render.Object) bool {
	if !stands(o) {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.seen[seenKey(t, o)]
}

func seenKey(t *render.Tree, o *render.Object) string {
	return strings.Join([]string{t.Dir(), o.File, o.Kind, o.Namespace, o.Name}, "\x00")
}

// Follow implements render.Follower.
func (r *Resolver) Follow(t *render.Tree, o *render.Object) (render.Followed, bool) {
	if !stands(o) {
		return render.Followed{}, false
	}
	r.mu.Lock()
	r.seen[seenKey(t, o)] = true
	r.mu.Unlock()
	f := render.Followed{Name: o.Kind + " " + o.Name}
	if o.Kind == "ApplicationSet" {
		f.Sources, f.Unresolved = []render.Source{r.setSource(o)}, r.outside(o)
		return f, true
	}
	a, err := newApplication(t, r.repository(), o)
	if a != nil {
		a.allows = r.allows
	}
	if err != nil {
		f.Unresolved = append(f.Unresolved, err)
		return f, true
	}
	times := map[string]int{}
	for i := range a.sources {
		list, err := a.renders(i)
		if err != nil {
			f.Unresolved = append(f.Unresolved, err)
		}
		for _, src := range list {
			if times[src.ID]++; times[src.ID] > 1 {
				src.ID += fmt.Sprintf("#%d", times[src.ID])
			}
			f.Sources = append(f.Sources, src)
		}
	}
	return f, true
}

// manifest is what is read of an Application: no status, which repositories seldom hold and never right.
type manifest struct {
	Metadata metav1.ObjectMeta        `json:"metadata"`
	Spec     v1alpha1.ApplicationSpec `json:"spec"`
}

// application is an Application and what its sources have in common.
type application struct {
	tree    *render.Tree
	repo    *Repository
	object  *render.Object
	name    string
	spec    v1alpha1.ApplicationSpec
	sources v1alpha1.ApplicationSources
	refs    map[string]*v1alpha1.ApplicationSource // by "$" and their name
	allows  func(render.Remote) error              // why something may not be fetched
}

func newApplication(t *render.Tree, repo *Repository, o *render.Object) (*application, *render.Error) {
	var m manifest
	if err := json.Unmarshal(o.JSON, &m); err != nil {
		return nil, &render.Error{Msg: "cannot be read: " + jsonMessage(err), Hint: "Argo CD would refuse it; correct the Application"}
	}
	a := &application{tree: t, repo: repo, object: o, name: o.Name, spec: m.Spec, refs: map[string]*v1alpha1.ApplicationSource{}}
	// What a hydrator writes elsewhere is made of the dry source.
	if h := m.Spec.SourceHydrator; h != nil {
		a.sources = v1alpha1.ApplicationSources{h.GetDrySource()}
	} else {
		a.sources = m.Spec.GetSources()
	}
	for i := range a.sources {
		if s := &a.sources[i]; s.Ref != "" {
			a.refs["$"+s.Ref] = s
		}
	}
	if len(a.sources) == 0 || a.sources[0].IsZero() {
		return nil, &render.Error{Msg: "names no source", Hint: "an Application needs spec.source or spec.sources"}
	}
	return a, nil
}

// jsonMessage says what is wrong with a document without showing its values.
func jsonMessage(err error) string {
	if te, ok := err.(*json.UnmarshalTypeError); ok {
		return fmt.Sprintf("%s has the wrong type", te.Field)
	}
	return "it is no Application"
}
