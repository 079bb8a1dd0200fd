//go:build conformance

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

	"sigs.k8s.io/kustomize/api/konfig"
)

// TestPairsConformance compares the pairs of object and upstream check in the JSON report with those that the upstream
// library gives for the output of the helm and kustomize commands, on every chart and kustomization below
// $SYNCGATE_CORPUS that the commands render. What reads that output is pairsOracle, which shares nothing with check.
//
// The first level of $SYNCGATE_CORPUS holds one repository each.
func TestPairsConformance(t *testing.T) {
	corpus := os.Getenv("SYNCGATE_CORPUS")
	if corpus == "" {
		t.Fatal("set SYNCGATE_CORPUS to a directory that holds charts and kustomizations")
	}
	c := pairsTest{T: t, kube: commandKubeVersion(t), home: t.TempDir()}
	for _, level := range []string{"restricted", "baseline"} {
		for _, version := range []string{"latest", "v1.24"} {
			c.policies = append(c.policies, newPairsOracle(t, level, version, c.kube))
		}
	}
	repos, err := os.ReadDir(corpus)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("%-34s %7s %8s %8s %7s %7s %8s %6s   pairs:", "repository", "sources", "compared", "libraries", "failed", "refused", "objects", "pods")
	for _, o := range c.policies {
		fmt.Printf("%20s", o)
	}
	fmt.Println()
	total := newPairsTotals(len(c.policies))
	for _, repo := range repos {
		if repo.IsDir() {
			sum := c.repository(filepath.Join(corpus, repo.Name()))
			sum.print(repo.Name())
			total.add(sum)
		}
	}
	total.print("total")
	if total.compared == 0 || total.pods == 0 {
		t.Errorf("nothing was compared")
	}
}

type pairsTotals struct {
	sources, compared, objects, pods int
	libraries                        int   // charts that nobody installs
	failed                           int   // neither the command nor we render it
	refused                          int   // rendered, but a pod in it is none: both sides say so
	ours, theirs                     []int // pairs, by policy
}

func newPairsTotals(policies int) *pairsTotals {
	return &pairsTotals{ours: make([]int, policies), theirs: make([]int, policies)}
}

func (s *pairsTotals) add(o *pairsTotals) {
	s.sources += o.sources
	s.compared += o.compared
	s.libraries += o.libraries
	s.failed += o.failed
	s.refused += o.refused
	s.objects += o.objects
	s.pods += o.pods
	for i := range s.ours {
		s.ours[i] += o.ours[i]
		s.theirs[i] += o.theirs[i]
	}
}

func (s *pairsTotals) print(name string) {
	if s.sources == 0 {
		return
	}
	fmt.Printf("%-34s %7d %8d %8d %7d %7d %8d %6d         ", name, s.sources, s.compared, s.libraries, s.failed, s.refused, s.objects, s.pods)
	for i := range s.ours {
		fmt.Printf("%20s", fmt.Sprintf("%d = %d", s.ours[i], s.theirs[i]))
	}
	fmt.Println()
}

// pairsTest is what holds for the whole comparison.
type pairsTest struct {
	*testing.T
	kube     string // what both sides render for
	home     string // of the commands
	policies []*pairsOracle
}

// repository compares all charts and kustomizations of one repository.
func (c *pairsTest) repository(root string) *pairsTotals {
	sum := newPairsTotals(len(c.policies))
	found := entriesBelow(c.T, root)
	if len(found) == 0 {
		return sum
	}
	reports := make([]*pairsReport, len(c.policies))
	for i, o := range c.policies {
		reports[i] = c.check(root, o)
	}
	for _, src := range found {
		sum.sources++
		if reason := reports[0].skipped[src.path]; reason == "library chart" {
			sum.libraries++
			continue
		}
		problem, reported := reports[0].sources[src]
		if !reported {
			c.Errorf("%s: the report says nothing about %v", root, src)
			continue
		}
		out, err := c.render(root, src)
		switch {
		case err != nil && problem != "":
			sum.failed++
		case err != nil:
			c.Errorf("%s: %v: the command fails, we do not: %v", root, src, err)
		default:
			c.compare(root, src, out, reports, sum)
		}
	}
	return sum
}

// compare holds what the report says about a source against what upstream says about the command's output.
func (c *pairsTest) compare(root string, src pairEntry, out []byte, reports []*pairsReport, sum *pairsTotals) {
	objects, err := commandObjects(out)
	if err != nil {
		c.Errorf("%s: %v: %v", root, src, err)
		return
	}
	for i, o := range c.policies {
		theirs := pairSet{}
		pods, err := o.judge(objects, theirs)
		problem := reports[i].sources[src]
		if (err != nil) != (problem != "") {
			c.Errorf("%s: %v at %s: we say %q, reading the command's output %v", root, src, o, problem, err)
			return
		}
		if err != nil {
			sum.refused++
			return
		}
		if i == 0 {
			sum.compared++
			sum.objects += len(objects)
			sum.pods += pods
		}
		ours := reports[i].pairs[src]
		sum.ours[i] += len(ours)
		sum.theirs[i] += len(theirs)
		if missed, extra := theirs.minus(ours), ours.minus(theirs); len(missed)+len(extra) > 0 {
			c.Errorf("%s: %v at %s: only upstream forbids %q, only we forbid %q", root, src, o, missed, extra)
		}
	}
}

// pairEntry is a chart or a kustomization.
type pairEntry struct{ kind, path string }

// entriesBelow finds charts and kustomizations by the names of their files.
func entriesBelow(t *testing.T, root string) []pairEntry {
	seen := map[pairEntry]bool{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(p))
		switch dir = filepath.ToSlash(dir); {
		case d.Name() == "Chart.yaml":
			seen[pairEntry{"helm", dir}] = true
		case slices.Contains(konfig.RecognizedKustomizationFileNames(), d.Name()):
			seen[pairEntry{"kustomize", dir}] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b pairEntry) int { return strings.Compare(a.path+a.kind, b.path+b.kind) })
}

// render runs the command.
func (c *pairsTest) render(root string, src pairEntry) ([]byte, error) {
	if src.kind == "helm" {
		return commandOutput(c.home, "helm", "template", filepath.Join(root, src.path), "--include-crds", "--kube-version", c.kube)
	}
	return commandOutput(c.home, "kustomize", "build", "--enable-helm", filepath.Join(root, src.path))
}

// pairsReport is what the JSON report says, by source.
type pairsReport struct {
	sources map[pairEntry]string // and their errors
	skipped map[string]string
	pairs   map[pairEntry]pairSet
}

// check runs syncgate check on a repository.
func (c *pairsTest) check(root string, o *pairsOracle) *pairsReport {
	exe, err := os.Executable()
	if err != nil {
		c.Fatal(err)
	}
	cmd := exec.Command(exe, "check", "--root", root, root, "--all", "--format", "json", "--select", "pss", "--fail-on", "never",
		"--level", o.level, "--level-version", o.version, "--kube-version", c.kube)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || len(out) == 0) {
		c.Fatalf("%v: %v %s", cmd.Args, err, exit.Stderr)
	}
	var report struct {
		Sources []struct{ ID, Path, Kind, Variant, Error string }
		Skipped []struct{ Path, Reason string }
		// Rule is "pss/" and the upstream check's ID.
		Findings []struct {
			Rule, Source string
			Object       struct{ APIVersion, Kind, Namespace, Name string }
		}
	}
	if err := json.Unmarshal(out, &report); err != nil {
		c.Fatalf("%v: %v", cmd.Args, err)
	}
	r := &pairsReport{sources: map[pairEntry]string{}, skipped: map[string]string{}, pairs: map[pairEntry]pairSet{}}
	byID := map[string]pairEntry{}
	for _, s := range report.Sources {
		if s.Variant == "" {
			byID[s.ID] = pairEntry{s.Kind, s.Path}
			r.sources[byID[s.ID]] = s.Error
			r.pairs[byID[s.ID]] = pairSet{}
		}
	}
	for _, s := range report.Skipped {
		r.skipped[s.Path] = s.Reason
	}
	for _, f := range report.Findings {
		if src, ok := byID[f.Source]; ok {
			r.pairs[src][pair{f.Object.APIVersion, f.Object.Kind, f.Object.Namespace, f.Object.Name,
				strings.TrimPrefix(f.Rule, "pss/")}] = true
		}
	}
	return r
}
