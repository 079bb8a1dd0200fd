//go:build fixrate

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/syncgate/syncgate/render"
)

// TestFixrate copies each repository below $SYNCGATE_CORPUS, runs `$SYNCGATE_BIN fix` in the copy, renders every entry
// point before and after with the kustomize and helm commands (a manifest is only read), and prints which pairs of
// object and upstream check are gone and why the others are left. What judges is pairsOracle: neither the rendering
// nor the verdicts are ours. It fails for a rendered difference that nothing asked for, a removed line whose value did
// not change, and a second run that finds more to write.
//
// $SYNCGATE_KINDS chooses kinds of sources, such as "plain,kustomize"; $SYNCGATE_RATE is the least part, in percent, of
// the counted pairs of each kind that must go.
func TestFixrate(t *testing.T) {
	r := &rateTest{T: t, bin: os.Getenv("SYNCGATE_BIN"), home: t.TempDir(), total: map[string]*rateSum{},
		oracle: newPairsOracle(t, "restricted", "latest", render.DefaultKubeVersion)}
	corpus := os.Getenv("SYNCGATE_CORPUS")
	if corpus == "" || r.bin == "" {
		t.Fatal("set SYNCGATE_CORPUS to a directory that holds repositories, and SYNCGATE_BIN to the binary")
	}
	kinds := os.Getenv("SYNCGATE_KINDS")
	if kinds == "" {
		kinds = "plain,kustomize" // TestFixrateHelm is for charts
	}
	r.kinds = strings.Split(kinds, ",")
	repos, err := os.ReadDir(corpus)
	if err != nil {
		t.Fatal(err)
	}
	printRateHead()
	for _, d := range repos {
		if d.IsDir() {
			r.repository(filepath.Join(corpus, d.Name()))
		}
	}
	for _, kind := range r.kinds {
		if sum := r.total[kind]; sum != nil {
			sum.line("total", kind)
		}
	}
	goal := 0.0
	if _, err := fmt.Sscan(os.Getenv("SYNCGATE_RATE"), &goal); err != nil && os.Getenv("SYNCGATE_RATE") != "" {
		t.Fatalf("SYNCGATE_RATE: %v", err)
	}
	for _, kind := range r.kinds {
		if sum := r.total[kind]; sum != nil {
			sum.print(kind)
			if sum.part() < goal {
				t.Errorf("%s: %.1f %% are gone, not %.1f %%", kind, sum.part(), goal)
			}
		}
	}
}

// rateTest is what holds for the whole run.
type rateTest struct {
	*testing.T
	bin, home string
	kinds     []string
	oracle    *pairsOracle
	total     map[string]*rateSum // by kind
}

// rateSource is an entry point of a repository.
type rateSource struct{ id, kind, path, variant string }

// repository fixes a copy of one repository.
func (r *rateTest) repository(root string) {
	name := filepath.Base(root)
	work := filepath.Join(r.TempDir(), name)
	r.copy(root, work)
	r.git(work, "init", "-q", ".")
	r.git(work, "add", "-A", "-f")
	r.git(work, "-c", "user.name=fixrate", "-c", "user.email=fixrate@example.com", "commit", "-q", "--allow-empty", "-m", "before")

	start := time.Now()
	sources, findings := r.check(work)
	checked := time.Since(start)
	before := map[string]*rateRender{}
	for _, s := range sources {
		if slices.Contains(r.kinds, s.kind) {
			before[s.id] = r.render(work, s)
		}
	}
	start = time.Now()
	fixed := r.fix(work)
	took := time.Since(start)
	sums := map[string]*rateSum{}
	for _, s := range sources {
		old := before[s.id]
		if old == nil {
			continue
		}
		if sums[s.kind] == nil {
			sums[s.kind] = newRateSum()
		}
		r.compare(work, s, old, findings, fixed, sums[s.kind])
	}
	for _, kind := range slices.Sorted(maps.Keys(sums)) {
		sums[kind].line(name, kind)
		if r.total[kind] == nil {
			r.total[kind] = newRateSum()
		}
		r.total[kind].add(sums[kind])
	}
	r.removedLines(work)
	if again := r.fix(work, "--diff"); len(again.Files) > 0 {
		r.Errorf("%s: a second run finds more to do:\n%.3000s", name, again.Diff)
	}
	if took > 5*checked+5*time.Second {
		fmt.Printf("%s: check took %v, fix %v\n", name, checked.Round(10*time.Millisecond), took.Round(10*time.Millisecond))
	}
}

// rateRender is what a command makes of a source.
type rateRender struct {
	objects []map[string]any
	pairs   pairSet
	err     error
}

// render has a source rendered by the command, and judged.
func (r *rateTest) render(root string, s rateSource) *rateRender {
	out := &rateRender{pairs: pairSet{}}
	text, err := r.command(root, s)
	if err == nil {
		out.objects, err = commandObjects(text)
	}
	if err == nil {
		_, err = r.oracle.judge(out.objects, out.pairs)
	}
	out.err = err
	return out
}

// command renders a source as people do without syncgate.
func (r *rateTest) command(root string, s rateSource) ([]byte, error) {
	at := filepath.Join(root, filepath.FromSlash(s.path))
	switch s.kind {
	case "plain":
		return os.ReadFile(at)
	case "kustomize":
		return commandOutput(r.home, "kustomize", "build", "--enable-helm", at)
	}
	args := []string{"template", at, "--include-crds", "--kube-version", render.DefaultKubeVersion}
	if s.variant != "" {
		args = append(args, "-f", filepath.Join(at, "values-"+s.variant+".yaml"))
	}
	return commandOutput(r.home, "helm", args...)
}

// compare renders a source again, after the fix.
func (r *rateTest) compare(work string, s rateSource, old *rateRender, findings map[ratePair]string, fixed *rateReport, sum *rateSum) {
	sum.sources++
	if old.err != nil {
		sum.failed++
		return
	}
	now := r.render(work, s)
	if now.err != nil {
		r.Errorf("%s does not render any more: %v", s.id, now.err)
		return
	}
	sum.objects += len(old.objects)
	if len(old.objects) != len(now.objects) {
		r.Errorf("%s renders %d objects instead of %d", s.id, len(now.objects), len(old.objects))
		return
	}
	asked := pairSet{}
	for i, o := range old.objects {
		askedFor(o, asked)
		for _, at := range differencesBetween(o, now.objects[i]) {
			if !wantedField.MatchString(at) {
				sum.unwanted++
				r.Errorf("%s: %s %s changed at %s", s.id, textAt(o, "kind"), nameOfObject(o), at)
			}
		}
	}
	for p := range old.pairs {
		c := sum.check(p.check)
		safety := findings[ratePair{s.id, p}]
		switch {
		case asked[p]:
			c.asked++
		case !now.pairs[p] && safety == "safe":
			c.safe++
		case !now.pairs[p]:
			c.review++
		default:
			c.left++
			for _, reason := range fixed.reasons(s.id, p) {
				sum.leave(reason, s.id+": "+p.String())
			}
		}
	}
	for p := range now.pairs {
		if !old.pairs[p] {
			r.Errorf("%s: new: %s", s.id, p)
		}
	}
}

// ratePair is a pair of one source.
type ratePair struct {
	source string
	pair
}

// rateFinding is a finding in a report.
type rateFinding struct {
	Rule, Source, Fix, Reason string
	Object                    struct{ APIVersion, Kind, Namespace, Name string }
}

func (f *rateFinding) pair() pair {
	return pair{f.Object.APIVersion, f.Object.Kind, f.Object.Namespace, f.Object.Name, strings.TrimPrefix(f.Rule, "pss/")}
}

// check lists the entry points, and for each pair the safety of what would mend it: the least safe of its findings.
func (r *rateTest) check(work string) ([]rateSource, map[ratePair]string) {
	var report struct {
		Sources  []struct{ ID, Path, Kind, Variant, Application string }
		Findings []rateFinding
	}
	r.syncgate(work, &report, "check", "--format", "json", "--fail-on", "never")
	var sources []rateSource
	for _, s := range report.Sources {
		if s.Application == "" {
			sources = append(sources, rateSource{s.ID, s.Kind, s.Path, s.Variant})
		}
	}
	findings := map[ratePair]string{}
	for i := range report.Findings {
		f := &report.Findings[i]
		p := ratePair{f.Source, f.pair()}
		if was := findings[p]; was == "" || was == "safe" || was == "review" && f.Fix == "manual" {
			findings[p] = f.Fix
		}
	}
	return sources, findings
}

// rateReport is what fix says.
type rateReport struct {
	Files []struct{ Name string }
	Left  []rateFinding
	Diff  string
	// Failed is what was left alone, since it does not render or cannot be judged.
	Failed []struct{ Source, Error string }

	left map[ratePair][]string
}

func (r *rateTest) fix(work string, args ...string) *rateReport {
	report := &rateReport{left: map[ratePair][]string{}}
	r.syncgate(work, report, append([]string{"fix", "--format", "json"}, args...)...)
	for i := range report.Left {
		f := &report.Left[i]
		p := ratePair{f.Source, f.pair()}
		if !slices.Contains(report.left[p], f.Reason) {
			report.left[p] = append(report.left[p], f.Reason)
		}
	}
	return report
}

// reasons say why a pair is left.
func (f *rateReport) reasons(source string, p pair) []string {
	if why := f.left[ratePair{source, p}]; len(why) > 0 {
		return why
	}
	for _, e := range f.Failed {
		if e.Source == source {
			return []string{"left alone: " + e.Error}
		}
	}
	return []string{"NO REASON WAS GIVEN"}
}

// syncgate runs the binary and decodes what it prints.
func (r *rateTest) syncgate(work string, into any, args ...string) {
	cmd := exec.Command(r.bin, append(args, "-q", "--root", work, work)...)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || len(out) == 0) {
		if exit != nil && strings.Contains(string(exit.Stderr), "nothing to") {
			return
		}
		r.Fatalf("%v: %v", cmd.Args, err)
	}
	if err := json.Unmarshal(out, into); err != nil {
		r.Fatalf("%v: %v", cmd.Args, err)
	}
}

func (r *rateTest) git(work string, args ...string) string {
	cmd := exec.Command("git", append([]string{"-C", work, "-c", "core.autocrlf=false"}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	return string(out)
}

// copy copies a repository; what was read-only becomes writable.
func (r *rateTest) copy(from, to string) {
	err := filepath.WalkDir(from, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(from, p)
		target := filepath.Join(to, rel)
		switch {
		case d.IsDir() && d.Name() == ".git":
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(target, 0o755)
		case d.Type()&fs.ModeSymlink != 0:
			link, err := os.Readlink(p)
			if err != nil {
				return err
			}
			return os.Symlink(link, target)
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o644)
	})
	if err != nil {
		r.Fatal(err)
	}
}
