package argocd

import (
	"encoding/json"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
	"sync"

	"github.com/argoproj/argo-cd/v2/applicationset/controllers/template"
	"github.com/argoproj/argo-cd/v2/applicationset/utils"
	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	log "github.com/sirupsen/logrus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/syncgate/syncgate/render"
)

// KindApplicationSet is an ApplicationSet as a source: what it renders are Applications. Its templates are a stranger's, so
// they run where charts do.
const KindApplicationSet render.Kind = "applicationset"

func init() { render.RegisterKind(KindApplicationSet, renderSet) }

// setInput is the Source.Input of an ApplicationSet.
type setInput struct {
	Set        json.RawMessage
	Repository Repository
}

// setSource is the source that an ApplicationSet is.
func (r *Resolver) setSource(o *render.Object) render.Source {
	input, _ := json.Marshal(setInput{Set: o.JSON, Repository: *r.repository()}) // it was JSON before
	return render.Source{ID: o.File + "@" + o.Name, Path: o.File, Kind: KindApplicationSet, Input: input}
}

// decodeSet reads an ApplicationSet, without its status.
func decodeSet(raw []byte) (*v1alpha1.ApplicationSet, *render.Error) {
	var m struct {
		Metadata metav1.ObjectMeta           `json:"metadata"`
		Spec     v1alpha1.ApplicationSetSpec `json:"spec"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, &render.Error{Msg: "cannot be read: " + jsonMessage(err), Hint: "Argo CD would refuse it; correct the ApplicationSet"}
	}
	return &v1alpha1.ApplicationSet{ObjectMeta: m.Metadata, Spec: m.Spec}, nil
}

// renderSet generates the Applications of a set by Argo CD's own code.
func renderSet(t *render.Tree, src render.Source, _ render.Options) ([]render.Object, error) {
	var in setInput
	if err := json.Unmarshal(src.Input, &in); err != nil {
		return nil, err
	}
	set, bad := decodeSet(in.Set)
	if bad != nil {
		bad.File = src.Path
		return nil, bad
	}
	apps, err := generate(t, &in.Repository, set)
	if err != nil {
		return nil, &render.Error{File: src.Path, Msg: fmt.Sprintf("ApplicationSet %s: %s", set.Name, withoutTemplate(err)),
			Hint: "Argo CD's own generators say so; correct the ApplicationSet"}
	}
	var out []render.Object
	for i := range apps {
		app := &apps[i]
		for _, field := range unresolvedFields(app) {
			if strings.Contains(field, "{{") {
				return nil, &render.Error{File: src.Path, Msg: fmt.Sprintf("ApplicationSet %s: nothing gives a value to %s", set.Name, render.PublicURL(field)),
					Hint: "correct the parameter's name, or have the generator give it"}
			}
		}
		raw, err := json.Marshal(map[string]any{"apiVersion": group + "/v1alpha1", "kind": "Application", "spec": app.Spec,
			"metadata": generatedMeta{app.Name, app.Namespace, app.Labels, app.Annotations}})
		if err != nil {
			return nil, err
		}
		o, err := render.NewObject(raw, src.Path)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

var quotedTemplate = regexp.MustCompile(`(?s)(failed to (?:parse|execute)(?: go)? template) .*: template: `)

// withoutTemplate is a generator's error without the template that it quotes: all values of an Application may stand in one.
func withoutTemplate(err error) string {
	return quotedTemplate.ReplaceAllString(err.Error(), "$1: template: ")
}

// generatedMeta is the metadata that a set's template can give.
type generatedMeta struct {
	Name        string            `json:"name"`
	Namespace   string            `json:"namespace,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// unresolvedFields are the fields of an Application in which a template's braces mean that a parameter is missing.
func unresolvedFields(app *v1alpha1.Application) []string {
	out := []string{app.Name, app.Spec.Destination.Namespace}
	for _, s := range app.Spec.GetSources() {
		out = append(out, s.RepoURL, s.Path)
	}
	return out
}

var quiet = sync.OnceFunc(func() { log.SetOutput(io.Discard) })

func generate(t *render.Tree, repo *Repository, set *v1alpha1.ApplicationSet) (apps []v1alpha1.Application, err error) {
	quiet()
	defer func() {
		if p := recover(); p != nil { // wrong goTemplateOptions panic
			err = fmt.Errorf("%v", p)
		}
	}()
	if project := set.Spec.Template.Spec.Project; project == "" {
		set.Spec.Template.Spec.Project = "default"
	}
	apps, _, err = template.GenerateApplications(log.NewEntry(log.StandardLogger()), *set, generatorsFor(t, repo, set), &utils.Render{}, projects{})
	return apps, err
}

// outside says what a set's generators ask that a checkout cannot answer.
func (r *Resolver) outside(o *render.Object) (out []*render.Error) {
	set, err := decodeSet(o.JSON)
	if err != nil {
		return nil // rendering says so
	}
	walkGenerators(set, func(name, url string) {
		if question := questions[name]; question != "" {
			out = append(out, &render.Error{Msg: fmt.Sprintf("its %s generator asks %s", name, question),
				Hint: "check what it generates where Argo CD runs, by the plugin, and pass --allow-unresolved here"})
		}
		if name == "git" && elsewhere(r.repository(), url) {
			out = append(out, another("what its git generator reads of "+render.PublicURL(url)))
		}
	})
	return out
}

// elsewhere reports whether a git generator's repository is another one. One that is templated is known when it is run.
func elsewhere(repo *Repository, url string) bool {
	same, known := repo.Is(url)
	return known && !same && !strings.Contains(url, "{{")
}

// questions are what generators ask, by their name in the manifest.
var questions = map[string]string{
	"clusters":                "which clusters Argo CD knows",
	"clusterDecisionResource": "a resource in the cluster",
	"scmProvider":             "a code hosting service which repositories it has",
	"pullRequest":             "a code hosting service which pull requests are open",
	"plugin":                  "a service of its own",
}

// relative gives a name of a tree the form that Argo CD's repository service gives it.
func relative(dir, name string) string { return strings.TrimPrefix(path.Join(dir, name), "./") }
