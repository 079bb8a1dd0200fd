package check

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/syncgate/syncgate/render"
)

// Pass is one object on its way through the rules.
type Pass struct {
	Object   *render.Object
	Pods     []Pod
	Policy   Policy
	Rule     *Rule
	Remedies *Remedies // never nil

	verdicts [][]verdict // upstream's, by pod
	terms    *terms
	report   func(Finding)
}

// Report adds a finding of the running rule. Rule, policy and object are filled in, and the rule's severity where the
// finding has none.
func (p *Pass) Report(f Finding) {
	f.Rule, f.Policy, f.Object = p.Rule, p.Policy, p.Object
	if f.Severity == "" {
		f.Severity = p.Rule.Severity
	}
	if p.terms.images {
		f.images = imagesAt(p.Pods, &f)
	}
	p.report(f)
}

// read reads a file of the repository, which its rule says what to make of.
func (p *Pass) read(name string) ([]byte, error) {
	if p.terms.tree == nil {
		return nil, fs.ErrNotExist
	}
	return p.terms.tree.ReadFile(name)
}

// runs reports whether another rule judges the object, too.
func (p *Pass) runs(id string) bool {
	return slices.ContainsFunc(p.terms.rules, func(r *Rule) bool { return r.ID == id })
}

// imagesAt are the images that a finding is about: its container's, or all of its pod.
func imagesAt(pods []Pod, f *Finding) []string {
	var out []string
	for i := range pods {
		if !f.Path.HasPrefix(pods[i].At) {
			continue
		}
		for _, c := range pods[i].Containers() {
			if f.Container == "" || f.Container == c.Name {
				out = append(out, c.Image)
			}
		}
	}
	return out
}

// terms are what the objects of one namespace of one source are held against.
type terms struct {
	scope    string // the name of the Scope that applies, "" for none
	policy   Policy
	also     []Policy // what these forbid beside policy is a warning
	rules    []*Rule
	severity []Severities // the most specific first
	remedies *Remedies
	images   bool // findings must know their images
	tree     *render.Tree
}

// judge holds one object against the terms and hands each finding to report.
func (t *terms) judge(o *render.Object, pods []Pod, report func(Finding)) error {
	seen := map[string]bool{}
	p := &Pass{Object: o, Pods: pods, Remedies: t.remedies, terms: t}
	p.report = func(f Finding) {
		if len(t.also) > 0 {
			seen[placeKey(&f)] = true
		}
		f.Severity = t.severityOf(&f)
		t.remedies.apply(&f)
		report(f)
	}
	if err := p.run(t.policy, t.rules); err != nil {
		return err
	}
	if len(pods) == 0 || len(t.also) == 0 {
		return nil
	}
	standard := slices.DeleteFunc(slices.Clone(t.rules), func(r *Rule) bool { return r.Group() != "pss" })
	p.report = func(f Finding) {
		if seen[placeKey(&f)] {
			return
		}
		seen[placeKey(&f)] = true
		f.Severity = SeverityWarning
		t.remedies.apply(&f)
		report(f)
	}
	for _, pol := range t.also {
		if err := p.run(pol, standard); err != nil {
			return err
		}
	}
	return nil
}

// run runs rules at one policy.
func (p *Pass) run(pol Policy, rules []*Rule) error {
	p.Policy, p.verdicts = pol, p.verdicts[:0]
	for i := range p.Pods {
		v, err := evaluate(pol, &p.Pods[i].Meta, &p.Pods[i].Spec)
		if err != nil {
			return err
		}
		p.verdicts = append(p.verdicts, v)
	}
	for _, r := range rules {
		p.Rule = r
		r.Check(p)
	}
	return nil
}

// severityOf is what the team says, or else what the rule does.
func (t *terms) severityOf(f *Finding) Severity {
	for _, s := range t.severity {
		if v := s.of(f.Rule); v != "" {
			return v
		}
	}
	return f.Severity
}

func placeKey(f *Finding) string {
	return strings.Join([]string{f.Rule.ID, f.Container, f.Path.String()}, "\x00")
}

// Judged says what became of the objects of one source: the three counts add up to all of them.
type Judged struct {
	Findings []Finding
	Pods     int // objects that hold pods, all judged
	Other    int // objects that hold no pod and no secret
	Secrets  int // Secret objects
}

// Judge holds all objects of a rendered source against one policy. An object that cannot be understood is an error,
// since it might be anything; the others are judged all the same.
func Judge(res *render.Result, pol Policy, rules []*Rule) (*Judged, *render.Error) {
	out := &Judged{}
	t := &terms{policy: pol, rules: rules, remedies: &Remedies{}}
	failed := out.each(res, func(o *render.Object, pods []Pod) error {
		return t.judge(o, pods, out.add(res.Source.ID))
	})
	return out, failed
}

// add returns a function that keeps findings of a source.
func (j *Judged) add(source string) func(Finding) {
	return func(f Finding) {
		f.Source = source
		j.Findings = append(j.Findings, f)
	}
}

// each hands all objects of a result that can be read to do, and counts them. It returns the last error.
func (j *Judged) each(res *render.Result, do func(*render.Object, []Pod) error) (failed *render.Error) {
	for i := range res.Objects {
		o := &res.Objects[i]
		pods, err := podsIn(o)
		if err != nil {
			failed = &render.Error{Source: res.Source.ID, File: o.File, Msg: err.Error(),
				Hint: "the API server would refuse it; mend the manifest"}
			continue
		}
		switch {
		case len(pods) > 0:
			j.Pods++
		case o.Kind == "Secret" && o.APIVersion == "v1":
			j.Secrets++
		default:
			j.Other++
		}
		if err := do(o, pods); err != nil {
			return &render.Error{Source: res.Source.ID, Msg: fmt.Sprintf("judging %s: %v", o.ID(), err)}
		}
	}
	return failed
}
