package render

import (
	"path"
	"sort"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// mark lists the files that hold the Follower's marks: manifests and templates.
// found is what discovery has seen of all of the tree.
func (e *explorer) mark(found *Discovery) {
	var names, packed []string
	var walk func(dir string)
	walk = func(dir string) {
		entries, ok := found.list(dir)
		if !ok {
			entries, _ = e.tree.ReadDir(dir)
		}
		for _, x := range entries {
			name := path.Join(dir, x.Name)
			switch {
			case x.Link || x.Dir && x.Name == "node_modules":
			case x.Dir:
				walk(name)
			case isYAMLName(x.Name) || path.Ext(x.Name) == ".tpl" || path.Ext(x.Name) == ".txt" || path.Ext(x.Name) == "":
				names = append(names, name)
			case path.Ext(x.Name) == ".tgz":
				packed = append(packed, name) // may hold anything
			}
		}
	}
	walk(".")
	for _, files := range e.tree.holding(names, maxIndexFile, e.o.Follow.Marks()) {
		files = append(files, packed...)
		sort.Strings(files)
		e.marks = append(e.marks, &marker{tree: e.tree, found: found, files: files, known: map[string]bool{}})
	}
	sort.SliceStable(e.marks, func(i, j int) bool { return len(e.marks[i].files) < len(e.marks[j].files) })
}

// mayHold reports whether a source may read every mark of what the Follower knows.
func (e *explorer) mayHold(s *Source) bool {
	for _, m := range e.marks {
		if !m.in(s) {
			return false
		}
	}
	return true
}

// marker looks for one mark.
type marker struct {
	tree  *Tree
	found *Discovery
	files []string        // that hold it, sorted
	known map[string]bool // directories of kustomizations that were looked at
}

// in reports whether a source may read one of the files.
func (m *marker) in(s *Source) bool {
	if s.Chart != nil {
		return true // what is not in the repository may hold anything
	}
	switch s.Kind {
	case KindPlain:
		return has(m.files, s.Path)
	case KindKustomize:
		return len(s.Kustomize.Components)+len(s.Kustomize.Patches) > 0 || m.inKustomization(s.Path)
	case KindHelm, KindDirectory:
	default:
		return true
	}
	for _, l := range s.Helm.Values {
		if l.Encoding == EncodingInline || has(m.files, l.File) {
			return true
		}
	}
	return m.below(s.Path)
}

func (m *marker) below(dir string) bool {
	for _, f := range m.files {
		if under(f, dir) {
			return true
		}
	}
	return false
}

// inKustomization looks at everything that a kustomization names, and what that names. What is not in the repository may
// hold anything.
func (m *marker) inKustomization(dir string) bool {
	seen := map[string]bool{}
	if m.reaches(dir, seen) {
		return true
	}
	for d := range seen { // nothing that can be reached from any of them
		m.known[d] = false
	}
	return false
}

func (m *marker) reaches(dir string, seen map[string]bool) bool {
	if in, ok := m.known[dir]; ok || seen[dir] {
		return in
	}
	seen[dir] = true
	in := m.named(dir, seen)
	if in { // else only the whole way shows it
		m.known[dir] = true
	}
	return in
}

// named reports whether a kustomization, or something that it names, is or holds one of the files.
func (m *marker) named(dir string, seen map[string]bool) bool {
	var root *yaml.Node
	for _, name := range kustomizationNames {
		if file := path.Join(dir, name); root == nil && m.tree.Exists(file) {
			root = m.yaml(file)
			if has(m.files, file) {
				return true
			}
		}
	}
	for _, ref := range kustomizationRefs(root) {
		real, err := m.tree.Resolve(path.Join(dir, ref))
		switch {
		case err != nil && !strings.Contains(ref, "/"):
		case err != nil, has(m.files, real):
			return true
		case m.tree.IsDir(real) && m.reaches(real, seen):
			return true
		}
	}
	for _, chart := range inflatedCharts(root) {
		if m.below(path.Join(dir, chart)) {
			return true
		}
	}
	return false
}

func (m *marker) yaml(file string) *yaml.Node {
	if n, ok := m.found.yaml(file); ok {
		return n
	}
	return readYAML(m.tree, file)
}
