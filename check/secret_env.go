package check

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/syncgate/syncgate/render"
)

/*
Containers must not get credentials as plain values of their environment.

Fields:

	spec.containers[*].env[*].value
	spec.initContainers[*].env[*].value
	spec.ephemeralContainers[*].env[*].value

A value is a credential when it matches a pattern of gitleaks (https://github.com/gitleaks/gitleaks), when it is a URL with a
password, or when its name says so (PASSWORD, TOKEN, API_KEY …) and it has the form of one. Allowed values: those that
secret/plaintext allows, references such as $(VAR), paths, and valueFrom.
*/
func init() {
	register(&Rule{
		ID:    "secret/env",
		Title: "containers must not have credentials as values in env",
		Why: "the value is in git and its history, and in every copy of the pod's manifest: who may read Deployments or describe " +
			"pods has it. A value that was committed must be rotated.",
		Example: Example{
			Bad: `spec:
  containers:
  - name: web
    env:
    - name: DB_PASSWORD
      value: hunter2`,
			Good: `spec:
  containers:
  - name: web
    env:
    - name: DB_PASSWORD
      valueFrom:
        secretKeyRef:
          name: web-env
          key: DB_PASSWORD`,
		},
		Fix: "with fix.secrets to: sealed in the config, the value becomes a secretKeyRef to a new SealedSecret in the workload's file: " +
			"review, since the cluster must have the controller, and the value must be rotated. In charts it is left to you.",
		Severity: SeverityError,
		OWASP:    []string{"K08"},
		CIS:      []string{"5.4.1"},
		Check: func(p *Pass) {
			for _, e := range credentialsInEnv(p.Pods) {
				f := Finding{
					Container: e.Container.Name,
					Path:      e.Path,
					Message:   fmt.Sprintf("container %q must not have the credential %s as a value in env", e.Container.Name, e.Name),
					Safety:    FixManual,
					member:    e.Name,
				}
				p.remedySecret(&f)
				p.Report(f)
			}
		},
	})
}

// envCredential is a variable of a container whose value is a credential.
type envCredential struct {
	Container Container
	corev1.EnvVar
	Path render.Path // of the value
}

func credentialsInEnv(pods []Pod) []envCredential {
	var out []envCredential
	for i := range pods {
		for _, c := range pods[i].Containers() {
			for j, e := range c.Env {
				if e.Value != "" && credentialIn(e.Name, e.Value) != "" {
					out = append(out, envCredential{c, e, c.Path.Key("env").At(j).Key("value")})
				}
			}
		}
	}
	return out
}
