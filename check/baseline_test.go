package check

import (
	"strings"
	"testing"
	"time"

	"github.com/syncgate/syncgate/render"
)

// baselineRun is a run with two findings that have one fingerprint, one of another source, and one about a secret.
func baselineRun() *Run {
	run := &Run{}
	add := func(source string, r *Rule) {
		run.Findings = append(run.Findings, Finding{Rule: r, Source: source, Object: &render.Object{Kind: "Pod", Name: "p"}})
	}
	rule := RuleByID("workload/cpuLimit")
	add("a", rule)
	add("a", rule)
	add("b", rule)
	add("b", &Rule{ID: "secret/env"})
	for _, s := range []string{"a", "b"} {
		run.Sources = append(run.Sources, SourceReport{Source: render.Source{ID: s}})
	}
	return run
}

// exempted counts the findings that do not count.
func exempted(run *Run) int { _, _, n := run.Count(); return n }

func TestBaseline(t *testing.T) {
	data, err := NewBaseline("base.json", baselineRun()).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if text := string(data); strings.Contains(text, "secret") || strings.Count(text, "fingerprint") != 2 || !strings.Contains(text, `"count":2`) {
		t.Errorf("baseline is\n%s", text)
	}
	b, err := ParseBaseline("base.json", data)
	if err != nil {
		t.Fatal(err)
	}
	run := baselineRun()
	rest, stale := b.Tolerate(run, true)
	if again, err := rest.Bytes(); err != nil || string(again) != string(data) || stale != 0 || exempted(run) != 3 {
		t.Errorf("%d stale, %d exempted, %v, and the baseline is now\n%s", stale, exempted(run), err, again)
	}

	run = baselineRun()
	run.Findings = append(run.Findings, run.Findings[0])
	if b.Tolerate(run, true); exempted(run) != 3 {
		t.Errorf("one more of a kind: %d are tolerated, want 3", exempted(run))
	}

	for _, test := range []struct {
		name   string
		change func(*Run)
		whole  bool
		stale  int
		left   int
	}{
		{"one of two is mended", func(r *Run) { r.Findings = r.Findings[1:] }, true, 1, 2},
		{"a source is gone", func(r *Run) { r.Sources, r.Findings = r.Sources[1:], r.Findings[2:] }, true, 2, 1},
		{"a source was not looked at", func(r *Run) { r.Sources, r.Findings = r.Sources[1:], r.Findings[2:] }, false, 0, 2},
		{"a source failed", func(r *Run) { r.Sources[0].Err = &render.Error{}; r.Findings = r.Findings[2:] }, true, 0, 2},
		{"a directory failed", func(r *Run) {
			r.Failed = []*render.Error{{}}
			r.Sources, r.Findings = r.Sources[1:], r.Findings[2:]
		}, true, 0, 2},
		{"all is mended", func(r *Run) { r.Findings = nil }, true, 3, 0},
	} {
		run := baselineRun()
		test.change(run)
		rest, stale := b.Tolerate(run, test.whole)
		if stale != test.stale || len(rest.Entries) != test.left {
			t.Errorf("%s: %d stale and %d entries, want %d and %d", test.name, stale, len(rest.Entries), test.stale, test.left)
		}
	}
}

func TestParseBaseline(t *testing.T) {
	for _, bad := range []string{``, `{`, `[]`, `{"schema": "x"}`, `{"schema": "syncgate.io/baseline/v1", "findings": [{}]}`,
		`{"schema": "syncgate.io/baseline/v1"} {}`, `{"schema": "syncgate.io/baseline/v1", "x": 1}`,
		`{"schema": "syncgate.io/baseline/v1", "findings": [{"fingerprint": "a"}, {"fingerprint": "a"}]}`,
		`{"schema": "syncgate.io/baseline/v1", "findings": [{"fingerprint": "a", "count": -1}]}`,
		`{"schema": "syncgate.io/baseline/v1", "findings": [{"fingerprint": "a", "rule": "secret/env"}]}`} {
		if _, err := ParseBaseline("b.json", []byte(bad)); err == nil || !strings.HasPrefix(err.Error(), "b.json: ") {
			t.Errorf("%s: error is %v", bad, err)
		}
	}
}

func TestWaiverExpires(t *testing.T) {
	last := time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)
	for now, want := range map[time.Time]bool{
		last.Add(-time.Second):     false,
		last:                       false,
		last.Add(24*time.Hour - 1): false,
		last.Add(24 * time.Hour):   true,
		last.Add(24 * time.Hour).In(time.FixedZone("west", -8*3600)): true,
	} {
		if got := (&Waiver{Expires: last}).expired(now); got != want {
			t.Errorf("%v: %v, want %v", now, got, want)
		}
	}
	if (&Waiver{}).expired(last) {
		t.Error("without a date it expires")
	}
}

// TestWaiverCovers states what each field of a waiver matches.
func TestWaiverCovers(t *testing.T) {
	f := &Finding{Rule: RuleByID("workload/cpuLimit"), Container: "web", images: []string{"nginx:1.27"},
		Object: &render.Object{Kind: "Deployment", Name: "shop", File: "base/deployment.yaml"}}
	pod := *f
	pod.Container, pod.images = "", []string{"nginx:1.27", "redis:7"}
	src := &render.Source{Path: "overlays/prod", Namespace: "prod"}
	names := func(p ...string) Globs { return globs(t, NameGlob, p...) }
	paths := func(p ...string) Globs { return globs(t, PathGlob, p...) }
	for _, test := range []struct {
		name      string
		w         Waiver
		one, both bool // covers the container's finding, the pod's
	}{
		{"nothing else", Waiver{}, true, true},
		{"name", Waiver{Objects: names("shop")}, true, true},
		{"kind and name", Waiver{Objects: names("Deployment/sh*")}, true, true},
		{"another kind", Waiver{Objects: names("Pod/shop")}, false, false},
		{"kind", Waiver{Kinds: names("Deployment", "Pod")}, true, true},
		{"namespace", Waiver{Namespaces: names("prod")}, true, true},
		{"another namespace", Waiver{Namespaces: names("dev")}, false, false},
		{"container", Waiver{Containers: names("w*")}, true, false},
		{"image", Waiver{Images: names("nginx:*")}, true, false},
		{"all images", Waiver{Images: names("nginx:*", "redis:*")}, true, true},
		{"source", Waiver{Paths: paths("overlays")}, true, true},
		{"file", Waiver{Paths: paths("base/*.yaml")}, true, true},
		{"another path", Waiver{Paths: paths("apps")}, false, false},
		{"one of two does not match", Waiver{Kinds: names("Deployment"), Objects: names("web")}, false, false},
	} {
		test.w.Rules = []string{"workload/*"}
		if got := test.w.covers(f, src); got != test.one {
			t.Errorf("%s: covers the container: %v", test.name, got)
		}
		if got := test.w.covers(&pod, src); got != test.both {
			t.Errorf("%s: covers the pod: %v", test.name, got)
		}
		test.w.Rules = []string{"pss"}
		if test.w.covers(f, src) {
			t.Errorf("%s: covers another rule", test.name)
		}
	}
}
