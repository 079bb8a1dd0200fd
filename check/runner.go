package check

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"

	psaapi "k8s.io/pod-security-admission/api"

	"github.com/syncgate/syncgate/render"
)

// runner judges sources as they come out of the pool. Where labels of namespaces decide, objects with pods wait until all
// sources have been seen: only they are kept, so memory grows with the workloads and not with what is rendered.
type runner struct {
	o        Options
	tree     *render.Tree
	rules    []*Rule
	fallback *scopeTerms            // where no scope matches
	scopes   map[string]*scopeTerms // by Scope.By
	floor    string
	latest   psaapi.Version
	loc      *render.Locator
	total    int
	varying  *Varying

	mu       sync.Mutex
	done     int
	run      *Run
	declared *Declared
	labels   *namespaces // nil until it is known
	waiting  []*waiting
	found    [][]Finding // by source
	stand    []standing
}

// standing is an object that stands for sources, and the source that it is from.
type standing struct {
	source string
	object render.Object
}

// scopeTerms are the terms of a scope. For LevelAuto they are completed for each namespace.
type scopeTerms struct {
	terms
	auto bool
}

// waiting are a source's objects that cannot be judged yet, by their index in the report's order.
type waiting struct {
	rep     SourceReport
	objects []render.Object
	uses    map[PolicyUse]int
}

func newRunner(t *render.Tree, o Options) (*runner, error) {
	rules, err := o.Selection.Rules()
	if err != nil {
		return nil, err
	}
	kube := cmp.Or(o.Render.KubeVersion, render.DefaultKubeVersion)
	newest, err := NewPolicy("restricted", "latest", kube)
	if err != nil {
		return nil, err
	}
	latest, err := psaapi.ParseVersion(newest.Version)
	if err != nil {
		return nil, fmt.Errorf("kube version %q: %w", kube, err)
	}
	r := &runner{o: o, tree: t, rules: rules, scopes: map[string]*scopeTerms{}, floor: cmp.Or(o.Floor, "restricted"),
		latest: latest, loc: render.NewLocator(t), run: &Run{}, declared: o.Declared.clone(), varying: o.Varying}
	if r.varying == nil {
		r.varying = newVarying()
	}
	if r.fallback, err = r.newTerms(Scope{}, kube); err != nil {
		return nil, err
	}
	for i := range o.Scopes {
		s := &o.Scopes[i]
		if r.scopes[s.By], err = r.newTerms(*s, kube); err != nil {
			return nil, fmt.Errorf("%s: policy %q: %w", s.By, s.Name, err)
		}
	}
	if o.Base != nil {
		r.labels = o.Base.namespaces(latest)
	}
	return r, nil
}

// newTerms are the terms of a scope; what it leaves out is as outside of all scopes.
func (r *runner) newTerms(s Scope, kube string) (*scopeTerms, error) {
	pol := r.o.Policy
	scoped, err := NewPolicy(cmp.Or(s.Level, pol.Level), cmp.Or(s.Version, "latest"), kube)
	if err != nil {
		return nil, err
	}
	if pol.Level = scoped.Level; s.Version != "" || pol.Version == "" {
		pol.Version = scoped.Version
	}
	out := &scopeTerms{auto: pol.Level == LevelAuto}
	if out.auto {
		pol.Level = r.floor
	}
	out.terms = terms{scope: s.Name, policy: pol, rules: r.rules, severity: []Severities{s.Severity, r.o.Severity},
		remedies: &r.o.Remedies, tree: r.tree}
	for i := range r.o.Waivers {
		out.images = out.images || len(r.o.Waivers[i].Images) > 0
	}
	if len(s.Ignore) > 0 {
		out.rules = slices.DeleteFunc(slices.Clone(r.rules), func(x *Rule) bool {
			return slices.ContainsFunc(s.Ignore, func(p string) bool { return matches(p, x) })
		})
	}
	return out, nil
}

// terms are those for a namespace of a source; ok is false when the labels of namespaces decide and are not known yet.
func (r *runner) terms(src *render.Source, namespace string) (t *terms, ok bool) {
	st := r.fallback
	if s := scopeFor(r.o.Scopes, src, namespace); s != nil {
		st = r.scopes[s.By]
	}
	switch {
	case !st.auto:
		return &st.terms, true
	case r.labels == nil:
		return &st.terms, false
	}
	out := st.terms
	out.policy, out.also = r.labels.policies(src, namespace, st.policy)
	return &out, true
}

// render renders and judges sources, and ends the run.
func (r *runner) render(ctx context.Context, pool *render.Pool, sources []render.Source) (*Run, error) {
	r.expect(len(sources))
	if err := pool.Render(ctx, r.tree, sources, r.take); err != nil {
		return nil, err
	}
	return r.finish(r.again(ctx, pool))
}

// rest ends a run that gets the results of an exploration. others is what sources outside of the run declare.
func (r *runner) rest(ctx context.Context, pool *render.Pool, found *render.Discovery, others *Declared) (*Run, error) {
	sources, gone := found.Remaining()
	r.expect(len(found.Sources))
	err := pool.Render(ctx, r.tree, sources, r.take)
	if last := found.Wait(); err == nil {
		err = last
	}
	if err != nil {
		return nil, err
	}
	r.forget(gone)
	declared := others.clone()
	for id, x := range r.declared.bySource {
		declared.put(id, x)
	}
	r.declared = declared
	return r.finish(r.again(ctx, pool))
}

// expect says how many sources there are, as far as is known.
func (r *runner) expect(total int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.total = total
}

// again renders sources a second time.
func (r *runner) again(ctx context.Context, pool *render.Pool) rerender {
	return func(sources []render.Source, each func(render.Result)) error {
		return pool.Render(ctx, r.tree, sources, each)
	}
}

// forget takes out what sources have brought in.
func (r *runner) forget(ids []string) {
	in := func(id string) bool { _, ok := slices.BinarySearch(ids, id); return ok }
	r.waiting = slices.DeleteFunc(r.waiting, func(w *waiting) bool { return in(w.rep.Source.ID) })
	r.found = slices.DeleteFunc(r.found, func(fs []Finding) bool { return in(fs[0].Source) })
	r.run.Skipped = slices.DeleteFunc(r.run.Skipped, func(s render.Skipped) bool { return in(s.Path) })
	r.stand = slices.DeleteFunc(r.stand, func(s standing) bool { return in(s.source) })
	for _, id := range ids {
		delete(r.declared.bySource, id)
	}
}

// take judges one rendered source. It is called from several goroutines.
func (r *runner) take(res render.Result) {
	if r.o.Observe != nil {
		r.o.Observe(&res)
	}
	r.o.Remedies.warm(&res)
	w := &waiting{rep: SourceReport{Source: res.Source, Objects: len(res.Objects), Read: res.Read, Err: res.Err},
		uses: map[PolicyUse]int{}}
	declared := newDeclarations()
	declared.addSource(&res.Source)
	var judged Judged
	if res.Err == nil {
		w.rep.Err = judged.each(&res, func(o *render.Object, pods []Pod) error {
			declared.add(&w.rep.Source, o, pods, r.loc)
			if r.o.Secrets != nil {
				r.o.Secrets.Add(o, pods)
			}
			return r.judge(w, o, pods, judged.add(res.Source.ID))
		})
	}
	w.rep.Pods, w.rep.Secrets, w.rep.Other = judged.Pods, judged.Secrets, judged.Other
	r.locate(judged.Findings)
	r.declared.put(res.Source.ID, declared)

	stand := r.standing(&res)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stand = append(r.stand, stand...)
	r.done++
	if r.o.Progress != nil {
		r.o.Progress(r.done, max(r.done, r.total))
	}
	if res.NotManifests != "" {
		if path.Base(res.Source.Path) == ConfigFile {
			return // no manifest that somebody forgot
		}
		r.run.Skipped = append(r.run.Skipped, render.Skipped{Path: res.Source.Path, Reason: res.NotManifests})
		return
	}
	r.waiting = append(r.waiting, w)
	r.find(judged.Findings)
}

// standing are the objects of a source that stand for others.
func (r *runner) standing(res *render.Result) (out []standing) {
	if r.o.Discover.Follow == nil {
		return nil
	}
	for i := range res.Objects {
		if o := &res.Objects[i]; r.o.Discover.Follow.Stands(o) {
			out = append(out, standing{res.Source.ID, *o})
		}
	}
	return out
}

// missed are the objects that stand for sources and that discovery did not see: what they apply is not judged.
func (r *runner) missed() (out []*render.Error) {
	for i := range r.stand {
		if s := &r.stand[i]; r.o.Discover.Follow.Missed(r.tree, &s.object) {
			out = append(out, &render.Error{Source: s.source, File: s.object.File, Msg: s.object.ID() + " was not found before it was rendered, " +
				"so what it applies is not judged", Hint: "write its apiVersion and kind out where it is made"})
		}
	}
	return out
}

// judge holds one object against its terms, or keeps it until they are known.
func (r *runner) judge(w *waiting, o *render.Object, pods []Pod, report func(Finding)) error {
	t, ok := r.terms(&w.rep.Source, NamespaceOf(&w.rep.Source, o))
	if !ok && len(pods) > 0 {
		w.objects = append(w.objects, *o)
		return nil
	}
	if len(pods) > 0 {
		w.uses[PolicyUse{Policy: t.policy, Scope: t.scope}]++
	}
	return t.judge(o, pods, report)
}

func (r *runner) locate(fs []Finding) {
	for i := range fs {
		if fs[i].Origin.File == "" { // its rule knows better
			fs[i].Origin = r.loc.Origin(fs[i].Object, fs[i].Path)
		}
	}
}

// rerender renders sources once more and hands each result to a function, perhaps several at once.
type rerender func(sources []render.Source, each func(render.Result)) error

// finish judges what had to wait and puts the run in order.
func (r *runner) finish(again rerender) (*Run, error) {
	if r.labels == nil {
		r.labels = r.declared.namespaces(r.latest)
	}
	r.run.Failed = append(r.run.Failed, r.missed()...)
	r.judgeWaiting()
	r.loc = nil // all is located, and it keeps parsed files
	r.gather()
	if err := r.lookAgain(again); err != nil {
		return nil, err
	}
	for _, w := range r.waiting {
		w.rep.Policies = sortedUses(w.uses)
		if len(w.rep.Policies) > 0 {
			w.rep.Policy = w.rep.Policies[0].Policy
		} else {
			t, _ := r.terms(&w.rep.Source, cmp.Or(w.rep.Source.Namespace, w.rep.Source.Helm.Namespace))
			w.rep.Policy = t.policy
		}
		r.run.Sources = append(r.run.Sources, w.rep)
	}
	sort.Slice(r.run.Sources, func(i, j int) bool { return r.run.Sources[i].Source.ID < r.run.Sources[j].Source.ID })
	r.run.Declared, r.run.Varying = r.declared, r.varying
	r.weigh()
	sortFindings(r.run.Findings)
	newExempter(&r.o, r.run, r.declared).exempt(r.rules)
	withoutHashes(r.run.Findings)
	return r.run, nil
}

// judgeWaiting judges the objects that had to wait for namespaces, several at once.
func (r *runner) judgeWaiting() {
	todo := make(chan *waiting)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for w := range todo {
				r.judgeNow(w)
			}
		}()
	}
	for _, w := range r.waiting {
		if len(w.objects) > 0 {
			todo <- w
		}
	}
	close(todo)
	wg.Wait()
}

func (r *runner) judgeNow(w *waiting) {
	var judged Judged
	res := &render.Result{Source: w.rep.Source, Objects: w.objects}
	err := judged.each(res, func(o *render.Object, pods []Pod) error {
		return r.judge(w, o, pods, judged.add(w.rep.Source.ID))
	})
	w.objects = nil
	r.locate(judged.Findings)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.find(judged.Findings)
	if w.rep.Err == nil {
		w.rep.Err = err
	}
}

func sortedUses(uses map[PolicyUse]int) []PolicyUse {
	var out []PolicyUse
	for u, n := range uses {
		u.Pods = n
		out = append(out, u)
	}
	slices.SortFunc(out, func(a, b PolicyUse) int {
		return cmp.Or(b.Pods-a.Pods, strings.Compare(a.Policy.String(), b.Policy.String()), strings.Compare(a.Scope, b.Scope))
	})
	return out
}
