package fix

import (
	"github.com/syncgate/syncgate/check"
)

// components tells which files have to do with one another: those that one source reads, and so on from source to
// source. Patches of different components cannot meet in any render, so each component is proven on its own.
type components struct{ parent map[string]string }

func newComponents(sources []check.SourceReport) *components {
	c := &components{parent: map[string]string{}}
	for i := range sources {
		files := sources[i].Read.Files
		for _, f := range files {
			c.join(files[0], f)
		}
	}
	return c
}

// of is the representative of a file's component.
func (c *components) of(file string) string {
	for {
		up, ok := c.parent[file]
		if !ok || up == file {
			return file
		}
		if top, ok := c.parent[up]; ok {
			c.parent[file] = top
		}
		file = up
	}
}

func (c *components) join(a, b string) {
	if x, y := c.of(a), c.of(b); x != y {
		c.parent[x] = y
	}
}

// patchSet is a set of proven patches by component, in the order in which components came.
type patchSet struct {
	components *components
	order      []string
	at         map[string][]*Patch
	n          int
}

func (c *components) set(patches []*Patch) *patchSet {
	s := &patchSet{components: c, at: map[string][]*Patch{}}
	for _, x := range patches {
		k := s.key(x)
		s.put(k, append(s.at[k], x))
	}
	return s
}

func (s *patchSet) key(x *Patch) string { return s.components.of(x.files()[0]) }

// put replaces the patches of a component.
func (s *patchSet) put(key string, patches []*Patch) {
	if _, ok := s.at[key]; !ok {
		s.order = append(s.order, key)
	}
	s.n += len(patches) - len(s.at[key])
	s.at[key] = patches
}

func (s *patchSet) all() []*Patch {
	out := make([]*Patch, 0, s.n)
	for _, k := range s.order {
		out = append(out, s.at[k]...)
	}
	return out
}
