package krm

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/check/report"
	"github.com/syncgate/syncgate/fix"
	"github.com/syncgate/syncgate/render"
)

// SeverityInfo is the severity of what asks for nothing: a fix that was made, a finding that is exempted.
const SeverityInfo = "info"

// Result is one entry of a ResourceList's results. No value of a secret stands in it.
type Result struct {
	Message  string
	Severity string         // error, warning or info
	Object   *render.Object // nil when it is about none
	Field    string         // the path of a field of Object, "" for none
	Current  any            // what the field is, nil when it is missing or secret
	Proposed any            // what it should be, or is now; nil when that is no value
	File     File
	Tags     map[string]string
}

// value is the result as yamledit writes it.
func (r *Result) value() map[string]any {
	v := map[string]any{"message": report.Printable(r.Message), "severity": r.Severity}
	if o := r.Object; o != nil {
		ref := map[string]any{"apiVersion": o.APIVersion, "kind": o.Kind, "name": o.Name}
		if o.Namespace != "" {
			ref["namespace"] = o.Namespace
		}
		v["resourceRef"] = ref
		if r.Field != "" {
			field := map[string]any{"path": r.Field}
			if r.Current != nil {
				field["currentValue"] = r.Current
			}
			if r.Proposed != nil {
				field["proposedValue"] = r.Proposed
			}
			v["field"] = field
		}
	}
	if r.File.Path != "" {
		file := map[string]any{"path": r.File.Path}
		if r.File.Index > 0 {
			file["index"] = r.File.Index
		}
		v["file"] = file
	}
	tags := map[string]any{}
	for k, t := range r.Tags {
		if t != "" {
			tags[k] = report.Printable(t)
		}
	}
	if len(tags) > 0 {
		v["tags"] = tags
	}
	return v
}

// Judged are the results of a gate: what could not be judged, then the findings.
func (l *List) Judged(run *check.Run) []Result {
	out := failures(run)
	for i := range run.Findings {
		out = append(out, l.finding(&run.Findings[i]))
	}
	return out
}

// Fixed are the results of a fixer: what could not be judged, what was done, and what is left and why.
func (l *List) Fixed(v *fix.Verified) []Result {
	out := failures(v.Before())
	for _, p := range v.Patches() {
		out = append(out, l.patch(p))
	}
	for _, left := range v.Left() {
		r := l.finding(&left.Finding)
		r.Message += "; not fixed: " + left.Reason
		out = append(out, r)
	}
	for i := range v.Before().Findings {
		if f := &v.Before().Findings[i]; f.Exempt != nil {
			out = append(out, l.finding(f))
		}
	}
	return out
}

func failures(run *check.Run) []Result {
	failed := slices.Clone(run.Failed)
	for i := range run.Sources {
		if err := run.Sources[i].Err; err != nil {
			failed = append(failed, err)
		}
	}
	var out []Result
	for _, e := range failed {
		message := "not judged: " + e.Error()
		if e.Hint != "" {
			message += "; " + e.Hint
		}
		out = append(out, Result{Message: message, Severity: string(check.SeverityError)})
	}
	return out
}

// finding is what a finding says.
func (l *List) finding(f *check.Finding) Result {
	r := Result{Message: f.Message, Severity: string(f.Severity), Object: f.Object, Field: f.Path.String(), File: l.FileOf(f.Object),
		Current: scalar(f.Value), Tags: map[string]string{"rule": f.Rule.ID, "policy": f.Policy.String(), "fix": string(f.Safety)}}
	if f.Exempt != nil {
		r.Severity = SeverityInfo
		r.Message = fmt.Sprintf("exempted: %s (%s, %s)", f.Message, f.Exempt.Reason, f.Exempt.By)
		return r
	}
	for _, w := range f.Want {
		if s, ok := w.(check.Set); ok && s.Path.Equal(f.Path) {
			r.Proposed = s.Value
		}
	}
	return r
}

// scalar is a value as it is written: a boolean or whole number where it reads so.
func scalar(text string) any {
	if text == "" {
		return nil
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	switch text {
	case "true", "false":
		return text == "true"
	}
	return text
}

// patch is what was done for findings of one cause.
func (l *List) patch(p *fix.Patch) Result {
	first := &p.Resolves[0]
	r := Result{Message: "fixed: " + p.Title(), Severity: SeverityInfo, Object: first.Object, File: l.FileOf(first.Object),
		Tags: map[string]string{"fix": string(p.Safety()), "test": strings.Join(p.Advice(), "; ")}}
	var rules []string
	for i := range p.Resolves {
		rules = append(rules, p.Resolves[i].Rule.ID)
	}
	slices.Sort(rules)
	r.Tags["rule"] = strings.Join(slices.Compact(rules), ",")
	if len(p.Wants) == 1 {
		if s, ok := p.Wants[0].(check.Set); ok {
			r.Field, r.Proposed = s.Path.String(), s.Value
		}
	}
	return r
}
