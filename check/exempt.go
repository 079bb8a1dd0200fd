package check

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// exempter finds out which findings do not count, and what was in vain.
type exempter struct {
	o        *Options
	run      *Run
	declared *Declared
	sources  map[string]*SourceReport
	used     map[*Waiver]int
	usedNote map[*annotation]bool
}

func newExempter(o *Options, run *Run, declared *Declared) *exempter {
	x := &exempter{o: o, run: run, declared: declared, sources: map[string]*SourceReport{},
		used: map[*Waiver]int{}, usedNote: map[*annotation]bool{}}
	for i := range run.Sources {
		x.sources[run.Sources[i].Source.ID] = &run.Sources[i]
	}
	return x
}

// exempt marks the findings that a waiver or an annotation covers, in this order, and says what it has to say.
func (x *exempter) exempt(rules []*Rule) {
	expired := map[*Waiver]int{}
	for i := range x.run.Findings {
		f := &x.run.Findings[i]
		if w := x.waiver(f, expired); w != nil {
			x.used[w]++
			f.Exempt = &Exemption{Reason: w.Reason, By: w.by()}
		} else if a := x.annotation(f); a != nil {
			x.usedNote[a] = true
			f.Exempt = &Exemption{Reason: a.reason, By: "annotation of " + a.object.ID()}
		}
	}
	x.sayWaivers(rules, expired)
	x.sayAnnotations(rules)
	sortNotices(x.run.Notices)
}

// waiver is the first one that covers a finding and counts. Those that cover it and do not count are counted.
func (x *exempter) waiver(f *Finding, expired map[*Waiver]int) *Waiver {
	now := x.o.Now
	if now.IsZero() {
		now = time.Now()
	}
	var found *Waiver
	for i := range x.o.Waivers {
		w := &x.o.Waivers[i]
		switch {
		case !w.covers(f, &x.sources[f.Source].Source):
		case w.expired(now):
			expired[w]++
		case found == nil:
			found = w
		}
	}
	return found
}

func (x *exempter) annotation(f *Finding) *annotation {
	d := x.declared.bySource[f.Source]
	if d == nil {
		return nil
	}
	for i := range d.annotations {
		a := &d.annotations[i]
		if a.covers(f) && a.refusal(x.o.AllowAnnotations) == "" && x.inBase(f.Source, a) {
			return a
		}
	}
	return nil
}

// inBase reports whether the base revision has an annotation, as far as there is one.
func (x *exempter) inBase(source string, a *annotation) bool {
	if x.o.Base == nil {
		return true
	}
	d := x.o.Base.bySource[source]
	return d != nil && slices.ContainsFunc(d.annotations, func(b annotation) bool { return a.key() == b.key() })
}

// sayWaivers reports exemptions that expired, and those that a look at the whole repository did not need.
func (x *exempter) sayWaivers(rules []*Rule, expired map[*Waiver]int) {
	now := x.o.Now
	if now.IsZero() {
		now = time.Now()
	}
	complete := x.o.Whole() && x.run.Errors() == 0
	for i := range x.o.Waivers {
		w := &x.o.Waivers[i]
		n := Notice{File: w.File, Line: w.Line}
		switch {
		case w.expired(now):
			n.Kind = NoticeExpired
			n.Text = fmt.Sprintf("the exemption for %s expired on %s; %s again", w.rules(), w.Expires.Format(time.DateOnly),
				counts(expired[w]))
		case complete && x.used[w] == 0 && anyRuns(w.Rules, rules):
			n.Kind = NoticeUnused
			n.Text = fmt.Sprintf("nothing needs the exemption for %s; take it out", w.rules())
		default:
			continue
		}
		x.run.Notices = append(x.run.Notices, n)
	}
}

func counts(n int) string {
	if n == 1 {
		return "1 finding counts"
	}
	return fmt.Sprintf("%d findings count", n)
}

// anyRuns reports whether one of the rules that patterns mean is among those that ran.
func anyRuns(patterns []string, rules []*Rule) bool {
	return slices.ContainsFunc(rules, func(r *Rule) bool {
		return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, r) })
	})
}

// sayAnnotations reports annotations that are not honoured or not needed.
func (x *exempter) sayAnnotations(rules []*Rule) {
	said := map[string]bool{} // bases are rendered by several sources
	needed := map[string]bool{}
	for a := range x.usedNote {
		needed[place(a)] = true
	}
	for i := range x.run.Sources {
		source := x.run.Sources[i].Source.ID
		d := x.declared.bySource[source]
		if d == nil {
			continue
		}
		for j := range d.annotations {
			a := &d.annotations[j]
			n, ok := x.sayAnnotation(source, a, rules, needed)
			if key := n.Text + place(a); ok && !said[key] {
				said[key] = true
				x.run.Notices = append(x.run.Notices, n)
			}
		}
	}
}

// place is where an annotation is written, as far as known.
func place(a *annotation) string {
	return fmt.Sprintf("%s:%d\x00%s", a.origin.File, a.origin.Line, strings.Join([]string{a.object.Kind, a.object.Name, a.rule}, "\x00"))
}

func (x *exempter) sayAnnotation(source string, a *annotation, rules []*Rule, needed map[string]bool) (Notice, bool) {
	n := Notice{Kind: NoticeNotHonoured, File: a.origin.File, Line: a.origin.Line}
	of := fmt.Sprintf(" (%s in %s)", a.object.ID(), source)
	if refusal := a.refusal(x.o.AllowAnnotations); refusal != "" {
		n.Text = refusal + of
		return n, true
	}
	if !x.inBase(source, a) {
		n.Text = fmt.Sprintf("%s is not honoured: the base revision does not have it", a.name()) + of
		return n, true
	}
	if needed[place(a)] || x.run.Errors() > 0 || !x.o.Whole() || !anyRuns([]string{a.rule}, rules) {
		return n, false
	}
	n.Kind, n.Text = NoticeUnused, fmt.Sprintf("nothing needs %s; take it out", a.name())+of
	return n, true
}
