//go:build conformance

package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	sigsyaml "sigs.k8s.io/yaml"
)

// TestHelmConformance compares renderHelm with the helm command on every chart below $SYNCGATE_CORPUS: the same objects
// in the same order, outside fields in which two runs of the command differ; and where the command fails, the same cause.
func TestHelmConformance(t *testing.T) {
	corpus := os.Getenv("SYNCGATE_CORPUS")
	if corpus == "" {
		t.Fatal("set SYNCGATE_CORPUS to a directory that holds charts")
	}
	c := helmCommand{home: t.TempDir()}
	charts := findCharts(t, corpus)
	sets := []struct {
		name string
		only func(chart string) []helmCall
	}{
		{"default", func(string) []helmCall { return []helmCall{{}} }},
		{"names", func(string) []helmCall {
			return []helmCall{{flags: []string{"--namespace", "prod-ns"}, opts: HelmOptions{ReleaseName: "my-rel", Namespace: "prod-ns"}}}
		}},
		{"set", func(string) []helmCall { return []helmCall{setCall} }},
		{"skip-tests", func(string) []helmCall {
			return []helmCall{{flags: []string{"--skip-tests"}, opts: HelmOptions{SkipTests: true}}}
		}},
		{"no-hooks", func(string) []helmCall {
			return []helmCall{{flags: []string{"--no-hooks"}, opts: HelmOptions{NoHooks: true}}}
		}},
		{"skip-crds", func(string) []helmCall { return []helmCall{{noCRDs: true, opts: HelmOptions{SkipCRDs: true}}} }},
		{"upgrade", func(string) []helmCall {
			return []helmCall{{flags: []string{"--is-upgrade", "--skip-schema-validation"}, opts: HelmOptions{IsUpgrade: true, SkipSchema: true}}}
		}},
		{"apis", func(string) []helmCall {
			return []helmCall{{flags: []string{"-a", "monitoring.coreos.com/v1,cert-manager.io/v1,route.openshift.io/v1", "--kube-version", "1.24.3"},
				opts: HelmOptions{KubeVersion: "1.24.3",
					APIVersions: []string{"monitoring.coreos.com/v1", "cert-manager.io/v1", "route.openshift.io/v1"}}}}
		}},
		{"values", otherValues},
	}
	fmt.Printf("%-12s %7s %7s %8s %7s %8s %9s %9s\n", "options", "charts", "renders", "failures", "objects", "masked", "helm", "ours")
	for _, set := range sets {
		var sum helmTotals
		for _, chart := range charts {
			for _, o := range set.only(chart) {
				sum.charts++
				if problem := c.compare(corpus, chart, o, &sum); problem != "" {
					t.Errorf("%s %s: %s", set.name, chart, problem)
				}
			}
		}
		fmt.Printf("%-12s %7d %7d %8d %7d %8d %9s %9s\n", set.name, sum.charts, sum.renders, sum.failures, sum.objects, len(sum.masked),
			sum.theirs.Round(time.Millisecond), sum.ours.Round(time.Millisecond))
		for _, m := range sum.masked {
			t.Logf("%s: differs between two runs of helm: %s", set.name, m)
		}
	}
}

type helmTotals struct {
	charts, renders, failures, objects int
	masked                             []string
	theirs, ours                       time.Duration
}

// helmCall is one way to call both.
type helmCall struct {
	flags  []string
	noCRDs bool
	opts   HelmOptions
}

var setCall = helmCall{
	flags: []string{"--set", "replicaCount=3,nameOverride=nn,a.b[1].c=x\\,y", "--set-string", "podAnnotations.n=12,image.tag=7",
		"--set-json", `nodeSelector={"k":"v"},tolerations=[{"key":"a"}]`, "--set-literal", "podLabels.l=a,b=c"},
	opts: HelmOptions{Set: []string{"replicaCount=3,nameOverride=nn,a.b[1].c=x\\,y"}, SetString: []string{"podAnnotations.n=12,image.tag=7"},
		SetJSON: []string{`nodeSelector={"k":"v"},tolerations=[{"key":"a"}]`}, SetLiteral: []string{"podLabels.l=a,b=c"}},
}

// otherValues are the values files that stand beside a chart, at most four, each alone; and the first two together.
func otherValues(chart string) []helmCall {
	var files []string
	for _, pattern := range []string{"ci/*values*.yaml", "values-*.yaml", "values.*.yaml", "values/*.yaml"} {
		found, _ := filepath.Glob(filepath.Join(os.Getenv("SYNCGATE_CORPUS"), chart, pattern))
		files = append(files, found...)
	}
	if len(files) > 4 {
		files = files[:4]
	}
	one := func(files ...string) (o helmCall) {
		for _, f := range files {
			rel, _ := filepath.Rel(os.Getenv("SYNCGATE_CORPUS"), f)
			_, rel, _ = strings.Cut(rel, "/")
			o.flags = append(o.flags, "-f", f)
			o.opts.Values = append(o.opts.Values, ValueLayer{File: rel, Encoding: EncodingFile})
		}
		return o
	}
	var out []helmCall
	for _, f := range files {
		out = append(out, one(f))
	}
	if len(files) > 1 {
		out = append(out, one(files[0], files[1]))
	}
	return out
}

// findCharts lists chart directories and archives below the corpus, in order.
func findCharts(t *testing.T, corpus string) []string {
	var out []string
	err := filepath.WalkDir(corpus, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(corpus, p)
		switch {
		case d.Name() == "Chart.yaml" && strings.Contains(rel, "/"):
			out = append(out, filepath.Dir(rel))
		case strings.HasSuffix(rel, ".tgz"):
			out = append(out, rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

type helmCommand struct{ home string }

// run gives the command's output, or its complaint.
func (c helmCommand) run(chart string, o helmCall) (string, error) {
	name := o.opts.ReleaseName
	if name == "" {
		name = defaultRelease
	}
	args := append([]string{"template", name, chart, "--kube-version", "1.35.0"}, o.flags...)
	if !o.noCRDs {
		args = append(args, "--include-crds")
	}
	cmd := exec.Command("helm", args...)
	cmd.Env = []string{"HOME=" + c.home, "PATH=" + os.Getenv("PATH"), "HTTPS_PROXY=http://127.0.0.1:1", "HTTP_PROXY=http://127.0.0.1:1"}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", errors.New(stderr.String())
	}
	return stdout.String(), nil
}

// compare renders a chart both ways and says what differs.
func (c helmCommand) compare(corpus, chart string, o helmCall, sum *helmTotals) string {
	repo, rel, _ := strings.Cut(chart, "/")
	start := time.Now()
	first, helmErr := c.run(filepath.Join(corpus, chart), o)
	sum.theirs += time.Since(start)
	tree, err := OpenTree(filepath.Join(corpus, repo))
	if err != nil {
		return err.Error()
	}
	defer tree.Close()
	start = time.Now()
	objects, _, err := renderHelm(tree, Source{Path: rel, Kind: KindHelm, Helm: o.opts}, Options{Text: true}, newBudget())
	sum.ours += time.Since(start)
	if helmErr != nil || err != nil {
		sum.failures++
		return compareErrors(helmErr, err, tree)
	}
	sum.renders++
	want, err := parseManifests(first)
	if err != nil {
		return err.Error()
	}
	sum.objects += len(want)
	got := make([]any, len(objects))
	for i, o := range objects {
		if err := json.Unmarshal(o.JSON, &got[i]); err != nil {
			return err.Error()
		}
		if o.File == "" || !tree.Exists(o.File) {
			return fmt.Sprintf("%s comes from %q, which does not exist", o.ID(), o.File)
		}
		var text any
		if err := sigsyaml.Unmarshal([]byte(o.Text), &text); o.Text != "" && (err != nil || !reflect.DeepEqual(text, got[i])) {
			return fmt.Sprintf("the text of %s does not say what its JSON says", o.ID())
		}
	}
	if reflect.DeepEqual(want, got) {
		return ""
	}
	second, err := c.run(filepath.Join(corpus, chart), o)
	if err != nil {
		return "helm renders only sometimes: " + err.Error()
	}
	again, err := parseManifests(second)
	if err != nil {
		return err.Error()
	}
	return compareMasked(chart, want, again, got, sum)
}
