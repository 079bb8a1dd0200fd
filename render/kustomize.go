package render

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/openapi"
)

// krustyState guards what is global in kustomize's libraries: the OpenAPI schema (kyaml/openapi), the list of build
// annotations (api/resource) and the table of generators. One render at a time in a process.
var krustyState struct {
	sync.Mutex
	schemaUsed bool // a render has run since the schema was last reset
}

// renderKustomize renders a directory as `kustomize build --enable-helm` does. It reaches neither the network nor
// another program: what would need one is an error that names the place.
func renderKustomize(t *Tree, src Source, opts Options, b *budget) (objects []Object, empty int, err error) {
	krustyState.Lock()
	defer krustyState.Unlock()
	build := krustyBuild{tree: t, src: src, opts: opts, budget: b}
	built, err := build.run(false)
	if err != nil {
		return nil, 0, built.fs.explain(err)
	}
	objects, err = build.objects(built)
	return objects, 0, err
}

// krustyBuild is one source to build.
type krustyBuild struct {
	tree   *Tree
	src    Source
	opts   Options
	budget *budget
}

// krustyResult is what one run of krusty gave: objects without kustomize's own annotations, and for each what those
// annotations said.
type krustyResult struct {
	fs      *treeFS
	objects resmap.ResMap
	history []krustyHistory
}

// run builds the source. When traced, each object has an origin annotation on its way.
//
// kyaml's schema is global and is never unloaded. A kustomization with `openapi:` must neither see what an earlier
// source loaded nor leave its own to the next, so such a source starts over on a fresh schema; resetting costs 20 to
// 100 ms, and no other source pays it.
func (k *krustyBuild) run(traced bool) (krustyResult, error) {
	res, err := k.runOnce(traced)
	if res.fs.schema && krustyState.schemaUsed {
		openapi.ResetOpenAPI()
		krustyState.schemaUsed = false
		res, err = k.runOnce(traced)
	}
	krustyState.schemaUsed = true
	if res.fs.schema {
		openapi.ResetOpenAPI()
		krustyState.schemaUsed = false
	}
	return res, err
}

func (k *krustyBuild) runOnce(traced bool) (res krustyResult, err error) {
	f := newTreeFS(k.tree, k.src.Path, traced)
	f.edit = k.src.Kustomize
	res.fs = f
	defer func() {
		if p := recover(); p != nil {
			err = f.panicked(p)
		}
		if f.fault != nil {
			err = f.fault
		}
	}()
	restore := keepPreviousIDs()
	defer restore()
	defer inflateInProcess(k, f)()
	m, err := krusty.MakeKustomizer(krustyOptions()).Run(f, f.abs(f.entry))
	if err != nil {
		return res, err
	}
	res.objects, res.history = m, takeHistory(m)
	restore()
	m.RemoveBuildAnnotations()
	return res, setManagedBy(m, f.loaded[0])
}

// panicked makes an error of a panic in kustomize: kyaml panics on a schema that it cannot read (openapi.initSchema,
// toTypeMeta).
func (f *treeFS) panicked(p any) error {
	msg := fmt.Sprint(p)
	switch {
	case strings.HasPrefix(msg, "invalid schema file: "):
		return errors.New(msg)
	case f.schema:
		return errors.New("invalid schema file: " + msg)
	}
	return &Error{File: f.entry, Msg: "kustomize panicked: " + msg, Hint: "kustomize itself cannot build this either"}
}

// krustyOptions are those of `kustomize build --enable-helm`. krusty's defaults differ: they do not sort.
func krustyOptions() *krusty.Options {
	o := krusty.MakeDefaultOptions()
	o.Reorder = krusty.ReorderOptionUnspecified
	o.PluginConfig = types.DisabledPluginConfig()
	o.PluginConfig.HelmConfig = types.HelmConfig{Enabled: true, Command: "helm"}
	return o
}

// keepPreviousIDs keeps krusty from removing the annotations that say what an object was called before it was
// transformed (resource.OrgId), until the returned function is called. During a build kustomize merges these
// annotations like any other, which is what happens to them anyway: generators make objects that have none yet.
func keepPreviousIDs() (restore func()) {
	all := resource.BuildAnnotations
	var kept []string
	for _, a := range all {
		if !strings.HasPrefix(a, konfig.ConfigAnnoDomain+"/previous") {
			kept = append(kept, a)
		}
	}
	resource.BuildAnnotations = kept
	return func() { resource.BuildAnnotations = all }
}

// kustomizeVersion is the release of the command that has the version of krusty in go.mod.
const kustomizeVersion = "v5.8.1"

// setManagedBy corrects the label of `buildMetadata: [managedByLabel]`: in the library it holds the version of the
// program that uses it.
func setManagedBy(m resmap.ResMap, entry *kustomization) error {
	if !slices.Contains(entry.spec.BuildMetadata, types.ManagedByLabelOption) {
		return nil
	}
	for _, r := range m.Resources() {
		labels := r.GetLabels()
		labels[konfig.ManagedbyLabelKey] = "kustomize-" + kustomizeVersion
		if err := r.SetLabels(labels); err != nil {
			return err
		}
	}
	return nil
}

// explain gives krusty's error the shape of an Error.
func (f *treeFS) explain(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		e = f.diagnose(err.Error())
	}
	return f.outside(e)
}
