// Package fix turns findings into the smallest patches of the sources, and proves each before anybody sees it.
package fix

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/fix/yamledit"
	"github.com/syncgate/syncgate/render"
)

// Patch is one change of the sources that resolves findings with a common cause.
type Patch struct {
	Place    render.Place // where the change stands: its first part
	How      string       // how the place was found, "" for the object's own document
	Wants    []check.Want // in terms of the rendered object of Resolves[0]
	Resolves []check.Finding
	Also     []string // fields beside the wanted ones that read the same value, and change alike
	parts    []part
	title    string          // of a patch from a bundle
	shared   bool            // it sets a value that several containers and objects may read
	reach    map[string]bool // objects that read it, by source and objectKey; nil when that is unknown
}

// part is what a patch does to one file: operations on its documents, or bytes put into a text that is no YAML.
type part struct {
	file  string
	in    *embedded // where the document of ops stands as a text; nil when it is the file's own
	ops   []yamledit.Op
	edits []yamledit.Edit // in terms of the file's bytes as they are in the tree
	makes bool            // the file is not there: its only edit is all of it
}

// embedded is a text within a document that holds YAML itself, such as an inline patch of a kustomization.
type embedded struct {
	doc  int
	path render.Path
}

// Files are the names of the files that the patch edits, each once.
func (p *Patch) Files() []string {
	out := p.files()
	slices.Sort(out)
	return slices.Compact(out)
}

// files are the names of all files that the patch edits.
func (p *Patch) files() []string {
	var out []string
	for _, x := range p.parts {
		out = append(out, x.file)
	}
	return out
}

// Title says in a few words what the patch does.
func (p *Patch) Title() string {
	if p.title != "" {
		return p.title
	}
	f := &p.Resolves[0]
	var what []string
	for _, w := range p.Wants {
		what = append(what, describe(w))
	}
	who := f.Object.Kind + " " + f.Object.Name
	if f.Container != "" && !podLevel(p.Wants, f) {
		who += fmt.Sprintf(", container %q", f.Container)
	}
	return who + ": " + strings.Join(what, ", ")
}

// podLevel reports whether all wants stand above the finding's container.
func podLevel(wants []check.Want, f *check.Finding) bool {
	for _, w := range wants {
		s, ok := w.(check.Set)
		if !ok || strings.Contains(s.Path.String(), "ontainers[") {
			return false
		}
	}
	return f.Container != ""
}

// describe is a want without the path that leads to its object's part.
func describe(w check.Want) string {
	switch w := w.(type) {
	case check.Set:
		return fmt.Sprintf("%s=%s", tailOf(w.Path), valueText(w.Value))
	case check.Add:
		return fmt.Sprintf("%s+=%s", tailOf(w.Path), valueText(w.Member))
	case check.Mount:
		return fmt.Sprintf("an emptyDir at %s", w.MountPath)
	}
	return w.String()
}

func valueText(v any) string {
	m, ok := v.(map[string]any)
	if !ok {
		return fmt.Sprint(v)
	}
	var parts []string
	for k, v := range m {
		parts = append(parts, fmt.Sprintf("%s: %s", k, valueText(v)))
	}
	sort.Strings(parts)
	return "{" + strings.Join(parts, ", ") + "}"
}

// tailOf is the part of a path after its last index or "spec".
func tailOf(p render.Path) string {
	from := 0
	for i, s := range p {
		if s.IsIndex || s.Key == "spec" {
			from = i + 1
		}
	}
	return p[from:].String()
}

// Safety is the least safe of what the patch resolves.
func (p *Patch) Safety() check.Safety {
	for i := range p.Resolves {
		if p.Resolves[i].Safety == check.FixReview {
			return check.FixReview
		}
	}
	return check.FixSafe
}

// Advice is what to test after a patch that needs review, without repetitions.
func (p *Patch) Advice() []string {
	seen := map[string]bool{}
	var out []string
	for i := range p.Resolves {
		if a := p.Resolves[i].Advice; a != "" && !seen[a] {
			seen[a] = true
			out = append(out, a)
		}
	}
	return out
}

// Evidence is what shows that the patch is safe where the manifests alone do not, without repetitions.
func (p *Patch) Evidence() []string {
	var out []string
	for i := range p.Resolves {
		if e := p.Resolves[i].Evidence; e != "" && !slices.Contains(out, e) {
			out = append(out, e)
		}
	}
	return out
}

// Reaches lists the sources whose findings the patch resolves.
func (p *Patch) Reaches() []string {
	seen := map[string]bool{}
	var out []string
	for i := range p.Resolves {
		if s := p.Resolves[i].Source; !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	sort.Strings(out)
	return out
}

// Left is a finding that was not resolved, and why.
type Left struct {
	Finding check.Finding
	Reason  string
}
