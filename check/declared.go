package check

import (
	"context"
	"encoding/json"
	"sync"

	corev1 "k8s.io/api/core/v1"
	psaapi "k8s.io/pod-security-admission/api"

	"github.com/syncgate/syncgate/render"
)

// Declared is what the objects of a repository say that bears on how others are judged: Pod Security labels of namespaces,
// defaults and demands for resources, and annotations that exempt. It is small, and plain data but for its lock.
type Declared struct {
	mu       sync.Mutex
	bySource map[string]*declarations
	failed   map[string]*render.Error // sources that Declare could not render
}

// declarations are what one source declares. Keys of gives and demands are made by inNamespace.
type declarations struct {
	labels      map[string]map[string]string // pod-security labels by namespace, empty where there are none
	gives       map[string]bool              // what the cluster adds to pods
	demands     map[string]string            // what the cluster refuses pods without, and the quota's name
	annotations []annotation
}

// Things that a container or pod can lack and a namespace can give or demand.
const (
	lacksToken    = "automountServiceAccountToken"
	lacksLimits   = "limits."   // and a resource
	lacksRequests = "requests." // and a resource
)

// inNamespace is a key for something in a namespace. Objects that name no namespace only meet in their own source.
func inNamespace(src *render.Source, namespace, what string) string {
	if namespace == "" {
		return src.ID + "\x00\x00" + what
	}
	return namespace + "\x00" + what
}

// Declare renders sources only for what they declare.
func Declare(ctx context.Context, t *render.Tree, pool *render.Pool, sources []render.Source) (*Declared, error) {
	d := &Declared{}
	err := pool.Render(ctx, t, sources, func(res render.Result) {
		x := newDeclarations()
		x.addSource(&res.Source)
		if res.Err != nil {
			d.fail(res.Source.ID, res.Err)
		}
		for i := range res.Objects {
			o := &res.Objects[i]
			pods, _ := podsIn(o) // what cannot be read is an error of the run that judges it
			x.add(&res.Source, o, pods, nil)
		}
		d.put(res.Source.ID, x)
	})
	return d, err
}

func newDeclarations() *declarations {
	return &declarations{labels: map[string]map[string]string{}, gives: map[string]bool{}, demands: map[string]string{}}
}

// addSource notes the labels that the source's namespace gets when it is made for it.
func (x *declarations) addSource(src *render.Source) {
	if len(src.Labels) > 0 && src.Namespace != "" {
		x.labels[src.Namespace] = src.Labels
	}
}

// fail notes that nobody knows what a source declares.
func (d *Declared) fail(source string, err *render.Error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failed == nil {
		d.failed = map[string]*render.Error{}
	}
	d.failed[source] = err
}

// put replaces what a source declares.
func (d *Declared) put(source string, x *declarations) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bySource == nil {
		d.bySource = map[string]*declarations{}
	}
	d.bySource[source] = x
}

// clone is a Declared that can be changed on its own. A nil one is empty.
func (d *Declared) clone() *Declared {
	out := &Declared{}
	if d != nil {
		for id, x := range d.bySource {
			out.put(id, x)
		}
	}
	return out
}

// add notes what one object declares. Annotations are located when there is a Locator.
func (x *declarations) add(src *render.Source, o *render.Object, pods []Pod, loc *render.Locator) {
	for _, a := range annotationsOf(o, pods) {
		if loc != nil {
			a.origin = loc.Origin(o, a.path)
		}
		x.annotations = append(x.annotations, a)
	}
	ns := NamespaceOf(src, o)
	switch {
	case o.APIVersion == "v1" && o.Kind == "Namespace":
		x.labels[o.Name] = podSecurityLabels(o)
	case o.APIVersion == "argoproj.io/v1alpha1" && o.Kind == "Application":
		x.addApplication(o)
	case o.APIVersion == "v1" && o.Kind == "LimitRange":
		x.addLimitRange(src, ns, o)
	case o.APIVersion == "v1" && o.Kind == "ResourceQuota":
		x.addQuota(src, ns, o)
	case o.APIVersion == "v1" && o.Kind == "ServiceAccount" && o.Name == "default":
		var sa corev1.ServiceAccount
		if json.Unmarshal(o.JSON, &sa) == nil && sa.AutomountServiceAccountToken != nil && !*sa.AutomountServiceAccountToken {
			x.gives[inNamespace(src, ns, lacksToken)] = true
		}
	}
}

// podSecurityLabels are a Namespace's labels that configure Pod Security admission. A label that is no string is given
// as an empty one, which is invalid too.
func podSecurityLabels(o *render.Object) map[string]string {
	var root struct {
		Metadata struct {
			Labels map[string]any `json:"labels"`
		} `json:"metadata"`
	}
	if json.Unmarshal(o.JSON, &root) != nil {
		return nil
	}
	out := map[string]string{}
	for _, key := range []string{psaapi.EnforceLevelLabel, psaapi.EnforceVersionLabel, psaapi.AuditLevelLabel,
		psaapi.AuditVersionLabel, psaapi.WarnLevelLabel, psaapi.WarnVersionLabel} {
		if v, ok := root.Metadata.Labels[key]; ok {
			out[key], _ = v.(string)
		}
	}
	return out
}

// addApplication notes the labels that Argo CD gives to the namespace it makes for an Application
// (https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/#namespace-metadata).
func (x *declarations) addApplication(o *render.Object) {
	var app struct {
		Spec struct {
			Destination struct{ Namespace string }
			SyncPolicy  struct {
				ManagedNamespaceMetadata struct{ Labels map[string]string }
				SyncOptions              []string
			}
		}
	}
	if json.Unmarshal(o.JSON, &app) != nil || app.Spec.Destination.Namespace == "" {
		return
	}
	labels := app.Spec.SyncPolicy.ManagedNamespaceMetadata.Labels
	for _, option := range app.Spec.SyncPolicy.SyncOptions {
		if option == "CreateNamespace=true" && len(labels) > 0 {
			x.labels[app.Spec.Destination.Namespace] = labels
		}
	}
}

// addLimitRange notes the defaults for containers, with those that the API derives
// (k8s.io/kubernetes/pkg/apis/core/v1/defaults.go, SetDefaults_LimitRangeItem): a limit from max, a request from the
// limit or from min.
func (x *declarations) addLimitRange(src *render.Source, ns string, o *render.Object) {
	var lr corev1.LimitRange
	if json.Unmarshal(o.JSON, &lr) != nil {
		return
	}
	give := func(what string, lists ...corev1.ResourceList) {
		for _, l := range lists {
			for name := range l {
				if isSet(l, name) {
					x.gives[inNamespace(src, ns, what+string(name))] = true
				}
			}
		}
	}
	for _, item := range lr.Spec.Limits {
		if item.Type == corev1.LimitTypeContainer {
			give(lacksLimits, item.Default, item.Max)
			give(lacksRequests, item.DefaultRequest, item.Default, item.Max, item.Min)
		}
	}
}

// addQuota notes what a quota makes every pod of its namespace set
// (https://kubernetes.io/docs/concepts/policy/resource-quotas/). A quota with scopes is for some pods only.
func (x *declarations) addQuota(src *render.Source, ns string, o *render.Object) {
	var q corev1.ResourceQuota
	if json.Unmarshal(o.JSON, &q) != nil || len(q.Spec.Scopes) > 0 || q.Spec.ScopeSelector != nil {
		return
	}
	for name := range q.Spec.Hard {
		what := string(name)
		if name == corev1.ResourceCPU || name == corev1.ResourceMemory {
			what = lacksRequests + what
		}
		x.demands[inNamespace(src, ns, what)] = o.Name
	}
}
