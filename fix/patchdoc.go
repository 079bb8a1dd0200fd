package fix

import (
	"fmt"
	"path"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/fix/yamledit"
	"github.com/syncgate/syncgate/render"
)

// patchDocument is a patch that a kustomization applies: a mapping that is merged, or a list of the operations of
// RFC 6902.
type patchDocument struct {
	file   string    // of its own, or the kustomization
	in     *embedded // where it stands in the kustomization, nil for a file of its own
	doc    int       // in the file or text
	root   *yaml.Node
	target *selector // says what is patched, nil when the patch itself does
}

func (d *patchDocument) json() bool { return d.root.Kind == yaml.SequenceNode }

// key tells a patch document from others.
func (d *patchDocument) key() string {
	at := ""
	if d.in != nil {
		at = fmt.Sprintf("%d %s", d.in.doc, d.in.path)
	}
	return fmt.Sprintf("%s %s %d", d.file, at, d.doc)
}

// edit is the part of a patch that makes the operations on the document, and its place.
func (d *patchDocument) edit(x *Patch, how string, ops []yamledit.Op) {
	x.How = how
	x.Place = render.Place{File: d.file, Doc: d.doc}
	if d.in != nil {
		x.Place.Doc, x.Place.Path = d.in.doc, d.in.path
	}
	x.parts = []part{{file: d.file, in: d.in, ops: ops}}
}

// patches reports whether the document is a patch of an object, by the name that its file or the cluster knows.
func (d *patchDocument) patches(o *render.Object) bool {
	if d.target != nil {
		return d.target.matches(o)
	}
	name := text(d.root, "metadata", "name")
	return text(d.root, "kind") == o.Kind && (name == o.Name || name == o.Ref.Name)
}

// patchesOf collects the patches of a kustomization and of all that it uses, bases first.
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
	out = append(out, p.ownPatches(dir, file, root)...)
	p.patchFiles[dir] = out
	return out
}

// ownPatches are the patches that a kustomization itself lists.
func (p *prover) ownPatches(dir, file string, root *yaml.Node) (out []patchDocument) {
	list := func(field string, i int, item *yaml.Node) {
		at := render.Keys(field).At(i)
		switch {
		case item.Kind == yaml.ScalarNode && strings.Contains(item.Value, "\n"):
			out = append(out, patchTexts(file, at, item.Value, nil)...)
		case item.Kind == yaml.ScalarNode:
			out = append(out, p.patchFile(path.Join(dir, item.Value), nil)...)
		case text(item, "path") != "":
			out = append(out, p.patchFile(path.Join(dir, text(item, "path")), targetOf(item))...)
		case text(item, "patch") != "":
			out = append(out, patchTexts(file, at.Key("patch"), text(item, "patch"), targetOf(item))...)
		}
	}
	for _, field := range []string{"patchesStrategicMerge", "patchesJson6902", "patches"} {
		for i, item := range items(root, field) {
			list(field, i, item)
		}
	}
	return out
}

// patchTexts are the documents of an inline patch.
func patchTexts(file string, at render.Path, text string, target *selector) []patchDocument {
	f, err := yamledit.Parse([]byte(text))
	if err != nil {
		return nil
	}
	out := patchDocuments(f, target)
	for i := range out {
		out[i].file, out[i].in = file, &embedded{path: at}
	}
	return out
}

func patchDocuments(f *yamledit.File, target *selector) (out []patchDocument) {
	for i := range f.Len() {
		root := f.Root(i)
		switch {
		case root == nil:
		case root.Kind == yaml.MappingNode && (target != nil || text(root, "kind") != ""), root.Kind == yaml.SequenceNode && target != nil:
			out = append(out, patchDocument{doc: i, root: root, target: target})
		}
	}
	return out
}

func (p *prover) patchFile(name string, target *selector) []patchDocument {
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
	out := patchDocuments(f, target)
	for i := range out {
		out[i].file = real
	}
	return out
}
