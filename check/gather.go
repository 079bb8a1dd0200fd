package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/syncgate/syncgate/render"
)

// find keeps the findings of one source.
func (r *runner) find(fs []Finding) {
	if len(fs) > 0 {
		r.found = append(r.found, slices.Clone(fs)) // what they were collected in has room for more
	}
}

// gather puts all findings into the run, by source. There may be some hundred thousand: a list that grows with each source would take
// three times their memory.
func (r *runner) gather() {
	slices.SortStableFunc(r.found, func(a, b []Finding) int { return strings.Compare(a[0].Source, b[0].Source) })
	n := 0
	for _, fs := range r.found {
		n += len(fs)
	}
	r.run.Findings = make([]Finding, 0, n)
	for i, fs := range r.found {
		r.run.Findings, r.found[i] = append(r.run.Findings, fs...), nil
	}
	r.found = nil
}

// weigh takes out findings about what the cluster adds by itself, and makes errors of those without which it would
// refuse the pod.
func (r *runner) weigh() {
	gives, demands := map[string]bool{}, map[string]string{}
	for _, d := range r.declared.bySource {
		for k := range d.gives {
			gives[k] = true
		}
		for k, quota := range d.demands {
			demands[k] = max(quota, demands[k])
		}
	}
	if len(gives)+len(demands) == 0 {
		return
	}
	sources := map[string]*SourceReport{}
	for i := range r.run.Sources {
		sources[r.run.Sources[i].Source.ID] = &r.run.Sources[i]
	}
	out := r.run.Findings[:0] // there may be many
	for _, f := range r.run.Findings {
		if f.lacks != "" {
			src := &sources[f.Source].Source
			namespace := NamespaceOf(src, f.Object)
			key := inNamespace(src, namespace, f.lacks)
			if gives[key] {
				continue
			}
			if quota := demands[key]; quota != "" {
				f.Message += fmt.Sprintf(": the ResourceQuota %q refuses pods without it", quota)
				f.Severity = r.demanded(src, namespace, &f)
			}
		}
		out = append(out, f)
	}
	clear(r.run.Findings[len(out):])
	r.run.Findings = out
}

// demanded is the severity of a finding that makes the cluster refuse a pod: an error, unless the team has said.
func (r *runner) demanded(src *render.Source, namespace string, f *Finding) Severity {
	t, _ := r.terms(src, namespace)
	unsaid := Finding{Rule: f.Rule, Severity: SeverityError}
	return t.severityOf(&unsaid)
}
