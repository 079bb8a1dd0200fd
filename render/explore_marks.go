package render

import (
	"path"
	"sort"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// mark lists the files that hold the Follower's marks: manifests and templates.
// listed are the directories that discovery has listed already.
func (e *explorer) mark(listed map[string][]Entry) {
	var names, packed []string
	var walk func(dir string)
	walk = func(dir string) {
		entries, ok := listed[dir]
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
	e.marked = e.tree.holding(names, maxIndexFile, e.o.Follow.Marks())
	for i := range e.marked {
		e.marked[i] = append(e.marked[i], packed...)
		sort.Strings(e.marked[i])
	}
}

// mayHold reports whether a source may read every mark of what the Follower knows.
func (e *explorer) mayHold(s *Source) bool {
	for _, marked := range e.marked {
		if !(&marker{e.tree, marked}).in(s) {
			return false
		}
	}
	return true
}

// marker looks for one mark.
type marker struct {
	tree  *Tree
	files []string // that hold it
}

// in reports whether a source may read one of the files.
func (m *marker) in(s *Source) bool {
	switch s.Kind {
	case KindPlain:
		return has(m.files, s.Path)
	case KindKustomize:
		return len(s.Kustomize.Components)+len(s.Kustomize.Patches) > 0 || m.inKustomization(s.Path, map[string]bool{})
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
func (m *marker) inKustomization(dir string, seen map[string]bool) bool {
	if seen[dir] {
		return false
	}
	seen[dir] = true
	var root *yaml.Node
	for _, name := range kustomizationNames {
		if file := path.Join(dir, name); root == nil && m.tree.Exists(file) {
			root = readYAML(m.tree, file)
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
		case m.tree.IsDir(real) && m.inKustomization(real, seen):
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
