package check

import (
	"fmt"
	"strings"

	psaapi "k8s.io/pod-security-admission/api"

	"github.com/syncgate/syncgate/render"
)

/*
Namespaces must say which Pod Security level the API server enforces in them, and only valid things.

Fields:

	metadata.labels["pod-security.kubernetes.io/enforce"]
	metadata.labels["pod-security.kubernetes.io/enforce-version"], and audit, audit-version, warn, warn-version

Wanted: enforce is set. Allowed values: privileged, baseline, restricted; for versions latest and v1.N.

Source: k8s.io/pod-security-admission/api/helpers.go, PolicyToEvaluate
*/
func init() {
	register(&Rule{
		ID:    "namespace/podSecurityLabels",
		Title: "namespaces must have a valid pod-security.kubernetes.io/enforce label",
		Why: "what does not come through this gate, such as a kubectl apply or a controller's pods, is held back only by the " +
			"API server, and that lets everything through unless the namespace says otherwise.",
		Example: Example{
			Bad: `apiVersion: v1
kind: Namespace
metadata:
  name: shop`,
			Good: `apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    pod-security.kubernetes.io/enforce: restricted`,
		},
		Fix: "sets the label to the level that the namespace is held against here: review, since pods that run there today are " +
			"refused when they restart. An invalid label is an error, and left to you.",
		Severity: SeverityWarning,
		OWASP:    []string{"K01", "K04"},
		CIS:      []string{"5.2.1"},
		Check: func(p *Pass) {
			if p.Object.APIVersion == "v1" && p.Object.Kind == "Namespace" {
				checkNamespace(p)
			}
		},
	})
}

func checkNamespace(p *Pass) {
	labels := podSecurityLabels(p.Object)
	if _, ok := labels[psaapi.EnforceLevelLabel]; !ok {
		at := render.Keys("metadata", "labels", psaapi.EnforceLevelLabel)
		p.Report(Finding{
			Path:    at,
			Message: fmt.Sprintf("namespace %q must set the label %s", p.Object.Name, psaapi.EnforceLevelLabel),
			Want:    []Want{Set{Path: at, Value: p.Policy.Level}},
			Safety:  FixReview,
			Advice: fmt.Sprintf("ask the API server first which running pods it would refuse: kubectl label --dry-run=server "+
				"--overwrite namespace NAME %s=%s", psaapi.EnforceLevelLabel, p.Policy.Level),
		})
	}
	_, errs := psaapi.PolicyToEvaluate(labels, psaapi.Policy{})
	for _, e := range errs {
		// upstream writes metadata.labels[key]
		_, key, _ := strings.Cut(strings.TrimSuffix(e.Field, "]"), "[")
		p.Report(Finding{
			Severity: SeverityError,
			Path:     render.Keys("metadata", "labels", key),
			Value:    fmt.Sprint(e.BadValue),
			Message:  fmt.Sprintf("namespace %q must not set the label %s to %q: it %s", p.Object.Name, key, e.BadValue, e.Detail),
			Safety:   FixManual,
			Advice: "write a level (privileged, baseline or restricted) or a version (latest or v1.N): the API server refuses " +
				"the namespace as it is",
		})
	}
}
