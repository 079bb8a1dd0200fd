package check

import (
	"context"
	"sort"
	"time"

	"github.com/syncgate/syncgate/render"
)

// Options say what to look for.
type Options struct {
	Discover  render.DiscoverOptions
	Render    render.Options
	Limits    render.Limits
	Policy    Policy // where no scope says otherwise; its level may be LevelAuto
	Floor     string // with LevelAuto, the level of a namespace that nobody declares; restricted when empty
	Selection Selection
	Severity  Severities
	Scopes    []Scope
	Remedies  Remedies
	// Waivers and annotations exempt findings; an annotation does where AllowAnnotations lists its rule.
	Waivers          []Waiver
	AllowAnnotations []string  // rule IDs, groups or group wildcards
	Now              time.Time // decides what has expired; the current time when zero
	// Declared is what sources outside this run declare, such as namespaces. What this run's sources declare replaces it.
	Declared *Declared
	// Varying is what another run has found out about values that charts make at random; that is not looked for again.
	Varying *Varying
	// Secrets, when set, gets the secret values of all objects.
	Secrets *Values
	// Base, when set, is what the base revision declares: the labels of namespaces are then its own alone, and annotations
	// count where it has them, too, so that a change cannot loosen what it is held against.
	Base *Declared
	// Since, when set, leaves out sources that nothing has changed.
	Since *Since
	// Progress, when set, is called after each source with how many are done and how many there are.
	Progress func(done, total int)
	// Observe, when set, sees each rendered source before it is judged. It is called from several goroutines.
	Observe func(*render.Result)
}

// Whole reports whether a run looks at the whole repository and not only at some paths or changes of it.
func (o *Options) Whole() bool { return o.Since == nil && o.allPaths() }

func (o *Options) allPaths() bool {
	for _, p := range o.Discover.Paths {
		if p != "." {
			return false
		}
	}
	return true
}

// auto reports whether the labels of namespaces decide about some objects.
func (o *Options) auto() bool {
	if o.Policy.Level == LevelAuto {
		return true
	}
	for i := range o.Scopes {
		if o.Scopes[i].Level == LevelAuto {
			return true
		}
	}
	return false
}

// SourceReport is what became of one source.
type SourceReport struct {
	Source   render.Source
	Objects  int         // rendered
	Pods     int         // of those, objects with pods
	Secrets  int         // of those, Secrets
	Other    int         // of those, objects that hold no pod and no secret
	Policy   Policy      // of most objects with pods; of the source's own namespace where there are none
	Policies []PolicyUse // of all objects with pods, the most used first
	Read     render.ReadSet
	Err      *render.Error
}

// PolicyUse says how many of a source's objects with pods were held against a policy, and the name of the Scope it is
// from, "" for none.
type PolicyUse struct {
	Policy Policy
	Scope  string
	Pods   int
}

// Run is the outcome of a check: plain data, sorted.
type Run struct {
	Sources  []SourceReport
	Skipped  []render.Skipped
	Failed   []*render.Error // what could not even be looked at
	Findings []Finding
	Notices  []Notice
	Declared *Declared // by the sources of the run, on top of Options.Declared

	Unchanged int // sources that Options.Since left out; they are in Skipped
	Varying   *Varying
}

// Say adds notices.
func (r *Run) Say(ns ...Notice) {
	r.Notices = append(r.Notices, ns...)
	sortNotices(r.Notices)
}

// Check renders and judges everything that Options.Discover finds in a tree.
func Check(ctx context.Context, t *render.Tree, o Options) (*Run, error) {
	pool := render.NewPool(t, o.Render, o.Limits)
	defer pool.Close()
	r, err := newRunner(t, o)
	if err != nil {
		return nil, err
	}
	each := r.take
	if o.Since != nil {
		each = nil
	}
	found, err := render.Explore(ctx, t, pool, o.Discover, each)
	if err != nil {
		return nil, err
	}
	if o.auto() && !o.allPaths() && o.Declared == nil && o.Base == nil {
		if o.Declared, err = declareOthers(ctx, t, pool, found.Sources, o); err != nil {
			return nil, err
		}
	}
	var run *Run
	if o.Since != nil {
		run, err = checkSince(ctx, t, pool, found, o)
	} else {
		run, err = r.rest(ctx, pool, found, o.Declared)
	}
	if err != nil {
		return nil, err
	}
	run.Skipped = append(run.Skipped, found.Skipped...)
	run.Failed = append(run.Failed, found.Failed...)
	sort.Slice(run.Skipped, func(i, j int) bool { return run.Skipped[i].Path < run.Skipped[j].Path })
	return run, nil
}

// declareOthers looks for namespaces in the sources that the user did not ask about.
func declareOthers(ctx context.Context, t *render.Tree, pool *render.Pool, asked []render.Source, o Options) (*Declared, error) {
	whole := o.Discover
	whole.Paths = nil
	all, err := render.Explore(ctx, t, pool, whole, nil)
	if err != nil {
		return nil, err
	}
	in := map[string]bool{}
	for _, s := range asked {
		in[s.ID] = true
	}
	var others []render.Source
	for _, s := range all.Sources {
		if !in[s.ID] {
			others = append(others, s)
		}
	}
	return Declare(ctx, t, pool, others)
}

// Sources renders and judges the given sources of a tree in a pool that stands on the same directory.
func Sources(ctx context.Context, t *render.Tree, pool *render.Pool, sources []render.Source, o Options) (*Run, error) {
	r, err := newRunner(t, o)
	if err != nil {
		return nil, err
	}
	return r.render(ctx, pool, sources)
}

// Rendered judges sources that are rendered already, by Options.Render; it may do so once more, in this process.
func Rendered(t *render.Tree, results []render.Result, o Options) (*Run, error) {
	r, err := newRunner(t, o)
	if err != nil {
		return nil, err
	}
	r.expect(len(results))
	for _, res := range results {
		r.take(res)
	}
	return r.finish(func(sources []render.Source, each func(render.Result)) error {
		for _, s := range sources {
			each(render.Render(t, s, o.Render))
		}
		return nil
	})
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

// NeedsBase reports whether what the base revision declares can make a difference.
func (o *Options) NeedsBase() bool { return o.auto() || len(o.AllowAnnotations) > 0 }
