package render

import (
	"bytes"
	"encoding/json"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// kustomizationPrint is what one kustomization leads to by itself.
type kustomizationPrint struct {
	Footprint
	file    string   // "" where there is none
	uses    []string // other kustomizations' directories
	plugins []string // what configurations of plugins name
}

// kustomization looks at a directory's kustomization. Every string in it is taken for a path: that finds all that are, and
// those that are none do no harm.
func (f *Footprints) kustomization(dir string) *kustomizationPrint {
	if k := f.dirs[dir]; k != nil {
		return k
	}
	k := &kustomizationPrint{Footprint: *newFootprint()}
	f.dirs[dir] = k
	k.names[dir] = true
	for _, base := range kustomizationNames {
		name := path.Join(dir, base)
		k.names[name] = true
		if k.file != "" {
			continue
		}
		if _, isDir, ok := f.resolve(&k.Footprint, name); ok && !isDir {
			k.file = name
		}
	}
	if k.file == "" {
		return k
	}
	f.reference(&k.Footprint, ".", k.file)
	refs, root, ok := f.strings(k.file)
	if !ok {
		k.unknown = true
		return k
	}
	for _, ref := range refs {
		if used, ok := f.reference(&k.Footprint, dir, ref); ok && used != dir {
			k.uses = append(k.uses, used)
		}
		f.plugin(k, dir, ref)
	}
	for _, chart := range inflatedCharts(root) {
		if name, ok := f.inTree(dir, chart); ok {
			f.wholly(&k.Footprint, name)
		}
	}
	return k
}

// plugin looks into a file, or a directory of files, that may configure builtin plugins: those name further files.
func (f *Footprints) plugin(k *kustomizationPrint, dir, ref string) {
	name, ok := f.inTree(dir, ref)
	if !ok {
		return
	}
	real, isDir, ok := f.resolve(&k.Footprint, name)
	if !ok || isDir {
		return
	}
	if text := f.file(real); text == nil || !text.builtin {
		return
	}
	refs, _, ok := f.strings(real)
	if !ok {
		k.unknown = true
	}
	k.plugins = append(k.plugins, refs...)
}

// inTree is the name that a reference has in the tree; ok is false for one that leads out of it, and for what is no path.
func (f *Footprints) inTree(dir, ref string) (name string, ok bool) {
	if ref == "" || len(ref) > 4096 || strings.ContainsAny(ref, "\n\x00") {
		return "", false
	}
	if filepath.IsAbs(ref) {
		rel, err := filepath.Rel(f.tree.Dir(), ref)
		if err != nil {
			return "", false
		}
		dir, ref = ".", filepath.ToSlash(rel)
	}
	name = path.Join(dir, ref)
	return name, !leaves(name)
}

// strings are all strings in a file of YAML, and those in strings that are YAML themselves; root is its first document. ok is
// false when the file cannot be read in full.
func (f *Footprints) strings(name string) (out []string, root *yaml.Node, ok bool) {
	t := f.file(name)
	if t == nil || len(t.text) > maxIndexFile {
		return nil, nil, false
	}
	out, root, ok = stringsIn(t.text, 3)
	slices.Sort(out)
	return slices.Compact(out), root, ok
}

func stringsIn(data []byte, depth int) (out []string, root *yaml.Node, ok bool) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		if err := dec.Decode(&doc); err != nil {
			return out, root, err.Error() == "EOF"
		}
		if root == nil && len(doc.Content) > 0 {
			root = doc.Content[0]
		}
		var walk func(*yaml.Node)
		walk = func(n *yaml.Node) {
			if n.Kind == yaml.ScalarNode {
				out = append(out, refsIn(n.Value, depth)...)
			}
			for _, c := range n.Content { // an alias has none: its anchor stands elsewhere in the document
				walk(c)
			}
		}
		walk(&doc)
	}
}

// refsIn are the paths that a string may hold: itself, what follows "=" (key=path), the items of a list with commas, and
// whatever the strings in it hold when it is YAML.
func refsIn(s string, depth int) []string {
	if strings.Contains(s, "\n") {
		if depth == 0 {
			return nil
		}
		inner, _, _ := stringsIn([]byte(s), depth-1)
		return inner
	}
	out := []string{s}
	for _, item := range strings.Split(s, ",") {
		out = append(out, item)
		for at := strings.IndexByte(item, '='); at >= 0; at = strings.IndexByte(item, '=') {
			item = item[at+1:]
			out = append(out, item)
		}
	}
	return out
}

// namedIn are the paths that a source itself names, such as files of values.
func namedIn(s Source) []string {
	s.ID, s.Path, s.Namespace = "", "", ""
	data, err := json.Marshal(s)
	if err != nil {
		panic(err) // plain data
	}
	out, _, _ := stringsIn(data, 3)
	return slices.DeleteFunc(out, func(ref string) bool { return !strings.ContainsAny(ref, "./") })
}

// fileText is what matters of a file's text for what it may make.
type fileText struct {
	text    []byte
	opaque  bool // nobody can tell by its words: it is packed, spelled with escapes, or a template of kinds
	builtin bool // it may configure a plugin of kustomize
}

// computedKind is a template that makes up an object's kind.
var computedKind = regexp.MustCompile(`kind["']?\s*:\s*["']?\{\{`)

func (t *fileText) mayHold(kinds []string) bool {
	return t.opaque || slices.ContainsFunc(kinds, func(k string) bool { return bytes.Contains(t.text, []byte(k)) })
}

// file reads a file, nil when it cannot be read: what renders it fails.
func (f *Footprints) file(name string) *fileText {
	if t, ok := f.files[name]; ok {
		return t
	}
	t := f.text(name)
	f.files[name] = t
	return t
}

func (f *Footprints) text(name string) *fileText {
	data, err := f.tree.ReadFile(name)
	if err != nil {
		return nil
	}
	spelled := isUTF16(data) || bytes.IndexByte(data, '\\') >= 0 && escapedLetter.Match(data)
	return &fileText{text: data, builtin: spelled || bytes.Contains(data, builtinVersion),
		opaque: spelled || bytes.HasPrefix(data, gzipMagic) || bytes.Contains(data, []byte("{{")) && computedKind.Match(data)}
}

// escapedLetter is an escape in YAML or JSON that can spell a letter.
var escapedLetter = regexp.MustCompile(`\\[xuU][0-9a-fA-F]{2}`)
