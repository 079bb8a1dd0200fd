package fix

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/fix/yamledit"
	"github.com/syncgate/syncgate/render"
)

// Why the rungs for kustomizations have nothing for a finding, as far as another rung may know more.
const (
	noOverlay       = "no patch of the kustomization sets it"
	noKustomization = "its source is no kustomization, which could patch it"
)

// overlayPatches is the second rung: a patch, anywhere in the kustomizations of a source, that sets the field to a bad
// value, or that adds the container, is where the good one belongs.
func (p *prover) overlayPatches(_ context.Context, findings []check.Finding) (patches []*Patch, left []Left, err error) {
	byKey := map[string]*Patch{}
	for _, f := range findings {
		ops, doc := p.overriding(&f)
		if doc == nil {
			left = append(left, Left{f, noOverlay})
			continue
		}
		key := doc.key() + " " + opsKey(ops)
		x := byKey[key]
		if x == nil {
			x = &Patch{Wants: f.Want}
			doc.edit(x, "the patch that sets it", ops)
			byKey[key] = x
			patches = append(patches, x)
		}
		x.Resolves = append(x.Resolves, f)
	}
	return patches, left, nil
}

// owns reports whether the patch sets a field that the finding wants otherwise, or adds the container that lacks it.
func (d *patchDocument) owns(f *check.Finding) bool {
	for _, w := range f.Want {
		var p render.Path
		switch w := w.(type) {
		case check.Set:
			p = w.Path
		case check.Add:
			p = w.Path
		case check.Mount:
			p = w.Container
		}
		if reaches(d.root, f.Object, p) {
			return true
		}
		for i := len(p); i > 0; i-- {
			if p[i-1].IsIndex {
				return reaches(d.root, f.Object, p[:i].Key("image"))
			}
		}
	}
	return false
}

// overriding finds the last patch that sets a field which the finding wants otherwise, or adds the container.
func (p *prover) overriding(f *check.Finding) ([]yamledit.Op, *patchDocument) {
	src, ok := p.sourceOf(f)
	if !ok || src.Kind != render.KindKustomize {
		return nil, nil
	}
	docs := p.patchesOf(src.Path)
	for i := len(docs) - 1; i >= 0; i-- {
		if !docs[i].patches(f.Object) {
			continue
		}
		if docs[i].json() {
			if ops, ok := docs[i].jsonOps(f); ok {
				return ops, &docs[i]
			}
			continue
		}
		if !docs[i].owns(f) {
			continue
		}
		if ops, ok := mergeOps(&docs[i], f.Object, []check.Finding{*f}); ok {
			return ops, &docs[i]
		}
	}
	return nil, nil
}

func (p *prover) sourceOf(f *check.Finding) (render.Source, bool) {
	if p.sources == nil {
		p.sources = map[string]*render.Source{}
		for i := range p.before.Sources {
			p.sources[p.before.Sources[i].Source.ID] = &p.before.Sources[i].Source
		}
	}
	if s := p.sources[f.Source]; s != nil {
		return *s, true
	}
	return render.Source{}, false
}

// kustomizationIn is the kustomization file of a directory.
func (p *prover) kustomizationIn(dir string) (string, bool) {
	for _, name := range []string{"kustomization.yaml", "kustomization.yml", "Kustomization"} {
		if file := path.Join(dir, name); p.tree.Exists(file) {
			if real, err := p.tree.Resolve(file); err == nil {
				return real, true
			}
		}
	}
	return "", false
}

func (p *prover) firstDocument(file string) *yaml.Node {
	data, err := p.tree.ReadFile(file)
	if err != nil {
		return nil
	}
	f, err := yamledit.Parse(data)
	if err != nil || f.Len() == 0 {
		return nil
	}
	return f.Root(0)
}

// ownPatch is the third rung: a patch of the object that the source's own kustomization has already. With newPatch it
// takes what no file in the repository holds (remote bases, generators, charts), and what a shared base must not get.
// All findings of one object go into one patch.
func (p *prover) ownPatch(_ context.Context, findings []check.Finding) (patches []*Patch, left []Left, err error) {
	return p.byObject(findings, p.extendPatch)
}

// newPatch is the fourth rung: a new patch beside the others of the source's own kustomization.
func (p *prover) newPatch(_ context.Context, findings []check.Finding) (patches []*Patch, left []Left, err error) {
	return p.byObject(findings, p.appendPatch)
}

// byObject plans one patch for all findings of each object.
func (p *prover) byObject(findings []check.Finding, plan func(src render.Source, file string, fs []check.Finding) (*Patch, string)) (
	patches []*Patch, left []Left, err error) {
	groups := map[string][]check.Finding{}
	for _, f := range findings {
		groups[f.Source+"\x00"+objectKey(f.Object)] = append(groups[f.Source+"\x00"+objectKey(f.Object)], f)
	}
	for _, k := range slices.Sorted(maps.Keys(groups)) {
		fs := p.asPatched(k, groups[k])
		src, ok := p.sourceOf(&fs[0])
		file, found := "", false
		if ok && src.Kind == render.KindKustomize {
			file, found = p.kustomizationIn(src.Path)
		}
		var x *Patch
		reason := noKustomization
		switch {
		case found:
			x, reason = plan(src, file, fs)
		case ok && src.Kind == render.KindKustomize:
			reason = "the kustomization cannot be read"
		}
		if x == nil {
			for _, f := range fs {
				left = append(left, Left{f, reason})
			}
			continue
		}
		patches = append(patches, x)
	}
	return patches, left, nil
}

// asPatched are findings of one object, as it is with the patches that are proven: what a patch adds to a list, or puts
// into a field that is missing, must not take away what they put there.
func (p *prover) asPatched(key string, fs []check.Finding) []check.Finding {
	wants := p.wantsByObject(p.kept)[key]
	if len(wants) == 0 {
		return fs
	}
	want, err := expect(fs[0].Object.JSON, wants)
	if err != nil {
		return fs
	}
	raw, err := json.Marshal(want)
	if err != nil {
		return fs
	}
	o := *fs[0].Object
	o.JSON = raw
	fs = slices.Clone(fs)
	for i := range fs {
		fs[i].Object = &o
	}
	return fs
}

// extendPatch plans more of the last patch of the object in its source's own kustomization.
func (p *prover) extendPatch(src render.Source, file string, fs []check.Finding) (*Patch, string) {
	o := fs[0].Object
	own := p.ownPatches(src.Path, file, p.firstDocument(file))
	for i := len(own) - 1; i >= 0; i-- {
		if !own[i].patches(o) {
			continue
		}
		x := &Patch{Wants: wantsOf(fs), Resolves: fs}
		ops, ok := mergeOps(&own[i], o, fs)
		if own[i].json() {
			ops, ok = appendOps(&own[i], o, fs)
		}
		if ok {
			own[i].edit(x, "the overlay's patch of the object", ops)
			return x, ""
		}
	}
	return nil, "the kustomization has no patch of it"
}

// appendPatch plans a new patch in the source's own kustomization.
func (p *prover) appendPatch(src render.Source, file string, fs []check.Finding) (*Patch, string) {
	o := *fs[0].Object
	if !p.severalOf(src.ID, &o) {
		o.Namespace, o.Ref.Namespace = "", "" // its kind and name are enough
	}
	patch, err := mergePatch(&o, fs)
	if err != nil {
		return nil, err.Error()
	}
	if data, err := p.tree.ReadFile(file); err == nil && !bytes.HasSuffix(data, []byte("\n")) {
		patch["patch"] = strings.TrimSuffix(patch["patch"].(string), "\n") // then it can stand as lines at the end, too
	}
	op := yamledit.Append{Path: render.Keys("patches"), Value: patch}
	return &Patch{Wants: wantsOf(fs), Resolves: fs, Place: render.Place{File: file}, How: "a new patch in the kustomization",
		parts: []part{{file: file, ops: []yamledit.Op{op}}}}, ""
}

// severalOf reports whether a source has further objects of the kind and name, in other namespaces.
func (p *prover) severalOf(source string, o *render.Object) bool {
	n := 0
	for _, d := range p.objects[source] {
		if parts := strings.Split(d.id, "\x00"); len(parts) > 3 && parts[1] == o.Kind && parts[3] == o.Name {
			n++
		}
	}
	return n > 1
}

// appendOps are further operations at the end of a JSON patch.
func appendOps(d *patchDocument, o *render.Object, fs []check.Finding) (ops []yamledit.Op, ok bool) {
	list, err := jsonPatch(o, fs)
	for _, op := range list {
		ops = append(ops, yamledit.Append{Doc: d.doc, Value: op})
	}
	return ops, err == nil
}

func wantsOf(fs []check.Finding) []check.Want {
	var out []check.Want
	seen := map[string]bool{}
	for i := range fs {
		for _, w := range fs[i].Want {
			if !seen[w.String()] {
				seen[w.String()] = true
				out = append(out, w)
			}
		}
	}
	return out
}
