package check

import (
	"context"
	"sort"
	"sync"

	"github.com/syncgate/syncgate/render"
)

// Options say what to look for.
type Options struct {
	Discover  render.DiscoverOptions
	Render    render.Options
	Limits    render.Limits
	Policy    Policy
	Selection Selection
	// Progress, when set, is called after each source with how many are done and how many there are.
	Progress func(done, total int)
	// Observe, when set, sees each rendered source before it is judged. It is called from several goroutines.
	Observe func(*render.Result)
}

// SourceReport is what became of one source.
type SourceReport struct {
	Source  render.Source
	Objects int // rendered
	Pods    int // of those, objects with pods
	Secrets int // of those, Secrets
	Other   int // of those, objects that hold no pod and no secret
	Policy  Policy
	Read    render.ReadSet
	Err     *render.Error
}

// Run is the outcome of a check: plain data, sorted.
type Run struct {
	Sources  []SourceReport
	Skipped  []render.Skipped
	Failed   []*render.Error // what could not even be looked at
	Findings []Finding
}

// Check renders and judges everything that Options.Discover finds in a tree.
func Check(ctx context.Context, t *render.Tree, o Options) (*Run, error) {
	found, err := render.Discover(t, o.Discover)
	if err != nil {
		return nil, err
	}
	pool := render.NewPool(t, o.Render, o.Limits)
	defer pool.Close()
	run, err := Sources(ctx, t, pool, found.Sources, o)
	if err != nil {
		return nil, err
	}
	run.Skipped = append(run.Skipped, found.Skipped...)
	run.Failed = found.Failed
	sort.Slice(run.Skipped, func(i, j int) bool { return run.Skipped[i].Path < run.Skipped[j].Path })
	return run, nil
}

// Sources renders and judges the given sources of a tree in a pool that stands on the same directory.
func Sources(ctx context.Context, t *render.Tree, pool *render.Pool, sources []render.Source, o Options) (*Run, error) {
	rules, err := o.Selection.Rules()
	if err != nil {
		return nil, err
	}
	if _, err := levelOf(o.Policy); err != nil {
		return nil, err
	}
	run := &Run{}
	loc := render.NewLocator(t)
	var mu sync.Mutex
	done := 0
	err = pool.Render(ctx, t, sources, func(res render.Result) {
		if o.Observe != nil {
			o.Observe(&res)
		}
		rep, findings := judgeOne(&res, o.Policy, rules, loc)
		mu.Lock()
		defer mu.Unlock()
		done++
		if o.Progress != nil {
			o.Progress(done, len(sources))
		}
		if res.NotManifests != "" {
			run.Skipped = append(run.Skipped, render.Skipped{Path: res.Source.Path, Reason: res.NotManifests})
			return
		}
		run.Sources = append(run.Sources, rep)
		run.Findings = append(run.Findings, findings...)
	})
	if err != nil {
		return nil, err
	}
	sort.Slice(run.Sources, func(i, j int) bool { return run.Sources[i].Source.ID < run.Sources[j].Source.ID })
	sortFindings(run.Findings)
	return run, nil
}

// judgeOne judges one rendered source and locates its findings.
func judgeOne(res *render.Result, pol Policy, rules []*Rule, loc *render.Locator) (SourceReport, []Finding) {
	rep := SourceReport{Source: res.Source, Objects: len(res.Objects), Policy: pol, Read: res.Read, Err: res.Err}
	if res.Err != nil {
		return rep, nil
	}
	judged, err := Judge(res, pol, rules)
	rep.Err = err
	rep.Pods, rep.Secrets, rep.Other = judged.Pods, judged.Secrets, judged.Other
	for i := range judged.Findings {
		f := &judged.Findings[i]
		f.Origin = loc.Origin(f.Object, f.Path)
	}
	return rep, judged.Findings
}

// Errors counts sources and directories that could not be judged.
func (r *Run) Errors() int {
	n := len(r.Failed)
	for i := range r.Sources {
		if r.Sources[i].Err != nil {
			n++
		}
	}
	return n
}

// Count says how many findings count by severity, and how many are exempted.
func (r *Run) Count() (errors, warnings, exempted int) {
	for i := range r.Findings {
		switch f := &r.Findings[i]; {
		case f.Exempt != nil:
			exempted++
		case f.Severity == SeverityError:
			errors++
		default:
			warnings++
		}
	}
	return errors, warnings, exempted
}
