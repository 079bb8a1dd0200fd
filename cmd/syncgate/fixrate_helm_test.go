//go:build fixrate

package main

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/syncgate/syncgate/render"
)

// TestFixrateHelm copies each repository below $SYNCGATE_CORPUS that holds charts, runs `$SYNCGATE_BIN fix` in the copy,
// and renders every chart before and after with the helm command: with its values, with each values-<env>.yaml beside
// it and with each of its ci/*-values.yaml. It prints which pairs of object and check are gone, by a value or by a
// template, and why the others are left. The verdicts on pods are pairsOracle's.
//
// It fails for a rendered difference that nothing asked for, in these renders and in those with each boolean of the
// values flipped once (in process: that both renderers agree is shown on all other renders), for messages of helm lint
// that were not there before, and for a second run that finds more to write.
//
// $SYNCGATE_RATE is the least part, in percent, of the counted pairs that must go; of readOnlyRootFilesystem and limits
// it is five less.
func TestFixrateHelm(t *testing.T) {
	r := &helmRate{rateTest: rateTest{T: t, bin: os.Getenv("SYNCGATE_BIN"), home: t.TempDir(),
		oracle: newPairsOracle(t, "restricted", "latest", render.DefaultKubeVersion)}, total: newHelmSum()}
	corpus := os.Getenv("SYNCGATE_CORPUS")
	if corpus == "" || r.bin == "" {
		t.Fatal("set SYNCGATE_CORPUS to a directory that holds repositories, and SYNCGATE_BIN to the binary")
	}
	repos, err := os.ReadDir(corpus)
	if err != nil {
		t.Fatal(err)
	}
	printHelmHead()
	for _, d := range repos {
		if root := filepath.Join(corpus, d.Name()); d.IsDir() && holdsCharts(root) {
			r.repository(root)
		}
	}
	r.total.line("total")
	r.total.print()
	goal := 0.0
	if text := os.Getenv("SYNCGATE_RATE"); text != "" {
		if _, err := fmt.Sscan(text, &goal); err != nil {
			t.Fatalf("SYNCGATE_RATE: %v", err)
		}
	}
	if pods, others := r.total.parts(); pods < goal || others < goal-5 {
		t.Errorf("%.1f %% and %.1f %% are gone, not %.1f %% and %.1f %%", pods, others, goal, goal-5)
	}
}

// helmRate is what holds for the whole run.
type helmRate struct {
	rateTest
	total *helmSum
}

// holdsCharts reports whether a Chart.yaml stands anywhere below a directory.
func holdsCharts(root string) bool {
	found := false
	filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		found = found || err == nil && d.Name() == "Chart.yaml"
		return nil
	})
	return found
}

// helmCase is one render of a chart: a source of the report, with further values.
type helmCase struct {
	rateSource
	ci   string // of the chart, relative to the repository
	old  *rateRender
	lint string
}

func (c *helmCase) String() string {
	if c.ci == "" {
		return c.id
	}
	return c.id + " with " + path.Base(c.ci)
}

func (r *helmRate) repository(root string) {
	work := filepath.Join(r.TempDir(), filepath.Base(root))
	r.copy(root, work)
	sources, _ := r.check(work)
	var cases []*helmCase
	for _, s := range sources {
		if s.kind != "helm" {
			continue
		}
		cases = append(cases, &helmCase{rateSource: s})
		if s.variant == "" {
			files, _ := filepath.Glob(filepath.Join(root, s.path, "ci", "*-values.yaml"))
			for _, f := range files {
				ci, _ := filepath.Rel(root, f)
				cases = append(cases, &helmCase{rateSource: s, ci: filepath.ToSlash(ci)})
			}
		}
	}
	if len(cases) == 0 {
		return
	}
	for _, c := range cases {
		c.old, c.lint = r.renderCase(root, c), r.lint(root, c)
	}
	fixed := r.fixHelm(work)
	sum := newHelmSum()
	for _, c := range cases {
		r.compareCase(root, work, c, fixed, sum)
	}
	r.flips(root, work, sources, sum)
	if again := r.fix(work, "--diff"); len(again.Files) > 0 {
		r.Errorf("%s: a second run finds more to do:\n%.3000s", root, again.Diff)
	}
	sum.line(filepath.Base(root))
	r.total.add(sum)
}

func (r *helmRate) helm(root, command string, c *helmCase, args ...string) ([]byte, error) {
	at := filepath.Join(root, filepath.FromSlash(c.path))
	args = append([]string{command, at, "--kube-version", render.DefaultKubeVersion}, args...)
	for _, f := range c.files(root) {
		args = append(args, "-f", filepath.Join(root, f))
	}
	return commandOutput(r.home, "helm", args...)
}

// files are the values files of a case beside values.yaml, relative to the repository.
func (c *helmCase) files(root string) []string {
	if c.ci != "" {
		return []string{c.ci}
	}
	if c.variant == "" {
		return nil
	}
	for _, name := range []string{"values-" + c.variant + ".yaml", "values." + c.variant + ".yaml", "values-" + c.variant + ".yml"} {
		if file := path.Join(c.path, name); exists(filepath.Join(root, file)) {
			return []string{file}
		}
	}
	return nil
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// renderCase has a case rendered by the command. Pairs are not judged here: names may differ from render to render.
func (r *helmRate) renderCase(root string, c *helmCase) *rateRender {
	out := &rateRender{}
	text, err := r.helm(root, "template", c, "--include-crds")
	if err == nil {
		out.objects, err = commandObjects(text)
	}
	out.err = err
	return out
}

// lint are the messages of helm lint, without the place where the repository stands.
func (r *helmRate) lint(root string, c *helmCase) string {
	out, err := r.helm(root, "lint", c)
	text := string(out)
	if err != nil {
		text += err.Error()
	}
	return strings.ReplaceAll(text, root, "")
}

// compareCase renders a case again, after the fix.
func (r *helmRate) compareCase(root, work string, c *helmCase, fixed *helmReport, sum *helmSum) {
	sum.renders++
	if lint := r.lint(work, c); lint != c.lint {
		r.Errorf("%s: helm lint says\n%s\ninstead of\n%s", c, lint, c.lint)
	}
	if c.old.err != nil {
		sum.failed++
		return
	}
	r.bothAgree(root, c, sum)
	now := r.renderCase(work, c)
	if now.err != nil {
		r.Errorf("%s does not render any more: %v", c, now.err)
		return
	}
	if len(c.old.objects) != len(now.objects) {
		r.Errorf("%s renders %d objects instead of %d", c, len(now.objects), len(c.old.objects))
		return
	}
	masked := func(int, string) bool { return false }
	if u := unwantedIn(c.old.objects, now.objects, masked); len(u) > 0 {
		masked = maskOf(c.old.objects, r.renderCase(root, c).objects)
	}
	for _, u := range unwantedIn(c.old.objects, now.objects, masked) {
		sum.unwanted++
		r.Errorf("%s: %s", c, u)
	}
	if _, err := r.oracle.judge(c.old.objects, pairSet{}); err != nil {
		sum.failed++ // a pod in it is none; syncgate says so, too
		return
	}
	for i := range c.old.objects {
		r.comparePairs(c, c.old.objects[i], now.objects[i], fixed, sum)
	}
}

// comparePairs sorts the pairs of one object by what became of them.
func (r *helmRate) comparePairs(c *helmCase, old, now map[string]any, fixed *helmReport, sum *helmSum) {
	before, after, asked := r.pairsOf(old), r.pairsOf(now), pairSet{}
	askedFor(old, asked)
	for p := range before {
		n := sum.check(p.check)
		switch {
		case asked[p]:
			n.asked++
		case after[pair{p.apiVersion, p.kind, p.namespace, nameIn(now), p.check}]:
			n.left++
			sum.leave(fixed.reason(c, p), c.String()+": "+p.String())
		case fixed.howOf(c.id, p) == "":
			n.alike++
		case strings.HasPrefix(fixed.howOf(c.id, p), "value "):
			n.value++
		default:
			n.template++
		}
	}
	for p := range after {
		if !before[pair{p.apiVersion, p.kind, p.namespace, nameIn(old), p.check}] {
			r.Errorf("%s: new: %s", c, p)
		}
	}
}

func nameIn(o map[string]any) string {
	meta, _ := o["metadata"].(map[string]any)
	if name := textAt(meta, "name"); name != "" {
		return name
	}
	return textAt(meta, "generateName")
}

// pairsOf are the pairs of one object: upstream's checks, and what the rules beside them want of all containers that
// last.
func (r *helmRate) pairsOf(o map[string]any) pairSet {
	out := pairSet{}
	if _, err := r.oracle.judge([]map[string]any{o}, out); err != nil {
		r.Errorf("%v: %v", o["kind"], err)
	}
	p := pair{apiVersion: textAt(o, "apiVersion"), kind: textAt(o, "kind"), name: nameIn(o)}
	meta, _ := o["metadata"].(map[string]any)
	p.namespace = textAt(meta, "namespace")
	for _, template := range podTemplates(o) {
		spec, _ := template["spec"].(map[string]any)
		for _, check := range lacking(spec) {
			p.check = check
			out[p] = true
		}
	}
	return out
}

// lacking lists what containers of a pod lack beside upstream's checks, under the names of the rules.
func lacking(spec map[string]any) (out []string) {
	system, _ := spec["os"].(map[string]any)
	selector, _ := spec["nodeSelector"].(map[string]any)
	windows := system["name"] == "windows" || selector["kubernetes.io/os"] == "windows"
	whole, _ := spec["resources"].(map[string]any)
	wholeLimits, _ := whole["limits"].(map[string]any)
	for _, list := range []string{"containers", "initContainers"} {
		containers, _ := spec[list].([]any)
		for _, c := range containers {
			c, _ := c.(map[string]any)
			if list == "initContainers" && c["restartPolicy"] != "Always" {
				continue
			}
			own, _ := c["securityContext"].(map[string]any)
			if own["readOnlyRootFilesystem"] != true && !windows {
				out = append(out, "workload/readOnlyRootFilesystem")
			}
			resources, _ := c["resources"].(map[string]any)
			limits, _ := resources["limits"].(map[string]any)
			for _, name := range []string{"cpu", "memory"} {
				if limits[name] == nil && wholeLimits[name] == nil {
					out = append(out, "workload/"+name+"Limit")
				}
			}
		}
	}
	return out
}

// helmReport is what fix says.
type helmReport struct {
	rateReport
	how map[ratePair]string
}

func (r *helmRate) fixHelm(work string) *helmReport {
	var patches struct {
		Patches []struct {
			How      string
			Resolves []rateFinding
		}
		Left []rateFinding
	}
	r.syncgate(work, &patches, "fix", "--format", "json")
	out := &helmReport{how: map[ratePair]string{}, rateReport: rateReport{left: map[ratePair][]string{}}}
	for _, p := range patches.Patches {
		for i := range p.Resolves {
			f := &p.Resolves[i]
			if key := (ratePair{f.Source, f.pair()}); out.how[key] == "" || strings.HasPrefix(out.how[key], "value ") {
				out.how[key] = p.How // of a pair with a template line, the template counts
			}
		}
	}
	for i := range patches.Left {
		f := &patches.Left[i]
		out.left[ratePair{f.Source, f.pair()}] = append(out.left[ratePair{f.Source, f.pair()}], f.Reason)
	}
	return out
}

// howOf is how a pair was mended. Names that differ from render to render are not compared.
func (f *helmReport) howOf(source string, p pair) string {
	if how := f.how[ratePair{source, p}]; how != "" {
		return how
	}
	for q, how := range f.how {
		if q.name = p.name; q == (ratePair{source, p}) {
			return how
		}
	}
	return ""
}

func (f *helmReport) reason(c *helmCase, p pair) string {
	if c.ci != "" && f.left[ratePair{c.id, p}] == nil {
		return "shows only with those values, which nobody deploys"
	}
	return f.reasons(c.id, p)[0]
}

// helmField matches the paths of fields that a fix of a chart may change, and checksums of what was edited.
var helmField = regexp.MustCompile(`\.(securityContext\.(runAsNonRoot|readOnlyRootFilesystem|allowPrivilegeEscalation|` +
	`seccompProfile\.type|capabilities\.drop)|resources\.(limits|requests)\.(cpu|memory)|volumes|volumeMounts|` +
	`automountServiceAccountToken|annotations\.(checksum[/-].*|.*/checksum))$`)

// unwantedIn lists what differs between two renders where nothing may.
func unwantedIn(old, now []map[string]any, masked func(int, string) bool) []string {
	var out []string
	for i := range old {
		for _, at := range leafDifferences(old[i], now[i]) {
			if !helmField.MatchString(at) && !masked(i, at) {
				out = append(out, fmt.Sprintf("%s %s changed at %s", textAt(old[i], "kind"), nameOfObject(old[i]), at))
			}
		}
	}
	return out
}

// maskOf says what differs between two renders of the same.
func maskOf(a, b []map[string]any) func(int, string) bool {
	different := map[string]bool{}
	for i := range min(len(a), len(b)) {
		for _, at := range leafDifferences(a[i], b[i]) {
			different[fmt.Sprint(i, at)] = true
		}
	}
	return func(i int, at string) bool { return different[fmt.Sprint(i, at)] }
}

// leafDifferences are the paths at which objects differ, down to scalars and lists, also in what only one of them has.
func leafDifferences(a, b any) []string {
	var out []string
	var walk func(at string, a, b any)
	walk = func(at string, a, b any) {
		am, aok := a.(map[string]any)
		bm, bok := b.(map[string]any)
		if (aok || a == nil) && (bok || b == nil) && len(am)+len(bm) > 0 {
			keys := maps.Clone(am)
			if keys == nil {
				keys = map[string]any{}
			}
			maps.Copy(keys, bm)
			for _, k := range slices.Sorted(maps.Keys(keys)) {
				walk(at+"."+k, am[k], bm[k])
			}
			return
		}
		if al, ok := a.([]any); ok {
			if bl, ok := b.([]any); ok && len(al) == len(bl) {
				for i := range al {
					walk(fmt.Sprintf("%s[%d]", at, i), al[i], bl[i])
				}
				return
			}
		}
		differ(at, a, b, &out)
	}
	walk("", a, b)
	return out
}

// bothAgree holds our own rendering of a case against the command's.
func (r *helmRate) bothAgree(root string, c *helmCase, sum *helmSum) {
	tree, err := render.OpenTree(root)
	if err != nil {
		r.Fatal(err)
	}
	defer tree.Close()
	src := render.Source{ID: c.id, Path: c.path, Kind: render.KindHelm}
	for _, f := range c.files(root) {
		src.Helm.Values = append(src.Helm.Values, render.ValueLayer{File: f, Encoding: render.EncodingFile})
	}
	ours := objectsOf(r.T, render.Render(tree, src, render.Options{}))
	masked := func(int, string) bool { return false }
	for range 2 {
		different := len(ours) != len(c.old.objects)
		for i := range min(len(ours), len(c.old.objects)) {
			for _, at := range leafDifferences(ours[i], c.old.objects[i]) {
				different = different || !masked(i, at)
			}
		}
		if !different {
			sum.agreed++
			return
		}
		masked = maskOf(c.old.objects, r.renderCase(root, c).objects)
	}
	r.Errorf("%s: the command renders otherwise than we do", c)
}

// flips renders each chart, in process, with each boolean of its values flipped once, before and after. What a variant
// itself sets is what makes it that variant, and stays.
func (r *helmRate) flips(root, work string, sources []rateSource, sum *helmSum) {
	tree, err := render.OpenTree(root)
	if err != nil {
		r.Fatal(err)
	}
	defer tree.Close()
	mended, err := render.OpenTree(work)
	if err != nil {
		r.Fatal(err)
	}
	defer mended.Close()
	var all []render.Source
	for _, s := range sources {
		if s.kind == "helm" {
			all = append(all, r.flipped(root, tree, s)...)
		}
	}
	old, now := r.renderAll(tree, all), r.renderAll(mended, all)
	var again []render.Source
	for _, s := range all {
		a, b := old[s.ID], now[s.ID]
		switch {
		case a.Err != nil:
			continue
		case b.Err != nil || len(a.Objects) != len(b.Objects):
			sum.unwanted++
			r.Errorf("%s: renders otherwise: %v", s.ID, b.Err)
		case len(unwantedIn(objectsOf(r.T, a), objectsOf(r.T, b), func(int, string) bool { return false })) > 0:
			again = append(again, s)
		}
		sum.flips++
	}
	for id, third := range r.renderAll(tree, again) {
		a := objectsOf(r.T, old[id])
		for _, u := range unwantedIn(a, objectsOf(r.T, now[id]), maskOf(a, objectsOf(r.T, third))) {
			sum.unwanted++
			r.Errorf("%s: %s", id, u)
		}
	}
}

// flipped are a source's renders with one boolean flipped.
func (r *helmRate) flipped(root string, tree *render.Tree, s rateSource) (out []render.Source) {
	src := render.Source{ID: s.id, Path: s.path, Kind: render.KindHelm}
	own := map[string]bool{}
	for _, f := range (&helmCase{rateSource: s}).files(root) {
		src.Helm.Values = append(src.Helm.Values, render.ValueLayer{File: f, Encoding: render.EncodingFile})
		eachBool(valuesIn(r.T, filepath.Join(root, f)), "", func(key string, _ bool) { own[key] = true })
	}
	if render.Render(tree, src, render.Options{}).Err != nil {
		return nil
	}
	view, err := render.InspectChart(tree, src, render.Options{})
	if err != nil {
		r.Fatal(err)
	}
	eachBool(map[string]any(view.Values), "", func(key string, on bool) {
		if own[key] {
			return
		}
		x := src
		x.ID = fmt.Sprintf("%s %s=%t", s.id, key, !on)
		x.Helm.Set = []string{fmt.Sprintf("%s=%t", key, !on)}
		out = append(out, x)
	})
	return out
}

func (r *helmRate) renderAll(tree *render.Tree, sources []render.Source) map[string]render.Result {
	pool := render.NewPool(tree, render.Options{}, render.Limits{})
	defer pool.Close()
	out := map[string]render.Result{}
	done := make(chan render.Result)
	var err error
	go func() {
		err = pool.Render(context.Background(), tree, sources, func(res render.Result) { done <- res })
		close(done)
	}()
	for res := range done {
		out[res.Source.ID] = res
	}
	if err != nil {
		r.Fatal(err)
	}
	return out
}
