package report

import (
	"bufio"
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
	Judged      int         `json:"judged"`             // objects with pods, and Secrets
	Policy      jsonPolicy  `json:"policy"`             // of most of them
	Policies    []jsonUse   `json:"policies,omitempty"` // where there are several, or one that the config names
	Error       string      `json:"error"`
	Hint        string      `json:"hint,omitempty"`
}

type jsonPolicy struct {
	Level   string `json:"level"`
	Version string `json:"version"`
}

// jsonUse says how many objects of a source are held against a policy.
type jsonUse struct {
	jsonPolicy
	Name   string `json:"name"` // in the config's policies, "" for the default
	Judged int    `json:"judged"`
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

// writeJSON writes the stable contract, element by element, since a large repository's report is larger than what it
// was made from. Lists are never null, and their order is that of the run, which is sorted.
func writeJSON(w io.Writer, run *check.Run, o Options) error {
	j := &jsonWriter{w: bufio.NewWriter(w)}
	sources := jsonSources(run)
	sum := jsonSummary{Sources: len(sources), FailedSources: run.Errors()}
	sum.Errors, sum.Warnings, sum.Exempted = run.Count()
	for _, s := range sources {
		sum.Objects += s.Objects
	}
	j.raw("{\n  \"schema\": ")
	j.value(Schema)
	j.raw(",\n  \"tool\": ")
	j.value(jsonTool{"syncgate", o.Version})
	j.list("sources", len(sources), func(i int) any { return sources[i] })
	j.list("skipped", len(run.Skipped), func(i int) any { return run.Skipped[i] })
	j.list("notices", len(run.Notices), func(i int) any { return run.Notices[i] })
	j.list("findings", len(run.Findings), func(i int) any { return jsonFindingOf(&run.Findings[i]) })
	j.raw(",\n  \"summary\": ")
	j.value(sum)
	j.raw("\n}\n")
	if j.err != nil {
		return j.err
	}
	return j.w.Flush()
}

// jsonWriter writes the members of one object. The first error sticks.
type jsonWriter struct {
	w   *bufio.Writer
	b   bytes.Buffer
	err error
}

func (j *jsonWriter) raw(s string) {
	_, err := j.w.WriteString(s)
	j.err = cmp.Or(j.err, err)
}

// value writes a value that stands in the outer object.
func (j *jsonWriter) value(v any) { j.indented(v, "  ") }

func (j *jsonWriter) indented(v any, prefix string) {
	j.b.Reset()
	err := encode(&j.b, v, prefix)
	j.raw(string(escapeJSON(bytes.TrimSuffix(j.b.Bytes(), []byte("\n")))))
	j.err = cmp.Or(j.err, err)
}

func (j *jsonWriter) list(name string, n int, at func(int) any) {
	j.raw(",\n  \"" + name + "\": [")
	for i := range n {
		if i > 0 {
			j.raw(",")
		}
		j.raw("\n    ")
		j.indented(at(i), "    ")
	}
	if n > 0 {
		j.raw("\n  ")
	}
	j.raw("]")
}

func jsonSources(run *check.Run) []jsonSource {
	out := []jsonSource{}
	for i := range run.Sources {
		s := &run.Sources[i]
		j := jsonSource{ID: s.Source.ID, Path: s.Source.Path, Kind: s.Source.Kind, Variant: s.Source.Variant,
			Application: s.Source.Application, Objects: s.Objects, Judged: s.Pods + s.Secrets,
			Policy: jsonPolicy(s.Policy)}
		for _, u := range s.Policies {
			if len(s.Policies) > 1 || u.Scope != "" {
				j.Policies = append(j.Policies, jsonUse{jsonPolicy(u.Policy), u.Scope, u.Pods})
			}
		}
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
	if err := encode(&b, v, ""); err != nil {
		return err
	}
	_, err := w.Write(escapeJSON(b.Bytes()))
	return err
}

func encode(b *bytes.Buffer, v any, prefix string) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	enc.SetIndent(prefix, "  ")
	return enc.Encode(v)
}
