package render

import (
	"bytes"
	"path"

	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/kyaml/resid"
)

// krustyOrigin is where one object comes from: what its origin annotation says, and what it was called first.
type krustyOrigin struct {
	now   resid.ResId
	first resid.ResId
	moved bool // the object was transformed, so first's namespace is "default" when the file names none
	at    resource.Origin
}

// takeOrigins reads the annotations that tell where objects come from.
func takeOrigins(m resmap.ResMap) ([]krustyOrigin, error) {
	var out []krustyOrigin
	for _, r := range m.Resources() {
		at, err := r.GetOrigin()
		if err != nil {
			return nil, err
		}
		o := krustyOrigin{now: r.CurId(), first: r.OrgId(), moved: len(r.PrevIds()) > 0}
		if at != nil {
			o.at = *at
		}
		out = append(out, o)
	}
	return out, nil
}

// objects turns built resources into Objects, in order. traced is the run that knows the origins.
func (k *krustyBuild) objects(built, traced krustyResult) ([]Object, error) {
	out := make([]Object, 0, built.objects.Size())
	for i, r := range built.objects.Resources() {
		text := ""
		if k.opts.Text {
			raw, err := r.AsYAML()
			if err != nil {
				return nil, built.fs.explain(err)
			}
			text = string(raw)
		}
		js, err := kustomizeJSON(r.YNode(), k.budget)
		if err != nil {
			return nil, withFile(err, k.src.Path)
		}
		list, err := toObjects(document{index: -1, json: js}, text)
		if err != nil {
			return nil, withFile(err, k.src.Path)
		}
		for j := range list {
			list[j].At = nil
			k.trace(&list[j], traced, traced.origin(i, r.CurId()))
		}
		out = append(out, list...)
	}
	return out, nil
}

// origin is where the object at index i, called id, comes from. Two runs of one source give the same order unless a
// patch of annotations moved something.
func (r *krustyResult) origin(i int, id resid.ResId) krustyOrigin {
	if i < len(r.origins) && r.origins[i].now == id {
		return r.origins[i]
	}
	for _, o := range r.origins {
		if o.now == id {
			return o
		}
	}
	return krustyOrigin{now: id, first: id}
}

// trace says where in the repository an object comes from.
func (k *krustyBuild) trace(o *Object, run krustyResult, from krustyOrigin) {
	o.Ref = ObjectRef{from.first.ApiVersion(), from.first.Kind, from.first.Namespace, from.first.Name}
	switch {
	case from.at.Repo != "":
		return
	case from.at.ConfiguredIn != "":
		o.Generated = true
		o.File = run.fs.fileRead(path.Join(k.src.Path, from.at.ConfiguredIn))
		run.fs.traceChart(o)
		return
	case from.at.Path != "":
		o.File = run.fs.fileRead(path.Join(k.src.Path, from.at.Path))
	}
	if o.File == "" {
		o.File = run.fs.fileWith(o.Ref)
	}
	if from.moved && o.Ref.Namespace == resid.DefaultNamespace && !run.fs.mentions(o.File, resid.DefaultNamespace) {
		o.Ref.Namespace = ""
	}
}

// fileRead is the resolved name of a file that was read, "" when name is none: origins are joined from what the
// kustomizations wrote, which is a wrong name where it goes through a link and up again.
func (f *treeFS) fileRead(name string) string {
	real, err := f.t.Resolve(name)
	if err != nil || !contains(f.read, real) {
		return ""
	}
	return real
}

// fileWith is the only file read that holds an object of this kind and name, "" when none or several do.
func (f *treeFS) fileWith(ref ObjectRef) string {
	found := ""
	for _, name := range f.read {
		if name != found && f.lineOf(name, ref.Kind, ref.Name) > 0 {
			if found != "" {
				return ""
			}
			found = name
		}
	}
	return found
}

func (f *treeFS) mentions(file, word string) bool {
	data, err := f.t.ReadFile(file)
	return err == nil && bytes.Contains(data, []byte(word))
}
