package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

// Schema names the JSON report's contract, which design.md states: fields are only ever added.
const Schema = "syncgate.io/report/v1"

type jsonReport struct {
	Schema   string           `json:"schema"`
	Tool     jsonTool         `json:"tool"`
	Sources  []jsonSource     `json:"sources"`
	Skipped  []render.Skipped `json:"skipped"`
	Findings []jsonFinding    `json:"findings"`
	Summary  jsonSummary      `json:"summary"`
}

type jsonTool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type jsonSource struct {
	ID          string      `json:"id"`
	Path        string      `json:"path"`
	Kind        render.Kind `json:"kind"` // "" for a path that could not even be looked at
	Variant     string      `json:"variant"`
	Application string      `json:"application"`
	Objects     int         `json:"objects"`
	Judged      int         `json:"judged"` // objects with pods, and Secrets
	Policy      jsonPolicy  `json:"policy"`
	Error       string      `json:"error"`
	Hint        string      `json:"hint,omitempty"`
}

type jsonPolicy struct {
	Level   string `json:"level"`
	Version string `json:"version"`
}

type jsonFinding struct {
	Rule        string           `json:"rule"`
	Severity    check.Severity   `json:"severity"`
	Source      string           `json:"source"`
	Policy      jsonPolicy       `json:"policy"`
	Object      jsonObject       `json:"object"`
	Container   string           `json:"container"`
	Path        string           `json:"path"`
	Message     string           `json:"message"`
	Origin      render.Origin    `json:"origin"`
	Fix         check.Safety     `json:"fix"`
	Fingerprint string           `json:"fingerprint"`
	Exempt      *check.Exemption `json:"exempt"`
	Advice      string           `json:"advice,omitempty"`
}

type jsonObject struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
}

type jsonSummary struct {
	Sources       int `json:"sources"` // entries of sources
	Objects       int `json:"objects"`
	Errors        int `json:"errors"`
	Warnings      int `json:"warnings"`
	Exempted      int `json:"exempted"`
	FailedSources int `json:"failedSources"` // of sources, those with an error
}

// writeJSON writes the stable contract. Lists are never null, and their order is that of the run, which is sorted.
func writeJSON(w io.Writer, run *check.Run, o Options) error {
	r := jsonReport{
		Schema:   Schema,
		Tool:     jsonTool{"syncgate", o.Version},
		Sources:  jsonSources(run),
		Skipped:  append([]render.Skipped{}, run.Skipped...),
		Findings: []jsonFinding{},
	}
	for i := range run.Findings {
		r.Findings = append(r.Findings, jsonFindingOf(&run.Findings[i]))
	}
	r.Summary.Sources = len(r.Sources)
	for _, s := range r.Sources {
		r.Summary.Objects += s.Objects
	}
	r.Summary.Errors, r.Summary.Warnings, r.Summary.Exempted = run.Count()
	r.Summary.FailedSources = run.Errors()
	return encodeJSON(w, r)
}

func jsonSources(run *check.Run) []jsonSource {
	out := []jsonSource{}
	for i := range run.Sources {
		s := &run.Sources[i]
		j := jsonSource{ID: s.Source.ID, Path: s.Source.Path, Kind: s.Source.Kind, Variant: s.Source.Variant,
			Application: s.Source.Application, Objects: s.Objects, Judged: s.Pods + s.Secrets,
			Policy: jsonPolicy(s.Policy)}
		if s.Err != nil {
			j.Error, j.Hint = errorText(s.Err), s.Err.Hint
		}
		out = append(out, j)
	}
	for _, e := range run.Failed {
		name := cmp.Or(e.Source, e.File)
		out = append(out, jsonSource{ID: name, Path: cmp.Or(e.File, e.Source), Error: errorText(e), Hint: e.Hint})
	}
	slices.SortStableFunc(out, func(a, b jsonSource) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// errorText is never empty: an empty error means success to who reads the report.
func errorText(e *render.Error) string { return cmp.Or(e.Error(), "could not be judged") }

func jsonFindingOf(f *check.Finding) jsonFinding {
	return jsonFinding{
		Rule: f.Rule.ID, Severity: f.Severity, Source: f.Source, Policy: jsonPolicy(f.Policy),
		Object:    jsonObject{f.Object.APIVersion, f.Object.Kind, f.Object.Namespace, f.Object.Name},
		Container: f.Container, Path: f.Path.String(), Message: f.Message, Origin: f.Origin, Fix: safety(f),
		Fingerprint: f.Fingerprint(), Exempt: f.Exempt, Advice: f.Advice,
	}
}

// encodeJSON writes a value indented, with nothing in it that a terminal or a runner would obey.
func encodeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(escapeJSON(b.Bytes()))
	return err
}
