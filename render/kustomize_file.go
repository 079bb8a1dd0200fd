//lint:file-ignore SA1019 kustomize still reads the deprecated fields, so this must look at them

package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/yaml"
	sigsyaml "sigs.k8s.io/yaml"
)

// kustomization is one kustomization file that krusty has read.
type kustomization struct {
	dir  string // what it is relative to
	file string
	text []byte              // as it stands in the file
	data []byte              // with what the source's user changes in it
	spec types.Kustomization // legacy fields moved to where they belong now

	copies map[copyRef]string // what is shown in the place of remote references
}

// maxKustomizations bounds how often a source reads kustomizations: a base counts each time it is used.
const maxKustomizations = 2000

// serve looks at a kustomization file before krusty gets it: what is remote or would run something is refused, and in
// a traced run the entry is made to ask for origin annotations, which its bases inherit (target.accumulateDirectory).
func (f *treeFS) serve(dir, file string, data []byte) ([]byte, error) {
	k := &kustomization{dir: dir, file: file, text: data, data: data}
	if f.loaded = append(f.loaded, k); len(f.loaded) > maxKustomizations {
		return nil, f.refuse(&Error{File: file, Limit: true, Msg: fmt.Sprintf("more than %d kustomizations are read", maxKustomizations),
			Hint: "look for bases that are used twice on every level"})
	}
	if len(f.loaded) == 1 && !f.edit.empty() {
		edited, err := f.edit.edited(file, data)
		if err != nil {
			return nil, f.refuse(err)
		}
		k.data, data = edited, edited
	}
	if k.spec.Unmarshal(data) != nil {
		return data, nil // krusty says what is wrong with it
	}
	k.spec.FixKustomization()
	f.schema = f.schema || len(k.spec.OpenAPI) > 0
	data, err := f.checkRemotes(k)
	if err != nil {
		return nil, f.refuse(err)
	}
	for _, r := range k.refs() {
		if r.use == holdsObjects {
			f.manifests[path.Join(dir, k.swap(r.text, RemoteResource, RemoteFile))] = true
		}
	}
	if f.trace && len(f.loaded) == 1 {
		return withOrigins(data), nil
	}
	return data, nil
}

// withOrigins adds originAnnotations to a kustomization's buildMetadata. The result is JSON, which kustomize reads the
// same way: the first thing it does with the file is to convert it.
func withOrigins(data []byte) []byte {
	var fields map[string]json.RawMessage
	raw, err := sigsyaml.YAMLToJSON(data)
	if err != nil || json.Unmarshal(raw, &fields) != nil || fields == nil {
		return data
	}
	var meta struct{ BuildMetadata []string }
	if json.Unmarshal(raw, &meta) != nil {
		return data
	}
	for name := range fields { // encoding/json matches names in any case, and so does kustomize
		if strings.EqualFold(name, "buildMetadata") {
			delete(fields, name)
		}
	}
	if fields["buildMetadata"], err = json.Marshal(append(meta.BuildMetadata, types.OriginAnnotations)); err != nil {
		return data
	}
	out, err := json.Marshal(fields)
	if err != nil {
		return data
	}
	return out
}

// kustomizeRef is a place in a kustomization that names a file, a directory or something remote.
type kustomizeRef struct {
	text string
	use  refUse
}

// refUse is what kustomize does with what a reference leads to.
type refUse int

const (
	holdsObjects refUse = iota // loads its objects; a directory or a repository too
	holdsChanges               // applies it, a component: a directory or a repository
	holdsPlugins               // runs the generators or transformers it configures; a directory or a repository too
	holdsData                  // reads the file
)

// refs are all paths that a kustomization hands to a loader, whichever field they stand in.
func (k *kustomization) refs() []kustomizeRef {
	var out []kustomizeRef
	add := func(use refUse, paths ...string) {
		for _, p := range paths {
			if p != "" && !strings.Contains(p, "\n") {
				out = append(out, kustomizeRef{p, use})
			}
		}
	}
	s := &k.spec
	add(holdsObjects, s.Resources...)
	add(holdsChanges, s.Components...)
	add(holdsPlugins, s.Generators...)
	add(holdsPlugins, s.Transformers...)
	add(holdsPlugins, s.Validators...)
	add(holdsData, s.Crds...)
	add(holdsData, s.Configurations...)
	add(holdsData, s.OpenAPI["path"])
	for _, p := range s.PatchesStrategicMerge {
		add(holdsData, string(p))
	}
	for _, p := range append(s.Patches[:len(s.Patches):len(s.Patches)], s.PatchesJson6902...) {
		add(holdsData, p.Path)
	}
	for _, r := range s.Replacements {
		add(holdsData, r.Path)
	}
	for _, g := range s.ConfigMapGenerator {
		add(holdsData, dataFiles(g.KvPairSources)...)
	}
	for _, g := range s.SecretGenerator {
		add(holdsData, dataFiles(g.KvPairSources)...)
	}
	for _, c := range s.HelmCharts {
		add(holdsData, c.ValuesFile)
		add(holdsData, c.AdditionalValuesFiles...)
	}
	return out
}

// dataFiles are the files that a generator reads; `files` may give them another key (`key=path`).
func dataFiles(g types.KvPairSources) []string {
	out := append([]string{}, g.EnvSources...)
	for _, file := range g.FileSources {
		if _, p, ok := strings.Cut(file, "="); ok {
			file = p
		}
		out = append(out, file)
	}
	return out
}

// line is the line of the first scalar in the file that match accepts, 0 when there is none.
func (k *kustomization) line(match func(string) bool) int {
	var doc yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(k.text)).Decode(&doc); err != nil {
		return 0
	}
	return scalarLine(&doc, match)
}

func scalarLine(n *yaml.Node, match func(string) bool) int {
	if n.Kind == yaml.ScalarNode && match(n.Value) {
		return n.Line
	}
	for _, c := range n.Content {
		if l := scalarLine(c, match); l > 0 {
			return l
		}
	}
	return 0
}

// lineOf is the line where a path stands, also behind a `key=`.
func (k *kustomization) lineOf(ref string) int {
	return k.line(func(s string) bool { return s == ref || strings.HasSuffix(s, "="+ref) })
}

// referrer finds the kustomization that names a file or directory, and how it does.
func (f *treeFS) referrer(name string) (*kustomization, string) {
	for i := len(f.loaded) - 1; i >= 0; i-- {
		k := f.loaded[i]
		for _, r := range k.refs() {
			at := path.Join(k.dir, k.swap(r.text, RemoteResource, RemoteBase, RemoteFile))
			if filepath.IsAbs(r.text) {
				at, _ = f.name(r.text)
			}
			if at == name {
				return k, r.text
			}
		}
	}
	return nil, ""
}

// kustomizationIn is the kustomization read from a directory, nil when there is none.
func (f *treeFS) kustomizationIn(dir string) *kustomization {
	for i := len(f.loaded) - 1; i >= 0; i-- {
		if f.loaded[i].dir == dir {
			return f.loaded[i]
		}
	}
	return nil
}
