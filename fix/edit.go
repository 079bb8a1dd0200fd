package fix

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sort"
	"strings"

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
		for i := range x.parts {
			name := x.parts[i].file
			if list := byFile[name]; len(list) == 0 || list[len(list)-1] != x {
				byFile[name] = append(list, x)
			}
		}
	}
	for name, list := range byFile {
		if last, ok := p.planned[name]; ok && slices.Equal(last.patches, list) {
			files = append(files, last.change)
			continue
		}
		data, err := p.tree.ReadFile(name)
		if err == nil && slices.ContainsFunc(list, func(x *Patch) bool { return x.makesFile(name) }) {
			for _, x := range list {
				refused[x] = fmt.Sprintf("%s is there already", name)
			}
			continue
		}
		if err != nil && !(errors.Is(err, fs.ErrNotExist) && len(list) == 1 && list[0].makesFile(name)) {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		if says := generatedBy(data); says != "" {
			for _, x := range list {
				refused[x] = fmt.Sprintf("%s is generated (%s): mend what makes it", name, says)
			}
			continue
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

// makesFile reports whether a patch makes a file.
func (p *Patch) makesFile(name string) bool {
	return slices.ContainsFunc(p.parts, func(x part) bool { return x.makes && x.file == name })
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
	inside := texts{}
	for _, x := range patches {
		for _, part := range x.parts {
			if part.file != name {
				continue
			}
			if part.in != nil {
				if err := inside.add(data, part); err != nil {
					return nil, err
				}
			} else {
				ops = append(ops, part.ops...)
			}
			for _, e := range part.edits {
				if !slices.Contains(edits, e) {
					edits = append(edits, e)
				}
			}
		}
	}
	more, err := inside.ops()
	if err != nil {
		return nil, err
	}
	if ops = append(ops, more...); len(ops) > 0 {
		planned, err := yamledit.Plan(data, ops...)
		if err != nil {
			return nil, err
		}
		edits = append(edits, planned...)
	}
	sortEdits(edits)
	_, err = yamledit.ApplyEdits(data, edits)
	return edits, err
}

// texts are the texts of a file that hold YAML, with the operations on each.
type texts struct{ list []textOps }

type textOps struct {
	at   embedded
	text string
	ops  []yamledit.Op
}

func (t *texts) add(data []byte, p part) error {
	for i := range t.list {
		if t.list[i].at.doc == p.in.doc && t.list[i].at.path.String() == p.in.path.String() {
			t.list[i].ops = append(t.list[i].ops, p.ops...)
			return nil
		}
	}
	f, err := yamledit.Parse(data)
	if err != nil {
		return err
	}
	n, ok := f.Find(p.in.doc, p.in.path)
	if !ok {
		return fmt.Errorf("there is no %s", p.in.path)
	}
	t.list = append(t.list, textOps{*p.in, n.Value, slices.Clone(p.ops)})
	return nil
}

// ops are the operations on the file that replace each text by the edited one.
func (t *texts) ops() ([]yamledit.Op, error) {
	var out []yamledit.Op
	for _, x := range t.list {
		// A text without a final newline (|-) is a file that ends so: what is new could not go to its end.
		text, ended := x.text, strings.HasSuffix(x.text, "\n")
		if !ended {
			text += "\n"
		}
		edits, err := yamledit.Plan([]byte(text), x.ops...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", x.at.path, err)
		}
		after, err := yamledit.ApplyEdits([]byte(text), edits)
		if err != nil {
			return nil, err
		}
		if text = string(after); !ended {
			text = strings.TrimSuffix(text, "\n")
		}
		out = append(out, yamledit.Set{Doc: x.at.doc, Path: x.at.path, Value: text})
	}
	return out, nil
}

// sortEdits orders edits by place. Of lines put in at one place, those that stand deeper come first: they belong to what
// is above them.
func sortEdits(edits []yamledit.Edit) {
	depth := func(e yamledit.Edit) int {
		text := strings.TrimLeft(e.New, "\r\n")
		return len(text) - len(strings.TrimLeft(text, " "))
	}
	sort.SliceStable(edits, func(i, j int) bool {
		if edits[i].Start != edits[j].Start {
			return edits[i].Start < edits[j].Start
		}
		return edits[i].End == edits[i].Start && edits[j].End == edits[j].Start && depth(edits[i]) > depth(edits[j])
	})
}
