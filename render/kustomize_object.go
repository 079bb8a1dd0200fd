package render

import (
	"path"
	"strings"

	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/kyaml/resid"
)

// krustyHistory is what kustomize's annotations say about one object.
type krustyHistory struct {
	now   resid.ResId
	first resid.ResId      // what its file calls it
	moved bool             // it was transformed: then first's namespace is an effective one
	says  *resource.Origin // nil unless the run was traced
}

// from reports whether the object can come from one that its file gives a namespace, or none (resid.ResId
// EffectiveNamespace).
func (h krustyHistory) from(namespace string) bool {
	switch first := h.first.Namespace; {
	case h.moved && first == resid.TotallyNotANamespace:
		return true
	case h.moved && first == resid.DefaultNamespace:
		return namespace == "" || namespace == first
	default:
		return namespace == first
	}
}

// ref is what the object's file calls it, as far as is known without the file.
func (h krustyHistory) ref() ObjectRef {
	ref := ObjectRef{h.first.ApiVersion(), h.first.Kind, h.first.Namespace, h.first.Name}
	if h.moved && h.from("") {
		ref.Namespace = ""
	}
	return ref
}

func takeHistory(m resmap.ResMap) []krustyHistory {
	var out []krustyHistory
	for _, r := range m.Resources() {
		says, err := r.GetOrigin()
		if err != nil {
			says = nil // the annotation of somebody else
		}
		out = append(out, krustyHistory{now: r.CurId(), first: r.OrgId(), moved: len(r.PrevIds()) > 0, says: says})
	}
	return out
}

// objects turns built resources into Objects, in order.
func (k *krustyBuild) objects(built krustyResult) ([]Object, error) {
	out := make([]Object, 0, built.objects.Size())
	origins := k.origins(built)
	for i, r := range built.objects.Resources() {
		text := ""
		if k.opts.Text {
			printed, err := r.AsYAML()
			if err != nil {
				return nil, built.fs.explain(err)
			}
			text = string(printed)
		}
		raw, head, err := kustomizeJSON(r.YNode(), k.budget)
		if err != nil {
			return nil, withFile(err, origins[i].file)
		}
		list, err := toObjects(document{index: -1, json: raw, head: head}, text)
		if err != nil {
			return nil, withFile(err, origins[i].file)
		}
		for j := range list {
			o := &list[j]
			o.At, o.Ref = nil, origins[i].ref
			o.File, o.Generated, o.Template = origins[i].file, origins[i].generated, origins[i].template
		}
		out = append(out, list...)
	}
	return out, nil
}

// origins finds where each object comes from: the one manifest, generator or chart, of all that were read, that makes
// an object of its first name. Where there is none, or more than one, kustomize itself is asked in a second, traced
// run. (Tracing every run would take up to half as long again, and JSON patches of annotations would apply that
// do not without the origin annotation.)
func (k *krustyBuild) origins(built krustyResult) []objectOrigin {
	index := built.fs.index()
	out := make([]objectOrigin, len(built.history))
	var traced *krustyResult
	for i, h := range built.history {
		found := index.find(h)
		if len(found) == 1 {
			out[i] = found[0]
			continue
		}
		if traced == nil {
			res, err := k.run(true)
			if err != nil {
				res.history = nil
			}
			traced = &res
		}
		out[i] = k.choose(found, h, traced.at(i, h.now))
	}
	return out
}

// at is what a traced run says about the object that was at index i, nil when it met another one there.
func (r *krustyResult) at(i int, id resid.ResId) *resource.Origin {
	if i < len(r.history) && r.history[i].now == id {
		return r.history[i].says
	}
	return nil
}

// choose takes the origin that kustomize names, whether or not the index has it.
func (k *krustyBuild) choose(found []objectOrigin, h krustyHistory, says *resource.Origin) objectOrigin {
	o := objectOrigin{ref: h.ref()}
	// An object that lost its annotation counts as made by the next transformer.
	if says == nil || says.Repo != "" || strings.HasSuffix(says.ConfiguredBy.Kind, "Transformer") {
		return o
	}
	file := says.Path
	if says.ConfiguredIn != "" {
		file, o.generated = says.ConfiguredIn, true
	}
	// The path is joined from what the kustomizations wrote: it is wrong where that goes through a link and up again.
	real, err := k.tree.Resolve(path.Join(k.src.Path, file))
	if err != nil || !k.tree.Exists(real) {
		return o
	}
	o.file = real
	for _, candidate := range found {
		if candidate.file == real {
			return candidate
		}
	}
	return o
}
