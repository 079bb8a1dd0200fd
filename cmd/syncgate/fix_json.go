package main

import (
	"cmp"
	"io"
	"maps"
	"slices"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/check/report"
	"github.com/syncgate/syncgate/fix"
)

// fixSchema names the contract of fix --format json: fields are only ever added.
const fixSchema = "syncgate.io/fix/v1"

// fixReport is what fix --format json prints. Lists are never null, paths are relative to the root, and no value of a
// secret stands in it.
type fixReport struct {
	Schema     string         `json:"schema"`
	Tool       report.Tool    `json:"tool"`
	Written    bool           `json:"written"` // false with --diff
	Patches    []fixPatch     `json:"patches"` // by place
	Files      []fixFile      `json:"files"`
	Left       []fixLeft      `json:"left"`
	Failed     []fixFailed    `json:"failed"` // what does not render, and is left alone
	Notices    []check.Notice `json:"notices"`
	Masked     []fixMasked    `json:"masked"`
	Diff       string         `json:"diff,omitempty"`       // with --diff
	DiffMasked bool           `json:"diffMasked,omitempty"` // the diff hides secret values, so it cannot be applied
	Summary    fixSummary     `json:"summary"`
}

// fixPatch is one change of the sources.
type fixPatch struct {
	Title    string           `json:"title"`
	Safety   check.Safety     `json:"safety"` // safe, or review
	File     string           `json:"file"`   // where its first part stands
	How      string           `json:"how,omitempty"`
	Tried    []string         `json:"tried,omitempty"` // before, in vain
	Edits    []fix.Span       `json:"edits"`           // in the files as they were
	Resolves []report.Finding `json:"resolves"`
	Reaches  []string         `json:"reaches"`            // sources
	Also     []string         `json:"also"`               // fields that change alike, since they read the same value
	Advice   []string         `json:"advice"`             // what to test
	Evidence []string         `json:"evidence,omitempty"` // what shows that it is safe, where the manifests do not
}

type fixFile struct {
	Name    string `json:"name"`
	Patches int    `json:"patches"`
}

// fixLeft is a finding that stays, and why.
type fixLeft struct {
	report.Finding
	Reason string   `json:"reason"`
	Tried  []string `json:"tried,omitempty"`
}

type fixFailed struct {
	Source string `json:"source"`
	Error  string `json:"error"`
	Hint   string `json:"hint,omitempty"`
}

// fixMasked is a source some of whose fields differ from render to render without any edit.
type fixMasked struct {
	Source string   `json:"source"`
	Fields []string `json:"fields"`
}

type fixSummary struct {
	Fixed  int `json:"fixed"`  // findings
	Safe   int `json:"safe"`   // of these, by patches that are safe
	Review int `json:"review"` // by patches that need review
	Left   int `json:"left"`
	Files  int `json:"files"`
	Failed int `json:"failed"`
}

func (c *fixCommand) writeJSON(w io.Writer, v *fix.Verified) error {
	r := fixReport{Schema: fixSchema, Tool: report.Tool{Name: "syncgate", Version: version()}, Written: !c.diff && c.bundle == "",
		Patches: []fixPatch{}, Files: []fixFile{}, Left: []fixLeft{}, Failed: []fixFailed{}, Masked: []fixMasked{},
		Notices: list(v.Before().Notices)}
	r.Notices = append(r.Notices, c.notices...)
	files, spans := map[string]int{}, v.Spans()
	for _, p := range v.Patches() {
		x := fixPatchOf(v, p, spans[p])
		r.Patches = append(r.Patches, x)
		r.Summary.Fixed += len(x.Resolves)
		if x.Safety == check.FixSafe {
			r.Summary.Safe += len(x.Resolves)
		} else {
			r.Summary.Review += len(x.Resolves)
		}
		for _, f := range p.Files() {
			files[f]++
		}
	}
	for _, f := range v.Files() {
		r.Files = append(r.Files, fixFile{f.Name, files[f.Name]})
	}
	for _, l := range v.Left() {
		r.Left = append(r.Left, fixLeft{report.FindingOf(&l.Finding), l.Reason, list(v.Tried(l.Finding))})
	}
	for _, e := range v.Failed() {
		r.Failed = append(r.Failed, fixFailed{cmp.Or(e.Source, e.File), e.Error(), e.Hint})
	}
	for _, id := range slices.Sorted(maps.Keys(v.Masked())) {
		r.Masked = append(r.Masked, fixMasked{id, v.Masked()[id]})
	}
	if c.diff {
		r.Diff, r.DiffMasked = v.Diff()
	}
	r.Summary.Left, r.Summary.Files, r.Summary.Failed = len(r.Left), len(r.Files), len(r.Failed)
	return report.EncodeJSON(w, r)
}

func fixPatchOf(v *fix.Verified, p *fix.Patch, spans []fix.Span) fixPatch {
	x := fixPatch{Title: p.Title(), Safety: p.Safety(), File: p.Place.File, How: p.How, Tried: list(v.Tried(p.Resolves...)), Edits: list(spans),
		Reaches: list(p.Reaches()), Also: list(p.Also), Advice: list(p.Advice()), Evidence: p.Evidence(), Resolves: []report.Finding{}}
	for i := range p.Resolves {
		x.Resolves = append(x.Resolves, report.FindingOf(&p.Resolves[i]))
	}
	return x
}

// list is a copy that JSON never shows as null.
func list[T any](in []T) []T { return append([]T{}, in...) }
