package render

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

var errNotThere = fs.ErrNotExist

// kustomizationNames are the names that kustomize looks for (konfig.RecognizedKustomizationFileNames).
var kustomizationNames = []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

// scan is a list of the names in a tree that matter.
type scan struct {
	tree           *Tree
	kustomizations map[string]string // directory -> kustomization file
	charts         map[string]bool   // directories with a Chart.yaml
	manifests      []string          // YAML and JSON files
	skipped        []Skipped
	broken         []*Error // links with the name of a manifest that lead nowhere
	failed         []*Error
	known          *Discovery            // of the tree below the edits, nil for none
	parsed         map[string]*yaml.Node // files that were read
	listed         map[string][]Entry    // directories
	edited         map[string]bool       // directories with edits in or below them
}

func newScan(t *Tree, known *Discovery) *scan {
	s := &scan{tree: t, kustomizations: map[string]string{}, charts: map[string]bool{}, parsed: map[string]*yaml.Node{},
		listed: map[string][]Entry{}, edited: map[string]bool{".": true}, known: known}
	for name := range t.edits {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			s.edited[dir] = true
		}
	}
	return s
}

// list lists a directory, unless that was done and no edit adds to it.
func (s *scan) list(dir string) ([]Entry, error) {
	if !s.edited[dir] {
		if entries, ok := s.known.list(dir); ok {
			return entries, nil
		}
	}
	return s.tree.ReadDir(dir)
}

// walk lists a directory and all below it. Linked directories are not entered: what they lead to is found where it
// stands.
func (s *scan) walk(dir string) {
	entries, err := s.list(dir)
	if err != nil {
		e := asError(err, Source{Path: dir})
		e.Source, e.Hint = dir, "make it readable"
		s.failed = append(s.failed, e)
		return
	}
	s.listed[dir] = entries
	for _, e := range entries {
		name := path.Join(dir, e.Name)
		switch {
		case e.Link:
			s.link(dir, name, e)
		case e.Dir && e.Name == "node_modules":
			s.skipped = append(s.skipped, Skipped{Path: name, Reason: "installed packages"})
		case e.Dir:
			s.walk(name)
		default:
			s.file(dir, name, e.Name)
		}
	}
}

// link looks at a symbolic link. One that is named like a manifest and leads nowhere, or out of the repository, may be
// what somebody applies: it is not passed over.
func (s *scan) link(dir, name string, e Entry) {
	real, err := s.tree.Resolve(name)
	switch {
	case err != nil && (isYAMLName(e.Name) || isKustomizationName(e.Name)):
		s.broken = append(s.broken, linkError(name, err))
	case err != nil && path.Ext(e.Name) == "":
		s.skipped = append(s.skipped, Skipped{Path: name, Reason: "link that leads nowhere or out of the repository"})
	case err != nil:
	case e.Dir:
		s.skipped = append(s.skipped, Skipped{Path: name, Reason: "link to " + real})
	case isKustomizationName(e.Name) || e.Name == "Chart.yaml":
		s.file(dir, name, e.Name)
	case isYAMLName(e.Name):
		s.skipped = append(s.skipped, Skipped{Path: name, Reason: "link to " + real})
	}
}

func linkError(name string, err error) *Error {
	e := asError(err, Source{})
	e.Source, e.File = name, name
	var pe *fs.PathError
	switch {
	case errors.As(err, &pe) && errors.Is(err, fs.ErrNotExist):
		e.Msg = fmt.Sprintf("is a link that leads to nothing: %s does not exist", pe.Path)
	case pe != nil:
		e.Msg = pe.Err.Error()
	}
	e.Msg = strings.TrimPrefix(e.Msg, name+" ")
	if e.Hint == "" {
		e.Hint = "remove the link, or restore what it leads to"
	}
	return e
}

func (s *scan) file(dir, name, base string) {
	switch {
	case isKustomizationName(base):
		if _, ok := s.kustomizations[dir]; !ok {
			s.kustomizations[dir] = name
		}
	case base == "Chart.yaml":
		s.charts[dir] = true
	case isYAMLName(base):
		s.manifests = append(s.manifests, name)
	}
}

func isKustomizationName(base string) bool {
	for _, n := range kustomizationNames {
		if base == n {
			return true
		}
	}
	return false
}

func (s *scan) kustomizationDirs() []string {
	out := make([]string, 0, len(s.kustomizations))
	for d := range s.kustomizations {
		out = append(out, d)
	}
	sort.Strings(out)
	return out
}

func (s *scan) chartDirs() []string {
	out := make([]string, 0, len(s.charts))
	for d := range s.charts {
		out = append(out, d)
	}
	sort.Strings(out)
	return out
}
