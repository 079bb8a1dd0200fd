package fix

import (
	"fmt"
	"slices"
	"sort"

	"github.com/syncgate/syncgate/fix/yamledit"
)

// edited applies patches to their files. A patch that cannot be applied is left out of all of them, with its reason.
func (p *prover) edited(patches []*Patch) (files []FileChange, refused map[*Patch]string, err error) {
	refused = map[*Patch]string{}
	for {
		n := len(refused)
		files, err = p.editFiles(patches, refused)
		if err != nil || len(refused) == n {
			return files, refused, err
		}
		// A patch with several parts that one file refuses must vanish from the others as well.
		patches = slices.DeleteFunc(slices.Clone(patches), func(x *Patch) bool { return refused[x] != "" })
	}
}

func (p *prover) editFiles(patches []*Patch, refused map[*Patch]string) (files []FileChange, err error) {
	byFile := map[string][]*Patch{}
	for _, x := range patches {
		for _, name := range x.files() {
			if !slices.Contains(byFile[name], x) {
				byFile[name] = append(byFile[name], x)
			}
		}
	}
	for name, list := range byFile {
		if last, ok := p.planned[name]; ok && slices.Equal(last.patches, list) {
			files = append(files, last.change)
			continue
		}
		data, err := p.tree.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		n := len(refused)
		edits := planFile(name, data, list, refused)
		if len(edits) == 0 {
			continue
		}
		after, err := yamledit.ApplyEdits(data, edits)
		if err != nil {
			return nil, fmt.Errorf("editing %s: %w", name, err)
		}
		change := FileChange{Name: name, Before: data, After: after, Edits: edits}
		files = append(files, change)
		if len(refused) == n {
			p.planned[name] = plannedFile{list, change}
		}
	}
	sort.Slice(files, func(i, j int) bool { return files[i].Name < files[j].Name })
	return files, nil
}

// plannedFile is a file with the patches that were planned for it last: most files stay as they are from one attempt to
// the next.
type plannedFile struct {
	patches []*Patch
	change  FileChange
}

// planFile plans the edits of one file. When all patches do not go together, those that refuse alone are left out, then
// those that refuse beside the others.
func planFile(name string, data []byte, patches []*Patch, refused map[*Patch]string) []yamledit.Edit {
	edits, err := planEdits(name, data, patches)
	if err == nil {
		return edits
	}
	var rest []*Patch
	for _, x := range patches {
		if _, err := planEdits(name, data, []*Patch{x}); err != nil {
			refused[x] = fmt.Sprintf("%s: %v", name, err)
			continue
		}
		rest = append(rest, x)
	}
	if edits, err = planEdits(name, data, rest); err == nil {
		return edits
	}
	var kept []*Patch
	edits = nil
	for _, x := range rest {
		with, err := planEdits(name, data, append(kept[:len(kept):len(kept)], x))
		if err != nil {
			refused[x] = fmt.Sprintf("%s: %v", name, err)
			continue
		}
		kept, edits = append(kept, x), with
	}
	return edits
}

// planEdits are the edits of all patches in one file together.
func planEdits(name string, data []byte, patches []*Patch) ([]yamledit.Edit, error) {
	var ops []yamledit.Op
	var edits []yamledit.Edit
	for _, x := range patches {
		for _, part := range x.parts {
			if part.file != name {
				continue
			}
			ops = append(ops, part.ops...)
			for _, e := range part.edits {
				if !slices.Contains(edits, e) {
					edits = append(edits, e)
				}
			}
		}
	}
	if len(ops) > 0 {
		planned, err := yamledit.Plan(data, ops...)
		if err != nil {
			return nil, err
		}
		edits = append(edits, planned...)
	}
	sort.SliceStable(edits, func(i, j int) bool { return edits[i].Start < edits[j].Start })
	_, err := yamledit.ApplyEdits(data, edits)
	return edits, err
}
