package fix

import (
	"context"
	"encoding/json"
	"path"
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/syncgate/syncgate/fix/yamledit"
	"github.com/syncgate/syncgate/render"
)

// documentDefaults keeps the tables of values in charts' READMEs true: a cell that shows a default which patches change
// shows the new one. The edits belong to the last patch of the values. They are proven like patches: a template can read
// any file.
func (p *prover) documentDefaults(ctx context.Context, kept []*Patch) error {
	files, _, err := p.edited(kept)
	if err != nil {
		return err
	}
	var readmes []string
	before := map[*Patch][]part{}
	for _, f := range files {
		dir := path.Dir(f.Name)
		if path.Base(f.Name) != "values.yaml" || !p.tree.Exists(path.Join(dir, "Chart.yaml")) {
			continue
		}
		readme := path.Join(dir, "README.md")
		text, err := p.tree.ReadFile(readme)
		edits := defaultEdits(string(text), f.Before, f.After)
		at := slices.IndexFunc(kept, func(x *Patch) bool { return slices.Contains(x.files(), f.Name) })
		if err != nil || len(edits) == 0 || at < 0 {
			continue
		}
		for i := at; i < len(kept); i++ {
			if slices.Contains(kept[i].files(), f.Name) {
				at = i
			}
		}
		before[kept[at]] = cloneParts(kept[at].parts)
		for _, e := range edits {
			kept[at].add(readme, e)
		}
		readmes = append(readmes, readme)
		delete(p.planned, readme)
	}
	if len(readmes) == 0 {
		return nil
	}
	if files, _, err = p.edited(kept); err != nil {
		return err
	}
	problems, err := p.compare(ctx, files, kept, readmes)
	if err != nil || len(problems) == 0 {
		return err
	}
	for x, parts := range before {
		x.parts = parts
	}
	for _, readme := range readmes {
		delete(p.planned, readme)
	}
	return nil
}

func cloneParts(parts []part) []part {
	out := slices.Clone(parts)
	for i := range out {
		out[i].edits = slices.Clone(out[i].edits)
	}
	return out
}

// defaultEdits are the edits of a README for values that change.
func defaultEdits(readme string, before, after []byte) []yamledit.Edit {
	var old, now map[string]any
	if yaml.Unmarshal(before, &old) != nil || yaml.Unmarshal(after, &now) != nil {
		return nil
	}
	var out []yamledit.Edit
	var header []string
	start, last := 0, ""
	for line := range strings.Lines(readme) {
		if tableRule.MatchString(strings.TrimRight(line, "\r\n")) {
			header = cells(last)
		} else if m := tableRow.FindStringSubmatch(line); m != nil && valueTable(header) {
			keys := render.Keys(strings.Split(m[2], ".")...)
			a, ok := lookupValue(old, keys)
			b, still := lookupValue(now, keys)
			from, to := cellOf(line, slices.IndexFunc(header, isDefault))
			if text, same := defaultText(line[from:to], a, b); ok && still && same && !reflect.DeepEqual(a, b) {
				out = append(out, yamledit.Edit{Start: start + from, End: start + to, New: text})
			}
		}
		start, last = start+len(line), line
	}
	return out
}

// cellOf is where the content of a row's cell stands, without spaces and backticks.
func cellOf(line string, column int) (from, to int) {
	at := strings.IndexByte(line, '|') + 1
	for range column {
		next := strings.IndexByte(line[at:], '|')
		if next < 0 {
			return 0, 0
		}
		at += next + 1
	}
	end := strings.IndexByte(line[at:], '|')
	if end < 0 {
		return 0, 0
	}
	cell := line[at : at+end]
	from = at + len(cell) - len(strings.TrimLeft(cell, " `"))
	return from, max(from, at+len(strings.TrimRight(cell, " `")))
}

// defaultText is how a cell that shows one value shows another. same is false when it shows something else.
func defaultText(cell string, old, now any) (text string, same bool) {
	for _, form := range []func(any) string{jsonText, scalarIn} {
		if form(old) == cell {
			return form(now), true
		}
	}
	return "", false
}

func jsonText(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(raw)
}

// scalarIn is a scalar as YAML has it, an empty text for what is none.
func scalarIn(v any) string {
	switch v.(type) {
	case map[string]any, []any:
		return ""
	}
	return scalarText(v)
}
