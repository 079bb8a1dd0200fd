package check

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// BaselineSchema names the format of a baseline file.
const BaselineSchema = "syncgate.io/baseline/v1"

// Baseline is a list of findings that are tolerated, so that a team can adopt the gate today and mend old findings later.
// It only ever gets shorter. Findings of secret/* are never in it.
type Baseline struct {
	File    string // where it is written
	Entries []BaselineEntry
}

// BaselineEntry is one tolerated finding. The fingerprint identifies it; the rest is for people.
type BaselineEntry struct {
	Fingerprint string `json:"fingerprint"`
	Count       int    `json:"count,omitempty"` // of findings that have the fingerprint, where there are several
	Rule        string `json:"rule"`
	Source      string `json:"source"`
	Object      string `json:"object"`
	Container   string `json:"container,omitempty"`
}

type baselineFile struct {
	Schema   string          `json:"schema"`
	Findings []BaselineEntry `json:"findings"`
}

// ParseBaseline reads a baseline file strictly: what it does not know is an error that names the file.
func ParseBaseline(file string, data []byte) (*Baseline, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var f baselineFile
	err := dec.Decode(&f)
	if err == nil && dec.Decode(new(any)) != io.EOF {
		err = errors.New("something stands after its end")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: is no baseline: %w; write it with --write-baseline", file, err)
	}
	if f.Schema != BaselineSchema {
		return nil, fmt.Errorf("%s: schema is %q, expected %q; write it with --write-baseline", file, f.Schema, BaselineSchema)
	}
	seen := map[string]bool{}
	for i, e := range f.Findings {
		switch {
		case e.Fingerprint == "" || e.Count < 0:
			return nil, fmt.Errorf("%s: findings[%d] needs a fingerprint, and a count above 0 if any", file, i)
		case strings.HasPrefix(e.Rule, "secret/"):
			return nil, fmt.Errorf("%s: findings[%d] tolerates %s; secrets cannot be tolerated: rotate and remove it", file, i, e.Rule)
		case seen[e.Fingerprint]:
			return nil, fmt.Errorf("%s: findings[%d] repeats the fingerprint %s", file, i, e.Fingerprint)
		}
		seen[e.Fingerprint] = true
	}
	return &Baseline{File: file, Entries: f.Findings}, nil
}

// NewBaseline tolerates all findings of a run that count, but those of secret/*.
func NewBaseline(file string, run *Run) *Baseline {
	b := &Baseline{File: file}
	at := map[string]int{}
	for i := range run.Findings {
		f := &run.Findings[i]
		if f.Exempt != nil || f.Rule.Group() == "secret" {
			continue
		}
		print := f.Fingerprint()
		if j, ok := at[print]; ok {
			b.Entries[j].Count = max(b.Entries[j].Count, 1) + 1
			continue
		}
		at[print] = len(b.Entries)
		b.Entries = append(b.Entries, BaselineEntry{Fingerprint: print, Rule: f.Rule.ID, Source: f.Source,
			Object: f.Object.ID(), Container: f.Container})
	}
	return b
}

// Bytes is the baseline as a file: sorted, one finding a line, so that its history is easy to read.
func (b *Baseline) Bytes() ([]byte, error) {
	entries := slices.Clone(b.Entries)
	slices.SortFunc(entries, func(a, b BaselineEntry) int {
		return cmp.Or(strings.Compare(a.Source, b.Source), strings.Compare(a.Object, b.Object),
			strings.Compare(a.Rule, b.Rule), strings.Compare(a.Container, b.Container), strings.Compare(a.Fingerprint, b.Fingerprint))
	})
	var out bytes.Buffer
	fmt.Fprintf(&out, "{\n  \"schema\": %q,\n  \"findings\": [", BaselineSchema)
	for i, e := range entries {
		line, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString("\n    ")
		out.Write(line)
	}
	if len(entries) > 0 {
		out.WriteString("\n  ")
	}
	out.WriteString("]\n}\n")
	return out.Bytes(), nil
}

// Tolerate exempts the findings of a run that the baseline holds, and returns the baseline without the entries that
// nothing needs any more, and how many findings those were for. An entry is needed as long as nobody looked: its
// source failed, or it was not part of a run of less than the whole repository.
func (b *Baseline) Tolerate(run *Run, whole bool) (rest *Baseline, stale int) {
	left := map[string]int{}
	for _, e := range b.Entries {
		left[e.Fingerprint] = max(e.Count, 1)
	}
	for i := range run.Findings {
		f := &run.Findings[i]
		if f.Exempt == nil && f.Rule.Group() != "secret" && left[f.Fingerprint()] > 0 {
			left[f.Fingerprint()]--
			f.Exempt = &Exemption{Reason: "baseline", By: b.File}
		}
	}
	looked := map[string]bool{}
	for i := range run.Sources {
		looked[run.Sources[i].Source.ID] = run.Sources[i].Err == nil
	}
	rest = &Baseline{File: b.File}
	for _, e := range b.Entries {
		ok, known := looked[e.Source]
		spare := left[e.Fingerprint]
		if spare > 0 && (known && ok || !known && whole && len(run.Failed) == 0) {
			stale += spare
			e.Count = max(e.Count, 1) - spare
			if e.Count == 0 {
				continue
			}
		}
		if e.Count == 1 {
			e.Count = 0
		}
		rest.Entries = append(rest.Entries, e)
	}
	return rest, stale
}

// StaleNotice says that a baseline tolerates findings that are gone.
func (b *Baseline) StaleNotice(stale int) Notice {
	return Notice{Kind: NoticeBaseline, File: b.File, Text: fmt.Sprintf(
		"the baseline tolerates %s that nothing needs any more; --write-baseline %s takes them out", countOf(stale, "finding"), b.File)}
}

func countOf(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
