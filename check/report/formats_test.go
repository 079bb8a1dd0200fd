package report

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/syncgate/syncgate/check"
)

func TestUnknownFormat(t *testing.T) {
	err := Write(nil, "yaml", &check.Run{}, Options{})
	if err == nil || !strings.Contains(err.Error(), "expected one of text, json, sarif") {
		t.Errorf("error %v does not name the formats", err)
	}
}

func TestGolden(t *testing.T) {
	for _, format := range []string{"sarif", "junit", "github", "markdown", "html"} {
		t.Run(format, func(t *testing.T) {
			golden(t, format, write(t, format, sampleRun(), Options{Version: "1.2.3", Paths: []string{"apps", "my charts"}}))
		})
	}
}

// many is a run with n findings of its own each.
func many(r *check.Rule, n int) *check.Run {
	run := &check.Run{Sources: cleanRun().Sources}
	for i := range n {
		name := fmt.Sprintf("web-%d", i)
		run.Findings = append(run.Findings, missing(r, "app.yaml", object("Deployment", "", name, "app.yaml"), "web",
			10+i, "resources.limits.memory", "256Mi"))
	}
	return run
}

func sarifSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	f, err := os.Open("testdata/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validSARIF(t *testing.T, s *jsonschema.Schema, out []byte) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(doc); err != nil {
		t.Errorf("not SARIF 2.1.0: %v", err)
	}
}

func TestSARIFSchema(t *testing.T) {
	s := sarifSchema(t)
	for _, run := range []*check.Run{sampleRun(), cleanRun(), {}, hostileRun(hostile[0])} {
		validSARIF(t, s, write(t, "sarif", run, Options{Version: "1.2.3"}))
	}
}

func TestSARIFLimit(t *testing.T) {
	run := many(ruleMemory, sarifResults+7)
	last := missing(ruleNonRoot, "app.yaml", object("Deployment", "", "z", "app.yaml"), "z", 9, "securityContext.x", true)
	run.Findings = append(run.Findings, last, last)
	out := write(t, "sarif", run, Options{})
	validSARIF(t, sarifSchema(t), out)
	var log sarifLog
	if err := json.Unmarshal(out, &log); err != nil {
		t.Fatal(err)
	}
	r := log.Runs[0]
	if len(r.Results) != sarifResults {
		t.Fatalf("%d results, want %d", len(r.Results), sarifResults)
	}
	a, b := r.Results[sarifResults-2], r.Results[sarifResults-1]
	if a.RuleID != ruleNonRoot.ID || b.RuleID != ruleNonRoot.ID {
		t.Error("an error made room for a warning")
	}
	if a.PartialFingerprints["syncgate/v1"] == b.PartialFingerprints["syncgate/v1"] {
		t.Error("two results have one fingerprint")
	}
	if n := r.Invocations[0].Notifications; len(n) != 1 || !strings.HasPrefix(n[0].Message.Text, "9 of 5009 findings") {
		t.Errorf("what was left out is not said: %v", n)
	}
}

func TestJUnitCounts(t *testing.T) {
	var all junitSuites
	if err := xml.Unmarshal(write(t, "junit", sampleRun(), Options{}), &all); err != nil {
		t.Fatal(err)
	}
	if all.Tests != 15 || all.Failures != 6 || all.Errors != 2 || all.Skipped != 1 {
		t.Errorf("%d tests, %d failures, %d errors, %d skipped", all.Tests, all.Failures, all.Errors, all.Skipped)
	}
	if err := xml.Unmarshal(write(t, "junit", sampleRun(), Options{FailOn: check.SeverityWarning}), &all); err != nil {
		t.Fatal(err)
	}
	if all.Failures != 8 {
		t.Errorf("%d failures with --fail-on warning, want 8", all.Failures)
	}
}

func TestGitHubLimit(t *testing.T) {
	run := many(ruleMemory, 25)
	run.Findings = append(run.Findings, many(ruleNonRoot, 12).Findings...)
	run.Failed = sampleRun().Failed
	lines := strings.Split(strings.TrimSpace(string(write(t, "github", run, Options{}))), "\n")
	if len(lines) != 21 || !strings.HasPrefix(lines[0], "::error file=manifests/private,title=") ||
		!strings.HasPrefix(lines[10], "::warning ") || !strings.Contains(lines[20], "3 errors and 15 warnings more") {
		t.Errorf("%d lines:\n%s", len(lines), strings.Join(lines, "\n"))
	}
}

func TestMarkdownBound(t *testing.T) {
	run := many(ruleMemory, 3000)
	for _, bound := range []int{5000, CommentBytes, SummaryBytes} {
		out := string(write(t, "markdown", run, Options{MaxBytes: bound}))
		if len(out) > bound {
			t.Errorf("%d bytes, %d allowed", len(out), bound)
		}
		if strings.Count(out, "<details>") != strings.Count(out, "</details>") {
			t.Error("an element is cut in two")
		}
		rows := strings.Count(out, "must set")
		if rows < 3000 && !strings.Contains(out, fmt.Sprintf("… and %d root causes more", 3000-rows)) {
			t.Errorf("%d rows, and the others are not counted", rows)
		}
	}
}

func TestHTMLBound(t *testing.T) {
	run := many(ruleMemory, pageEntries+3)
	last := missing(ruleNonRoot, "z.yaml", object("Deployment", "", "z", "z.yaml"), "z", 9, "securityContext.x", true)
	run.Findings = append(run.Findings, last)
	out := string(write(t, "html", run, Options{}))
	if n := strings.Count(out, `<li class="entry" data-`); n != pageEntries {
		t.Errorf("%d root causes, want %d", n, pageEntries)
	}
	if !strings.Contains(out, "4 root causes beyond the most severe are left out") {
		t.Error("what is left out is not counted")
	}
	if !strings.Contains(out, "z.yaml:9:9") {
		t.Error("an error made room for a warning")
	}
}
