package check

/*
Pods of the default service account must not get its token.

Fields:

	spec.automountServiceAccountToken
	spec.serviceAccountName, spec.serviceAccount

Wanted: automountServiceAccountToken is false, on the pod or on the ServiceAccount "default" of its namespace, unless the pod
names a service account of its own: who makes one for a workload means it to use the API.

Source: CIS Kubernetes Benchmark 5.1.5 and 5.1.6
*/
func init() {
	register(&Rule{
		ID:    "workload/serviceAccountToken",
		Title: "pods of the default service account must set automountServiceAccountToken=false",
		Why: "the token lets an intruder talk to the API server as the default account, with every right that anybody ever " +
			"gave to it; a program that does not use the API never misses it.",
		Example: Example{
			Bad: `spec:
  containers:
  - name: web`,
			Good: `spec:
  automountServiceAccountToken: false
  containers:
  - name: web`,
		},
		Fix: "sets automountServiceAccountToken=false: review, since a program that calls the Kubernetes API needs it; give that " +
			"one a service account of its own. Where the manifest says true, none is written.",
		Severity: SeverityWarning,
		OWASP:    []string{"K01", "K03"},
		CIS:      []string{"5.1.5", "5.1.6"},
		Check: func(p *Pass) {
			for i := range p.Pods {
				serviceAccountToken(p, &p.Pods[i])
			}
		},
	})
}

func serviceAccountToken(p *Pass, pod *Pod) {
	if len(pod.Containers()) == 0 {
		return // no token is mounted anywhere, and the API server refuses such a pod
	}
	account := pod.Spec.ServiceAccountName
	if account == "" {
		account = pod.Spec.DeprecatedServiceAccount
	}
	mount := pod.Spec.AutomountServiceAccountToken
	if account != "" && account != "default" || mount != nil && !*mount {
		return
	}
	at := pod.SpecPath().Key("automountServiceAccountToken")
	f := Finding{
		Path:    at,
		Value:   written(mount),
		Message: "pod must set automountServiceAccountToken=false, since it runs as the default service account",
		Want:    []Want{Set{Path: at, Value: false}},
		Safety:  FixReview,
		Advice: "test that nothing in the pod calls the Kubernetes API (operators, leader election, kubectl, service discovery); " +
			"what does needs a service account of its own",
		lacks: lacksToken,
	}
	if isTrue(mount) {
		f.Want, f.Safety, f.lacks = nil, FixManual, "" // the pod's word counts for more than the account's
		f.Advice = "the manifest asks for the token: give the workload a service account of its own, or take the line out"
	}
	p.Report(f)
}
