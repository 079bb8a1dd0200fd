package fix

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/fix/yamledit"
	"github.com/syncgate/syncgate/render"
)

// limitRanges is the rung for limits and requests that a namespace gives to all its containers, where the team wants that:
// one LimitRange for each. It is certain only where one source, or the manifests of one directory, hold all pods of the
// namespace that the repository knows, and none of them would be refused or limited against the team's will. What it
// leaves, the containers get themselves.
func (p *prover) limitRanges(_ context.Context, findings []check.Finding) (patches []*Patch, left []Left, err error) {
	if p.namespaces == nil {
		return nil, nil, nil
	}
	byNamespace := map[string][]check.Finding{}
	for _, f := range findings {
		if _, _, ok := f.LacksResource(); !ok {
			continue
		}
		if src, ok := p.sourceOf(&f); ok {
			ns := check.NamespaceOf(&src, f.Object)
			byNamespace[ns] = append(byNamespace[ns], f)
		}
	}
	made := map[string]bool{} // files
	for _, ns := range slices.Sorted(maps.Keys(byNamespace)) {
		x, reason := p.limitRange(ns, byNamespace[ns], made)
		if x != nil {
			patches = append(patches, x)
			continue
		}
		for _, f := range byNamespace[ns] {
			left = append(left, Left{f, "a LimitRange of the namespace: " + reason})
		}
	}
	return patches, left, nil
}

// limitRange plans the LimitRange of one namespace.
func (p *prover) limitRange(ns string, fs []check.Finding, made map[string]bool) (*Patch, string) {
	item := p.limitRangeItem(fs)
	if reason := p.namespaces.refuses(ns, item); reason != "" {
		return nil, reason
	}
	if reason := p.namespaces.unasked(ns, item, fs); reason != "" {
		return nil, reason
	}
	host, reason := p.hostOf(ns, fs)
	if reason != "" {
		return nil, reason
	}
	by := &check.Planned{APIVersion: "v1", Kind: "LimitRange", Spec: map[string]any{"limits": []any{item.json()}}}
	if slices.ContainsFunc(fs, func(f check.Finding) bool { return f.Object.Namespace != "" }) {
		by.Namespace = ns
	}
	x := &Patch{title: fmt.Sprintf("LimitRange of the namespace %s: %s", ns, item)}
	if host.Kind == render.KindKustomize {
		reason = p.besideKustomization(x, host, ns, by, made)
	} else {
		reason = p.behindDocument(x, host, fs, ns, by)
	}
	if reason != "" {
		return nil, reason
	}
	want := check.Beside{In: host.ID, By: by}
	x.Wants = []check.Want{want}
	for _, f := range fs {
		f.Want, f.Advice = x.Wants, item.advice(ns)
		x.Resolves = append(x.Resolves, f)
	}
	slices.SortStableFunc(x.Resolves, func(a, b check.Finding) int { // the first one names the place
		return cmp.Compare(order(a.Source != host.ID), order(b.Source != host.ID))
	})
	return x, ""
}

func order(later bool) int {
	if later {
		return 1
	}
	return 0
}

// limitItem is what a LimitRange gives to containers, by resource.
type limitItem struct{ limits, requests map[string]any }

// limitRangeItem is what findings ask for.
func (p *prover) limitRangeItem(fs []check.Finding) limitItem {
	out := limitItem{map[string]any{}, map[string]any{}}
	for i := range fs {
		field, name, _ := fs[i].LacksResource()
		out.add(&p.options.Remedies, field, name)
	}
	return out
}

// add gives containers what one of them misses.
func (l limitItem) add(r *check.Remedies, field string, name corev1.ResourceName) {
	if amount := r.DefaultLimit(name); field == "limits" && amount != "" {
		l.limits[string(name)] = amount
	}
	if amount := r.Requests[name]; amount != "" {
		l.requests[string(name)] = amount
	}
}

func (l limitItem) json() map[string]any {
	out := map[string]any{"type": string(corev1.LimitTypeContainer)}
	if len(l.limits) > 0 {
		out["default"] = l.limits
	}
	if len(l.requests) > 0 {
		out["defaultRequest"] = l.requests
	}
	return out
}

func (l limitItem) String() string {
	var parts []string
	if len(l.limits) > 0 {
		parts = append(parts, "default="+valueText(l.limits))
	}
	if len(l.requests) > 0 {
		parts = append(parts, "defaultRequest="+valueText(l.requests))
	}
	return strings.Join(parts, ", ")
}

func (l limitItem) advice(ns string) string {
	over := ""
	if len(l.limits) > 0 {
		over = ", one that requests more is refused"
	}
	if l.limits["cpu"] != nil {
		over += ", one that uses more CPU throttled"
	}
	if l.limits["memory"] != nil {
		over += ", one that uses more memory killed (OOMKilled)"
	}
	return fmt.Sprintf("the LimitRange (%s) counts for every container of the namespace %s that sets none itself, also of pods that are "+
		"not in this repository%s. Pods get it when they are made: restart those that run, and test start-up and load", l, ns,
		strings.Replace(over, ",", ":", 1))
}

// unasked says which container of the namespace would get a limit that nobody asks for: it is exempted, say, or its rule is
// ignored where it stands.
func (n *namespaceUses) unasked(ns string, item limitItem, fs []check.Finding) string {
	asked := map[string]bool{}
	for i := range fs {
		if field, name, _ := fs[i].LacksResource(); field == "limits" {
			asked[containerKey(fs[i].Source, fs[i].Object, fs[i].Container)+string(name)] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(item.limits)) {
		lacking := n.byName[ns].lacking[name]
		for _, key := range slices.Sorted(maps.Keys(lacking)) {
			if !asked[key+name] {
				return fmt.Sprintf("%s is not to get a limit of %s, but would", lacking[key], name)
			}
		}
	}
	return ""
}

// hostOf is the source that the LimitRange goes to.
func (p *prover) hostOf(ns string, fs []check.Finding) (render.Source, string) {
	use := p.namespaces.byName[ns]
	var all []render.Source
	for i := range p.before.Sources {
		if src := p.before.Sources[i].Source; use.sources[src.ID] {
			all = append(all, src)
		}
	}
	var host *render.Source
	for i := range all {
		src := &all[i]
		if src.Kind == render.KindHelm {
			return *src, fmt.Sprintf("%s is a chart, and the namespace belongs to whoever installs it", src.ID)
		}
		together := src.Kind == render.KindPlain && src.Application == "" && path.Dir(src.Path) == path.Dir(all[0].Path)
		if len(all) > 1 && !together {
			return *src, fmt.Sprintf("%s and %s put pods into it, and may be applied to other clusters", all[0].ID, src.ID)
		}
		has := slices.ContainsFunc(fs, func(f check.Finding) bool { return f.Source == src.ID })
		if host == nil && has && p.inScope[src.ID] {
			host = src
		}
	}
	if host == nil {
		return render.Source{}, "no source that was asked for puts pods into it"
	}
	return *host, ""
}

// besideKustomization puts the LimitRange into a new file among the resources of a kustomization.
func (p *prover) besideKustomization(x *Patch, host render.Source, ns string, by *check.Planned, made map[string]bool) string {
	file, ok := p.kustomizationIn(host.Path)
	if !ok {
		return "the kustomization cannot be read"
	}
	if reason := p.readElsewhere(host, file); reason != "" {
		return reason
	}
	root := p.firstDocument(file)
	written := p.namespaces.freeName(ns)
	by.Name = text(root, "namePrefix") + written + text(root, "nameSuffix")
	meta := map[string]any{"name": written}
	if by.Namespace != "" && text(root, "namespace") != ns {
		meta["namespace"] = ns
	}
	content, err := manifest(by, meta)
	if err != nil {
		return err.Error()
	}
	name := p.freeFile(host.Path, ns, made)
	x.Place, x.How = render.Place{File: file}, "a LimitRange among the resources of the kustomization"
	x.parts = []part{
		{file: file, ops: []yamledit.Op{yamledit.Append{Path: render.Keys("resources"), Value: path.Base(name)}}},
		{file: name, makes: true, edits: []yamledit.Edit{{New: content}}},
	}
	return ""
}

// freeFile is a name for a new file in a directory.
func (p *prover) freeFile(dir, ns string, made map[string]bool) string {
	for i := 0; ; i++ {
		name := "limitrange.yaml"
		switch {
		case i == 1:
			name = "limitrange-" + ns + ".yaml"
		case i > 1:
			name = fmt.Sprintf("limitrange-%s-%d.yaml", ns, i)
		}
		if name = path.Join(dir, name); !p.tree.Exists(name) && !made[name] {
			made[name] = true
			return name
		}
	}
}

// behindDocument puts the LimitRange behind the last document of a manifest with pods.
func (p *prover) behindDocument(x *Patch, host render.Source, fs []check.Finding, ns string, by *check.Planned) string {
	i := slices.IndexFunc(fs, func(f check.Finding) bool { return f.Source == host.ID })
	place, ok := p.loc.Object(fs[i].Object)
	if !ok {
		return fmt.Sprintf("%s holds no single document for %s", fs[i].Object.File, fs[i].Object.ID())
	}
	if reason := p.readElsewhere(host, place.File); reason != "" {
		return reason
	}
	data, err := p.tree.ReadFile(place.File)
	if err != nil {
		return err.Error()
	}
	if strings.HasSuffix(place.File, ".json") || strings.HasPrefix(strings.TrimSpace(string(data)), "{") {
		return "a JSON file takes no document beside its own"
	}
	by.Name = p.namespaces.freeName(ns)
	meta := map[string]any{"name": by.Name}
	if by.Namespace != "" {
		meta["namespace"] = ns
	}
	content, err := manifest(by, meta)
	if err != nil {
		return err.Error()
	}
	x.Place, x.How = place, "a LimitRange behind the workloads"
	x.parts = []part{{file: place.File, edits: []yamledit.Edit{documentBehind(data, content)}}}
	return ""
}

// readElsewhere says which other source reads a file: it could put the LimitRange into another namespace.
func (p *prover) readElsewhere(host render.Source, file string) string {
	for i := range p.before.Sources {
		if s := &p.before.Sources[i]; s.Source.ID != host.ID && s.Read.Affected([]string{file}) {
			return fmt.Sprintf("%s reads %s, too, and may be applied elsewhere", s.Source.ID, file)
		}
	}
	return ""
}

// refuses says why a namespace is not to get a LimitRange: who would be refused, or what is not known.
func (n *namespaceUses) refuses(ns string, item limitItem) string {
	use := n.byName[ns]
	switch {
	case ns == "":
		return "nobody says which one it is: write metadata.namespace, or namespace for the source in the config's sources"
	case use == nil:
		return "it is not known what is in it"
	case strings.HasPrefix(ns, "kube-"), strings.HasPrefix(ns, "openshift-"):
		return "pods of the cluster itself are in " + ns
	case use.whole != "":
		return use.whole + " has limits or requests for the pod as a whole"
	}
	for _, name := range slices.Sorted(maps.Keys(item.limits)) {
		limit, err := resource.ParseQuantity(fmt.Sprint(item.limits[name]))
		if err != nil {
			return err.Error()
		}
		if most := use.most[name]; most.who != "" && most.request.Cmp(limit) > 0 {
			return fmt.Sprintf("%s requests %s of %s, and would be refused with a limit of %s", most.who, most.request.String(), name, limit.String())
		}
	}
	for _, list := range []map[string]any{item.limits, item.requests} {
		for _, name := range slices.Sorted(maps.Keys(list)) {
			if by := use.bounds[name]; by != "" {
				return fmt.Sprintf("the LimitRange %s bounds %s already", by, name)
			}
		}
	}
	return ""
}
