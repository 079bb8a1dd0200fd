package fix

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/fix/yamledit"
	"github.com/syncgate/syncgate/render"
)

// Options say what to fix.
type Options struct {
	Check check.Options
	// OnlySafe leaves fixes that need review alone.
	OnlySafe bool
	// Sealer seals what the config wants sealed; without one such findings are left.
	Sealer *Sealer
}

// Verified is a set of patches that hold their proof together: with all of them applied, every source that reads an
// edited file renders as before but for what the findings asked, the findings are gone, and no new one appeared.
// Only Fix makes one that holds patches, and Bundle carries it.
type Verified struct {
	patches []*Patch
	left    []Left
	before  *check.Run
	files   []FileChange
	masked  map[string][]string
	secrets *check.Values
	tried   attempts
}

// Tried says what was tried in vain for findings, and why it did not hold, in the order in which it was tried.
func (v *Verified) Tried(findings ...check.Finding) []string { return v.tried.of(findings) }

// FileChange is one edited file.
type FileChange struct {
	Name          string // relative to the root
	Before, After []byte // Before is nil for a file that is made
	Edits         []yamledit.Edit
}

// Patches are what was proven, by place.
func (v *Verified) Patches() []*Patch { return v.patches }

// Left are the findings that stay.
func (v *Verified) Left() []Left { return v.left }

// Before is the check that the patches were made from.
func (v *Verified) Before() *check.Run { return v.before }

// Failed says what did not render or could not be judged before any patch, and was left alone.
func (v *Verified) Failed() []*render.Error {
	out := slices.Clone(v.before.Failed)
	for _, s := range v.before.Sources {
		if s.Err != nil {
			out = append(out, s.Err)
		}
	}
	return out
}

// Files are the edited files, by name.
func (v *Verified) Files() []FileChange { return v.files }

// Masked lists, by source, the fields that differ from render to render without any edit and were left out of comparisons.
func (v *Verified) Masked() map[string][]string { return v.masked }

// Fix checks the tree, plans patches for the findings, and proves them.
func Fix(ctx context.Context, t *render.Tree, o Options) (*Verified, error) {
	pool := render.NewPool(t, o.Check.Render, o.Check.Limits)
	defer pool.Close()
	return newProver(t, pool, o).fix(ctx, o)
}

// fix is Fix in a prover that knows nothing yet.
func (p *prover) fix(ctx context.Context, o Options) (*Verified, error) {
	scope, err := render.Explore(ctx, p.tree, p.pool, o.Check.Discover, nil)
	if err != nil {
		return nil, err
	}
	all := *scope
	if since := o.Check.Since; since != nil {
		look, left, err := since.Split(p.tree, scope, o.Check.Discover)
		if err != nil {
			return nil, err
		}
		scope.Sources, scope.Skipped = look, append(scope.Skipped, since.Skipped(left)...)
	}
	if whole := o.Check.Discover; slices.ContainsFunc(whole.Paths, func(p string) bool { return p != "." }) {
		whole.Paths = nil
		found, err := render.Explore(ctx, p.tree, p.pool, whole, nil)
		if err != nil {
			return nil, err
		}
		all = *found
	}
	for _, s := range scope.Sources {
		p.inScope[s.ID] = true
	}
	sources := merge(scope.Sources, all.Sources)
	p.layers = newLayerDocuments(p.tree, sources)
	if sources, err = p.near(ctx, scope.Sources, sources, &all); err != nil {
		return nil, err
	}
	if p.before, err = p.snapshot(ctx, sources); err != nil {
		return nil, err
	}
	v := &Verified{before: narrow(p.before, p.inScope, scope)}
	p.loc = render.NewLocator(p.tree)
	if err := p.climb(ctx, candidatesOf(v, o), v); err != nil {
		return nil, err
	}
	if p.beyond(v.files) {
		again := newProver(p.tree, p.pool, o)
		again.whole = true
		return again.fix(ctx, o)
	}
	v.masked, v.secrets = p.maskedFields(), p.secretValues
	sort.SliceStable(v.patches, func(i, j int) bool { return placeLess(v.patches[i].Place, v.patches[j].Place) })
	return v, nil
}

// near are those of all sources that a patch of some can concern: only they are rendered. What the others declare, such as
// the labels of namespaces, counts nevertheless. Names of new Secrets must be free among all sources, so with a sealer none is left
// out.
func (p *prover) near(ctx context.Context, some, all []render.Source, found *render.Discovery) ([]render.Source, error) {
	if len(some) == len(all) || p.sealer != nil || p.whole {
		return all, nil
	}
	prints := render.NewFootprints(p.tree, found)
	near := prints.Near(some, all)
	in := map[string]bool{}
	for _, s := range near {
		in[s.ID] = true
	}
	left := slices.DeleteFunc(slices.Clone(all), func(s render.Source) bool { return in[s.ID] })
	for _, s := range left {
		p.left = append(p.left, prints.Of(s))
	}
	return near, p.options.Beside(ctx, p.tree, p.pool, prints, left)
}

// beyond reports whether a source that was left out may look at one of the edited files: then it must not be left out.
func (p *prover) beyond(files []FileChange) bool {
	var names []string
	for i := range files {
		names = append(names, files[i].Name)
	}
	return slices.ContainsFunc(p.left, func(x *render.Footprint) bool { return x.Touches(names) })
}

// candidatesOf are the findings that may be fixed; the others are left.
func candidatesOf(v *Verified, o Options) []check.Finding {
	var out []check.Finding
	for _, f := range v.before.Findings {
		switch {
		case f.Exempt != nil:
		case f.Safety == check.FixManual || len(f.Want) == 0:
			v.left = append(v.left, Left{f, manualReason(&f)})
		case o.OnlySafe && f.Safety == check.FixReview:
			v.left = append(v.left, Left{f, "needs review, and only safe fixes were asked for"})
		default:
			out = append(out, f)
		}
	}
	return out
}

func manualReason(f *check.Finding) string {
	if f.Advice != "" {
		return f.Advice
	}
	return "needs a person's decision"
}

// merge joins two lists of sources.
func merge(a, b []render.Source) []render.Source {
	seen := map[string]bool{}
	var out []render.Source
	for _, s := range append(a[:len(a):len(a)], b...) {
		if !seen[s.ID] {
			seen[s.ID] = true
			out = append(out, s)
		}
	}
	return out
}

// narrow is the part of a run that the user asked about.
func narrow(run *check.Run, in map[string]bool, scope *render.Discovery) *check.Run {
	out := &check.Run{Failed: scope.Failed, Notices: run.Notices, Skipped: append([]render.Skipped(nil), scope.Skipped...)}
	for _, s := range run.Sources {
		if in[s.Source.ID] {
			out.Sources = append(out.Sources, s)
		}
	}
	for _, s := range run.Skipped {
		if in[s.Path] {
			out.Skipped = append(out.Skipped, s)
		}
	}
	for _, f := range run.Findings {
		if in[f.Source] {
			out.Findings = append(out.Findings, f)
		}
	}
	sort.Slice(out.Skipped, func(i, j int) bool { return out.Skipped[i].Path < out.Skipped[j].Path })
	return out
}

func placeLess(a, b render.Place) bool {
	if a.File != b.File {
		return a.File < b.File
	}
	if a.Doc != b.Doc {
		return a.Doc < b.Doc
	}
	return a.Path.String() < b.Path.String()
}

// digest identifies a rendered object and its content.
type digest struct {
	id   string
	sum  [sha256.Size]byte
	rest [sha256.Size]byte // without values of other sources; zero when it holds none
}

// objectKey identifies an object within its source. A file may hold several of one name.
func objectKey(o *render.Object) string { return nameKey(o) + placeKey(o) }

func nameKey(o *render.Object) string {
	return strings.Join([]string{o.APIVersion, o.Kind, o.Namespace, o.Name}, "\x00")
}

// placeKey tells objects of one name in a manifest apart: which document, and which item of a List.
func placeKey(o *render.Object) string {
	if o.Template || o.Generated || o.Doc < 0 {
		return ""
	}
	return fmt.Sprintf("\x00%d %s", o.Doc, o.At)
}

// prover holds what was rendered before any patch.
type prover struct {
	tree    *render.Tree
	pool    *render.Pool
	options check.Options
	before  *check.Run
	sources map[string]*render.Source // of before, by ID; see sourceOf
	loc     *render.Locator
	inScope map[string]bool     // sources that the user asked about
	whole   bool                // no source is left out
	left    []*render.Footprint // of sources that were left out; see near
	reads   map[string]*render.ReadSet
	found   map[string]*render.Object // objects with findings, by source and objectKey
	known   map[findingKey]bool       // findings before

	kept       []*Patch                   // proven so far
	patchFiles map[string][]patchDocument // by directory
	planned    map[string]plannedFile     // by file
	components *components
	helm       map[string]*helmSource     // by source, or entry of a kustomization
	unpatched  map[string]*unpatched      // by source, where it is needed
	tested     map[string][]*testedValues // by source
	blamed     map[findingKey]render.Path // what a dropped patch changed that it should not

	sealer       *Sealer
	takenNames   map[string]bool // see secretNames
	secretValues *check.Values
	layers       *layerDocuments
	namespaces   *namespaceUses // nil where no LimitRange is wanted

	mu      sync.Mutex
	objects map[string][]digest // by source
	doubled map[string]int      // by source: render.Result.Doubled
}

// newProver makes a prover that knows nothing yet.
func newProver(t *render.Tree, pool *render.Pool, o Options) *prover {
	return &prover{tree: t, pool: pool, options: o.Check, sealer: o.Sealer,
		secretValues: &check.Values{}, inScope: map[string]bool{},
		objects: map[string][]digest{}, doubled: map[string]int{}, blamed: map[findingKey]render.Path{},
		planned: map[string]plannedFile{}}
}

// snapshot renders and judges sources as they are.
func (p *prover) snapshot(ctx context.Context, sources []render.Source) (*check.Run, error) {
	o := p.options
	o.Secrets = p.secretValues
	if o.Remedies.LimitRange {
		p.namespaces = &namespaceUses{byName: map[string]*namespaceUse{}}
	}
	o.Observe = func(res *render.Result) {
		p.namespaces.add(res)
		list := p.digests(res)
		p.mu.Lock()
		p.objects[res.Source.ID] = list
		p.doubled[res.Source.ID] = res.Doubled
		p.mu.Unlock()
	}
	run, err := check.Sources(ctx, p.tree, p.pool, sources, o)
	if err != nil {
		return nil, err
	}
	p.options.Varying = run.Varying
	p.options.Declared = run.Declared // a proof renders only some sources, but namespaces stand in others
	p.components = newComponents(run.Sources)
	p.found, p.known = map[string]*render.Object{}, map[findingKey]bool{}
	for i := range run.Findings {
		f := &run.Findings[i]
		p.found[f.Source+"\x00"+objectKey(f.Object)] = f.Object
		p.known[keyOf(f)] = true
	}
	return run, nil
}

func (p *prover) digests(res *render.Result) []digest {
	list := make([]digest, len(res.Objects))
	for i := range res.Objects {
		o := &res.Objects[i]
		list[i] = digest{id: objectKey(o), sum: sha256.Sum256(o.JSON)}
		list[i].rest, _ = p.layers.rest(o)
	}
	return list
}
