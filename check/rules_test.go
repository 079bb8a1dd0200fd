package check

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	yamlutil "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/syncgate/syncgate/render"
)

var update = flag.Bool("update", false, "rewrite testdata/rules/*/*/want.yaml")

const rulesDir = "../testdata/rules"

// wanted is one entry of want.yaml.
type wanted struct {
	Rule      string      `json:"rule"`
	Object    string      `json:"object"`
	Container string      `json:"container,omitempty"`
	Path      render.Path `json:"path"`
	Message   string      `json:"message"`
	Fix       Safety      `json:"fix"`
}

// TestRules holds each rule against its testdata: the findings in bad.yaml are those of want.yaml, good.yaml has none.
func TestRules(t *testing.T) {
	for _, r := range Rules() {
		t.Run(r.ID, func(t *testing.T) {
			dir := filepath.Join(rulesDir, filepath.FromSlash(r.ID))
			got := []wanted{}
			for _, f := range judgeFile(t, filepath.Join(dir, "bad.yaml"), r) {
				got = append(got, wanted{f.Rule.ID, f.Object.ID(), f.Container, f.Path, f.Message, f.Safety})
			}
			if len(got) == 0 {
				t.Errorf("%s: bad.yaml has no finding", dir)
			}
			have, err := yaml.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, "want.yaml")
			if *update {
				if err := os.WriteFile(file, have, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			var want []wanted
			read(t, file, &want)
			if wantText, err := yaml.Marshal(want); err != nil || !bytes.Equal(have, wantText) {
				t.Errorf("%s: findings in bad.yaml are\n%s\nbut want.yaml has\n%s\n(go test ./check -update rewrites it)",
					dir, have, wantText)
			}
			for _, f := range judgeFile(t, filepath.Join(dir, "good.yaml"), r) {
				t.Errorf("%s: good.yaml: %s at %s", dir, f.Message, f.Path)
			}
		})
	}
}

// TestRulesAreComplete wants documentation with every rule, and a rule for every directory of testdata.
func TestRulesAreComplete(t *testing.T) {
	for _, r := range Rules() {
		for field, value := range map[string]string{
			"Title": r.Title, "Why": r.Why, "Example.Bad": r.Example.Bad, "Example.Good": r.Example.Good, "Fix": r.Fix,
			"Severity": string(r.Severity)} {
			if value == "" {
				t.Errorf("rule %s has no %s", r.ID, field)
			}
		}
	}
	dirs, err := filepath.Glob(filepath.Join(rulesDir, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		if id, _ := filepath.Rel(rulesDir, dir); RuleByID(filepath.ToSlash(id)) == nil {
			t.Errorf("%s belongs to no rule", dir)
		}
	}
}

// TestExamples judges the examples of the documentation of rules that look at pods, at both levels.
func TestExamples(t *testing.T) {
	for _, r := range Rules() {
		if r.Group() != "pss" && r.Group() != "workload" {
			continue
		}
		const head = "apiVersion: v1\nkind: Pod\nmetadata: {name: example}\n"
		found := map[bool]int{}
		for good, text := range map[bool]string{false: r.Example.Bad, true: r.Example.Good} {
			for _, level := range []string{"baseline", "restricted"} {
				o := objectOf(t, []byte(head+text))
				found[good] += len(judge(t, Policy{level, "v1.35"}, []*Rule{r}, o))
			}
		}
		if found[false] == 0 {
			t.Errorf("%s: its bad example is not found", r.ID)
		}
		if found[true] > 0 {
			t.Errorf("%s: its good example is found", r.ID)
		}
	}
}

var policyLine = regexp.MustCompile(`(?m)^# policy: (\w+):(v1\.\d+)$`)

// judgeFile judges the documents of a file by one rule. A document is held against restricted:v1.35, unless a line
// such as "# policy: baseline:v1.18" in it says otherwise.
func judgeFile(t *testing.T, file string, r *Rule) []Finding {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("rule %s needs this file: %v", r.ID, err)
	}
	var out []Finding
	docs := yamlutil.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		doc, err := docs.Read()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		pol := Policy{Level: "restricted", Version: "v1.35"}
		if m := policyLine.FindSubmatch(doc); m != nil {
			pol = Policy{Level: string(m[1]), Version: string(m[2])}
		}
		out = append(out, judge(t, pol, []*Rule{r}, objectOf(t, doc))...)
	}
}

// objectOf reads one manifest as rendering would.
func objectOf(t testing.TB, doc []byte) render.Object {
	t.Helper()
	var o struct {
		APIVersion, Kind string
		Metadata         struct{ Namespace, Name string }
	}
	raw, err := yaml.YAMLToJSON(doc)
	if err == nil {
		err = yaml.Unmarshal(raw, &o)
	}
	if err != nil {
		t.Fatalf("%v in\n%s", err, doc)
	}
	return render.Object{APIVersion: o.APIVersion, Kind: o.Kind, Namespace: o.Metadata.Namespace, Name: o.Metadata.Name,
		JSON: raw, Doc: -1}
}

// judge returns the findings of rules in one object.
func judge(t testing.TB, pol Policy, rules []*Rule, o render.Object) []Finding {
	t.Helper()
	judged, failed := Judge(&render.Result{Objects: []render.Object{o}}, pol, rules)
	if failed != nil {
		t.Fatalf("%s: %v", o.ID(), failed)
	}
	return judged.Findings
}

// ofGroup are the rules of some groups.
func ofGroup(groups ...string) []*Rule {
	return slices.DeleteFunc(Rules(), func(r *Rule) bool { return !slices.Contains(groups, r.Group()) })
}

func read(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err == nil {
		err = yaml.UnmarshalStrict(text, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}
