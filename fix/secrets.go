package fix

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/fix/yamledit"
	"github.com/syncgate/syncgate/render"
)

// aboutSecret reports whether a finding wants a value out of git. Only the rung for secrets knows how.
func aboutSecret(f *check.Finding) bool {
	return slices.ContainsFunc(f.Want, func(w check.Want) bool {
		switch w.(type) {
		case check.Replace, check.Refer:
			return true
		}
		return false
	})
}

// secrets is the rung for values that must not be in git. What it makes holds random text, so each document is sealed once
// in a run.
func (p *prover) secrets(_ context.Context, findings []check.Finding) (patches []*Patch, left []Left, err error) {
	groups, order := map[string][]check.Finding{}, []string{}
	for _, f := range findings {
		place, ok := p.loc.Object(f.Object)
		if !ok {
			left = append(left, Left{f, fmt.Sprintf("%s holds no single document for it", f.Object.File)})
			continue
		}
		key := fmt.Sprintf("%s\x00%d\x00%s\x00%s", place.File, place.Doc, place.Path, f.Rule.ID)
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], f)
	}
	for _, key := range order {
		x, reason := p.withoutSecrets(groups[key])
		if x != nil {
			patches = append(patches, x)
			continue
		}
		for _, f := range groups[key] {
			left = append(left, Left{f, reason})
		}
	}
	return patches, left, nil
}

// withoutSecrets plans the patch of one document, which one or many sources render.
func (p *prover) withoutSecrets(fs []check.Finding) (*Patch, string) {
	place, _ := p.loc.Object(fs[0].Object)
	d := &secretDocument{place: place, findings: fs, object: fs[0].Object}
	if reason := p.readDocument(d); reason != "" {
		return nil, reason
	}
	if _, ok := fs[0].Want[0].(check.Refer); ok {
		return p.referTo(d)
	}
	return p.replaceSecret(d)
}

// secretDocument is a document of the repository that holds secret values.
type secretDocument struct {
	place     render.Place
	findings  []check.Finding
	object    *render.Object // as rendered
	namespace string         // where it goes in every source, "" when nobody says
	data      []byte         // of the file
	root      *yaml.Node     // of the document, or of the item of a List
	written   render.Object  // the object as the file has it
}

// readDocument looks at how the file writes the object, and whether all sources render it alike: what is sealed is for one
// namespace and one name.
func (p *prover) readDocument(d *secretDocument) (reason string) {
	for i := range d.findings {
		f := &d.findings[i]
		src, ok := p.sourceOf(f)
		if !ok {
			return "its source is not known"
		}
		namespace := check.NamespaceOf(&src, f.Object)
		if i > 0 && (namespace != d.namespace || f.Object.Name != d.object.Name) {
			return fmt.Sprintf("%s and %s give it other namespaces or names, and it can be sealed for one alone: give each of them a "+
				"SealedSecret of its own", d.findings[0].Source, f.Source)
		}
		d.namespace = namespace
	}
	data, err := p.tree.ReadFile(d.place.File)
	if err != nil {
		return err.Error()
	}
	file, err := yamledit.Parse(data)
	if err != nil {
		return err.Error()
	}
	root, ok := file.Find(d.place.Doc, d.place.Path)
	if !ok || root.Kind != yaml.MappingNode {
		return fmt.Sprintf("%s does not hold it in a way that can be edited", d.place.File)
	}
	d.data, d.root = data, root
	raw, err := jsonOf(root)
	if err != nil {
		return fmt.Sprintf("%s cannot be read by itself", d.place.File)
	}
	d.written = render.Object{APIVersion: text(root, "apiVersion"), Kind: text(root, "kind"), JSON: raw,
		Name: text(root, "metadata", "name"), Namespace: text(root, "metadata", "namespace")}
	if d.written.Name == "" {
		return "it has no name, and can be sealed for that alone"
	}
	if d.written.Name != d.object.Name {
		return fmt.Sprintf("the cluster knows it as %s, which %s does not: a kustomization gives it a prefix, a suffix or a hash, and "+
			"would not rename what refers to a SealedSecret", d.object.Name, d.place.File)
	}
	return ""
}

// jsonOf is a node as the API server would read it.
func jsonOf(n *yaml.Node) (json.RawMessage, error) {
	out, err := yaml.Marshal(n)
	if err != nil {
		return nil, err
	}
	return sigsyaml.YAMLToJSON(out)
}

// replaceSecret turns a Secret into an object that holds none of its values: the fields that differ are edited where they
// stand, so that names, labels and comments stay as they are.
func (p *prover) replaceSecret(d *secretDocument) (*Patch, string) {
	want := d.findings[0].Want[0].(check.Replace)
	for i := range d.findings {
		if !sameJSON(d.findings[i].Object.JSON, d.object.JSON) {
			return nil, fmt.Sprintf("%s and %s render it with other contents: give each of them a Secret of its own first",
				d.findings[0].Source, d.findings[i].Source)
		}
	}
	if !sameData(&d.written, d.object) {
		return nil, "a patch or a generator adds values to it, which " + d.place.File + " does not hold: bring them together first"
	}
	secret, reason := secretOf(d.object, d.namespace)
	if reason != "" {
		return nil, reason
	}
	by := external(secret, p.options.Remedies.Secrets.Store)
	if want.Kind == "SealedSecret" {
		if p.sealer == nil {
			return nil, noSealer
		}
		sealed, err := p.sealer.seal(secret)
		if err != nil {
			return nil, "sealing it: " + err.Error()
		}
		by = sealed
	}
	ops := replaceOps(d, by)
	if p.quotesValue(d, ops) && len(d.place.Path) == 0 {
		whole, err := wholeDocument(d, by)
		if err != nil {
			return nil, err.Error()
		}
		ops = []yamledit.Op{yamledit.ReplaceDoc{Doc: d.place.Doc, Text: whole}}
	}
	x := &Patch{Place: d.place, Wants: []check.Want{want}, parts: []part{{file: d.place.File, ops: ops}}}
	for _, f := range d.findings {
		f.Want = []check.Want{check.Replace{Kind: want.Kind, By: by}}
		x.Resolves = append(x.Resolves, f)
	}
	return x, ""
}

const noSealer = "there is no certificate to seal it with: name the file with fix.secrets.cert in the config"

// replaceOps are the edits that make one object of another.
func replaceOps(d *secretDocument, by *check.Planned) []yamledit.Op {
	at := func(keys ...string) render.Path { return d.place.Path.Key(keys...) }
	doc := d.place.Doc
	ops := []yamledit.Op{
		yamledit.Set{Doc: doc, Path: at("apiVersion"), Value: by.APIVersion},
		yamledit.Set{Doc: doc, Path: at("kind"), Value: by.Kind},
	}
	for _, gone := range [][]string{{"data"}, {"stringData"}, {"type"}, {"immutable"},
		{"metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"},
		{"metadata", "annotations", "kubecfg.ksonnet.io/last-applied-configuration"}} {
		ops = append(ops, yamledit.Delete{Doc: doc, Path: at(gone...)})
	}
	return append(ops, yamledit.Set{Doc: doc, Path: at("spec"), Value: by.Spec})
}

// quotesValue reports whether a value would still stand in a comment of the document.
func (p *prover) quotesValue(d *secretDocument, ops []yamledit.Op) bool {
	edits, err := yamledit.Plan(d.data, ops...)
	if err != nil {
		return false
	}
	after, err := yamledit.ApplyEdits(d.data, edits)
	if err != nil {
		return false
	}
	var values check.Values
	values.AddObject(&d.written)
	for line := range strings.Lines(string(after)) {
		if _, comment, ok := strings.Cut(line, "#"); ok && values.Mask(comment) != comment {
			return true
		}
	}
	return false
}

// wholeDocument is the new object written anew, without the comments of the old one.
func wholeDocument(d *secretDocument, by *check.Planned) (string, error) {
	meta := map[string]any{}
	if err := json.Unmarshal(d.written.JSON, &struct{ Metadata *map[string]any }{&meta}); err != nil {
		return "", err
	}
	if notes, ok := meta["annotations"].(map[string]any); ok {
		delete(notes, "kubectl.kubernetes.io/last-applied-configuration")
		delete(notes, "kubecfg.ksonnet.io/last-applied-configuration")
		if len(notes) == 0 {
			delete(meta, "annotations")
		}
	}
	return manifest(by, meta)
}

// manifest writes an object as YAML, in the order in which people do.
func manifest(o *check.Planned, meta map[string]any) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: %s\nkind: %s\n", o.APIVersion, o.Kind)
	for _, part := range []struct {
		key   string
		value any
	}{{"metadata", meta}, {"spec", o.Spec}} {
		out, err := sigsyaml.Marshal(map[string]any{part.key: part.value})
		if err != nil {
			return "", err
		}
		b.Write(out)
	}
	return b.String(), nil
}
