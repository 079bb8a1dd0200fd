package check

import (
	"github.com/syncgate/syncgate/render"
)

// Pass is one object on its way through the rules.
type Pass struct {
	Object *render.Object
	Pods   []Pod
	Policy Policy
	Rule   *Rule

	verdicts [][]verdict // upstream's, by pod
	report   func(Finding)
}

// Report adds a finding of the running rule. Rule, severity, policy and object are filled in.
func (p *Pass) Report(f Finding) {
	f.Rule, f.Severity, f.Policy, f.Object = p.Rule, p.Rule.Severity, p.Policy, p.Object
	p.report(f)
}

// Judged says what became of the objects of one source: the three counts add up to all of them.
type Judged struct {
	Findings []Finding
	Pods     int // objects that hold pods, all judged
	Other    int // objects that hold no pod and no secret
	Secrets  int // Secret objects
}

// Judge holds all objects of a rendered source against a policy. An object that cannot be understood is an error, since
// it might be anything; the others are judged all the same.
func Judge(res *render.Result, pol Policy, rules []*Rule) (*Judged, *render.Error) {
	out := &Judged{}
	var failed *render.Error
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
			out.Pods++
		case o.Kind == "Secret" && o.APIVersion == "v1":
			out.Secrets++
		default:
			out.Other++
		}
		p := &Pass{Object: o, Pods: pods, Policy: pol}
		p.report = func(f Finding) {
			f.Source = res.Source.ID
			out.Findings = append(out.Findings, f)
		}
		for i := range pods {
			v, err := evaluate(pol, &pods[i].Meta, &pods[i].Spec)
			if err != nil {
				return out, &render.Error{Source: res.Source.ID, Msg: err.Error()}
			}
			p.verdicts = append(p.verdicts, v)
		}
		for _, r := range rules {
			p.Rule = r
			r.Check(p)
		}
	}
	return out, failed
}
