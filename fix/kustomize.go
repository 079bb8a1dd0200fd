package fix

import (
	"context"
	"fmt"
	"path"
	"sort"
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

// patchDocument is a strategic merge patch that a kustomization applies.
type patchDocument struct {
	file string // a file of its own
	doc  int
	root *yaml.Node
}

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
		key := fmt.Sprintf("%s %d %s", doc.file, doc.doc, opsKey(ops))
		x := byKey[key]
		if x == nil {
			x = &Patch{
				Place: render.Place{File: doc.file, Doc: doc.doc},
				How:   "the patch that sets it",
				Wants: f.Want,
				parts: []part{{file: doc.file, ops: ops}},
			}
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
	for i := range p.before.Sources {
		if s := p.before.Sources[i].Source; s.ID == f.Source {
			return s, true
		}
	}
	return render.Source{}, false
}

// patches reports whether the document is a patch of an object, by the name that its file or the cluster knows.
func (d *patchDocument) patches(o *render.Object) bool {
	name := text(d.root, "metadata", "name")
	return text(d.root, "kind") == o.Kind && (name == o.Name || name == o.Ref.Name)
}

// patchesOf collects the strategic merge patches in files of a kustomization and of all that it uses, bases first.
func (p *prover) patchesOf(dir string) []patchDocument {
	if docs, ok := p.patchFiles[dir]; ok {
		return docs
	}
	if p.patchFiles == nil {
		p.patchFiles = map[string][]patchDocument{}
	}
	p.patchFiles[dir] = nil // ends cycles
	file, ok := p.kustomizationIn(dir)
	if !ok {
		return nil
	}
	root := p.firstDocument(file)
	var out []patchDocument
	for _, field := range []string{"bases", "resources", "components"} {
		for _, ref := range items(root, field) {
			if real, err := p.tree.Resolve(path.Join(dir, ref.Value)); err == nil && p.tree.IsDir(real) {
				out = append(out, p.patchesOf(real)...)
			}
		}
	}
	for _, ref := range patchFileRefs(root) {
		out = append(out, p.patchFile(path.Join(dir, ref))...)
	}
	p.patchFiles[dir] = out
	return out
}

func patchFileRefs(root *yaml.Node) []string {
	var out []string
	for _, ref := range items(root, "patchesStrategicMerge") {
		if !strings.Contains(ref.Value, "\n") {
			out = append(out, ref.Value)
		}
	}
	for _, item := range items(root, "patches") {
		if file := text(item, "path"); file != "" {
			out = append(out, file)
		}
	}
	return out
}

func (p *prover) patchFile(name string) []patchDocument {
	real, err := p.tree.Resolve(name)
	if err != nil {
		return nil
	}
	data, err := p.tree.ReadFile(real)
	if err != nil {
		return nil
	}
	f, err := yamledit.Parse(data)
	if err != nil {
		return nil
	}
	var out []patchDocument
	for i := range f.Len() {
		if root := f.Root(i); root != nil && root.Kind == yaml.MappingNode && text(root, "kind") != "" {
			out = append(out, patchDocument{file: real, doc: i, root: root})
		}
	}
	return out
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

// entryPatch is the third rung: a patch in the kustomization of the source itself. It takes what no file in the
// repository holds (remote bases, generators, charts), and what a shared base must not get. All findings of one object
// go into one patch, in a patch file that the kustomization has for the object, or beside its other patches.
func (p *prover) entryPatch(_ context.Context, findings []check.Finding) (patches []*Patch, left []Left, err error) {
	groups := map[string][]check.Finding{}
	for _, f := range findings {
		groups[f.Source+"\x00"+objectKey(f.Object)] = append(groups[f.Source+"\x00"+objectKey(f.Object)], f)
	}
	keys := make([]string, 0, len(groups))
	for k := range groups {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		x, reason := p.patchEntry(groups[k])
		if x == nil {
			for _, f := range groups[k] {
				left = append(left, Left{f, reason})
			}
			continue
		}
		patches = append(patches, x)
	}
	return patches, left, nil
}

// patchEntry plans the patch of one object in its source's own kustomization.
func (p *prover) patchEntry(fs []check.Finding) (*Patch, string) {
	src, ok := p.sourceOf(&fs[0])
	if !ok || src.Kind != render.KindKustomize {
		return nil, noKustomization
	}
	file, ok := p.kustomizationIn(src.Path)
	if !ok {
		return nil, "the kustomization cannot be read"
	}
	o := fs[0].Object
	x := &Patch{Wants: wantsOf(fs), Resolves: fs}
	own := patchFileRefs(p.firstDocument(file))
	for i := len(own) - 1; i >= 0; i-- {
		for _, d := range p.patchFile(path.Join(src.Path, own[i])) {
			if !d.patches(o) {
				continue
			}
			if ops, ok := mergeOps(&d, o, fs); ok {
				x.Place, x.How = render.Place{File: d.file, Doc: d.doc}, "the overlay's patch of the object"
				x.parts = []part{{file: d.file, ops: ops}}
				return x, ""
			}
		}
	}
	patch, err := mergePatch(o, fs)
	if err != nil {
		return nil, err.Error()
	}
	x.Place, x.How = render.Place{File: file}, "a new patch in the kustomization"
	x.parts = []part{{file: file, ops: []yamledit.Op{yamledit.Append{Path: render.Keys("patches"), Value: patch}}}}
	return x, ""
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
