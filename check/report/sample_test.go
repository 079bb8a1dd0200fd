package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares a report with testdata/name.golden.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got); run the test with -update if that is right:\n%s", file, diff)
	}
}

// write renders a report or ends the test.
func write(t testing.TB, format string, run *check.Run, o Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, format, run, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var (
	ruleEscalation = &check.Rule{ID: "pss/allowPrivilegeEscalation", Severity: check.SeverityError,
		Title:   "containers must not gain privileges",
		Why:     "A setuid binary in the image would make a process root.",
		Fix:     "Sets securityContext.allowPrivilegeEscalation=false; safe.",
		Example: check.Example{Bad: "securityContext: {}", Good: "securityContext:\n  allowPrivilegeEscalation: false"},
		OWASP:   []string{"K01"}, CIS: []string{"5.2.6"}}
	ruleNonRoot = &check.Rule{ID: "pss/runAsNonRoot", Severity: check.SeverityError,
		Title: "containers must not run as root", Why: "Root in a container is root on the node once it gets out.",
		Fix: "Sets securityContext.runAsNonRoot=true; review.", OWASP: []string{"K01"}, CIS: []string{"5.2.7"}}
	ruleHost = &check.Rule{ID: "pss/hostNamespaces", Severity: check.SeverityError,
		Title: "pods must not share the node's namespaces", Why: "The pod sees the node's processes and traffic.",
		Fix: "By hand.", OWASP: []string{"K01"}}
	ruleMemory = &check.Rule{ID: "workload/memoryLimit", Severity: check.SeverityWarning,
		Title: "containers should have a memory limit", Why: "One leak takes the node down.",
		Fix: "Sets resources.limits.memory; review."}
	policy = check.Policy{Level: "restricted", Version: "v1.35"}
)

func object(kind, namespace, name, file string) *render.Object {
	api := "apps/v1"
	if kind == "Pod" || kind == "Secret" {
		api = "v1"
	}
	return &render.Object{APIVersion: api, Kind: kind, Namespace: namespace, Name: name, File: file}
}

// missing is a finding about a field that a container lacks.
func missing(r *check.Rule, source string, o *render.Object, container string, line int, field string, v any) check.Finding {
	path := render.Keys("spec", "template", "spec", "containers").At(0)
	p, err := render.ParsePath(field)
	if err != nil {
		panic(err)
	}
	path = append(path, p...)
	f := check.Finding{Rule: r, Severity: r.Severity, Source: source, Policy: policy, Object: o, Container: container,
		Path: path, Message: `container "` + container + `" must set ` + check.Set{Path: p, Value: v}.String(),
		Want: []check.Want{check.Set{Path: path, Value: v}}, Safety: check.FixSafe,
		Origin: render.Origin{File: o.File, Line: line, Column: 9}}
	if r == ruleNonRoot {
		f.Safety, f.Advice = check.FixReview, "test that the image runs with a user other than root; give it a numeric runAsUser "+
			"if it names its user"
	}
	if r == ruleMemory {
		f.Safety, f.Advice = check.FixReview, "test that the workload stays below the limit under load"
	}
	return f
}

// sampleRun is a run with a bit of everything: a base under two overlays, a chart, plain files, failures.
func sampleRun() *check.Run {
	run := &check.Run{
		Sources: []check.SourceReport{
			{Source: render.Source{ID: "apps/web/overlays/dev", Path: "apps/web/overlays/dev", Kind: render.KindKustomize},
				Objects: 6, Pods: 2, Secrets: 1, Other: 3, Policy: policy},
			{Source: render.Source{ID: "apps/web/overlays/prod", Path: "apps/web/overlays/prod", Kind: render.KindKustomize},
				Objects: 7, Pods: 2, Secrets: 1, Other: 4, Policy: policy},
			{Source: render.Source{ID: "charts/api#prod", Path: "charts/api", Kind: render.KindHelm, Variant: "prod"},
				Objects: 3, Pods: 1, Other: 2, Policy: policy},
			{Source: render.Source{ID: "charts/broken", Path: "charts/broken", Kind: render.KindHelm}, Policy: policy,
				Err: &render.Error{Source: "charts/broken", File: "charts/broken/templates/deployment.yaml", Line: 12,
					Msg:  "nil pointer evaluating interface {}.repository",
					Hint: "the chart has no default for .Values.image; add a values file to its variant"}},
			{Source: render.Source{ID: "manifests/agent.yaml", Path: "manifests/agent.yaml", Kind: render.KindPlain},
				Objects: 1, Pods: 1, Policy: check.Policy{Level: "baseline", Version: "v1.35"},
				Policies: []check.PolicyUse{{Policy: check.Policy{Level: "baseline", Version: "v1.35"}, Scope: "agents", Pods: 1}}},
		},
		Skipped: []render.Skipped{
			{Path: "apps/web/base", Reason: "used by apps/web/overlays/dev"},
			{Path: "apps/web/base/deployment.yaml", Reason: "read by the kustomization in apps/web/base"},
			{Path: "apps/web/base/service.yaml", Reason: "read by the kustomization in apps/web/base"},
			{Path: "mkdocs.yml", Reason: "not a Kubernetes manifest"},
		},
		Notices: []check.Notice{{Kind: check.NoticeExpired, File: ".syncgate.yaml", Line: 20,
			Text: "the exemption for pss/hostNamespaces expired on 2025-12-31; 1 finding counts again"}},
		Failed: []*render.Error{{File: "manifests/private", Msg: "permission denied", Hint: "make the directory readable"}},
	}
	base := "apps/web/base/deployment.yaml"
	for _, overlay := range []string{"dev", "prod"} {
		web := object("Deployment", overlay, "web", base)
		source := "apps/web/overlays/" + overlay
		run.Findings = append(run.Findings,
			missing(ruleEscalation, source, web, "web", 17, "securityContext.allowPrivilegeEscalation", false),
			missing(ruleNonRoot, source, web, "web", 17, "securityContext.runAsNonRoot", true),
			missing(ruleMemory, source, web, "web", 24, "resources.limits.memory", "256Mi"))
	}
	api := object("StatefulSet", "", "release-name-api", "charts/api/templates/statefulset.yaml")
	exempt := missing(ruleMemory, "charts/api#prod", api, "api", 31, "resources.limits.memory", "256Mi")
	exempt.Exempt = &check.Exemption{Reason: "sized by the vertical pod autoscaler", By: ".syncgate.yaml:12"}
	run.Findings = append(run.Findings,
		missing(ruleNonRoot, "charts/api#prod", api, "api", 31, "securityContext.runAsNonRoot", true), exempt,
		check.Finding{Rule: ruleHost, Severity: check.SeverityError, Source: "manifests/agent.yaml",
			Policy: check.Policy{Level: "baseline", Version: "v1.35"},
			Object: object("DaemonSet", "monitoring", "agent", "manifests/agent.yaml"),
			Path:   render.Keys("spec", "template", "spec", "hostNetwork"), Value: "true",
			Message: "pod must not set hostNetwork=true", Safety: check.FixManual,
			Advice: "remove hostNetwork and publish the port with a Service, or exempt this agent with a reason",
			Origin: render.Origin{File: "manifests/agent.yaml", Line: 14, Column: 7, Exact: true}})
	return run
}

// cleanRun is a run that found nothing.
func cleanRun() *check.Run {
	return &check.Run{Sources: []check.SourceReport{{Source: render.Source{ID: "app.yaml", Path: "app.yaml",
		Kind: render.KindPlain}, Objects: 2, Pods: 1, Other: 1, Policy: policy}}}
}
