package check

import (
	"fmt"
	"strings"

	"github.com/syncgate/syncgate/render"
)

/*
Secrets must not have their values in git.

Fields:

	data.*, stringData.* of objects of kind Secret, apiVersion v1, whatever their type; base64 is decoded

Allowed values: nothing, placeholders (changeme, <password>, $(VAR), ${VAR}, <path:…> of the Argo CD Vault plugin, references to
a store), what SOPS, PGP, age or Ansible Vault encrypted, and what a chart's template makes at random: that is in no file.
SealedSecrets, ExternalSecrets and other kinds hold no value. Where every value may be known to anybody, such as a
certificate, a user name or a repository's URL, it is a warning.

A chart's default is a value like any other: who renders the chart as it is gets a password that everybody can read.
*/
func init() {
	register(&Rule{
		ID:    "secret/plaintext",
		Title: "Secrets must not have their values in git",
		Why: "base64 is no encryption: who can read the repository, a clone or a backup of it has the value, and git's history " +
			"keeps it when the file is gone. A value that was committed must be rotated.",
		Example: Example{
			Bad: `apiVersion: v1
kind: Secret
metadata:
  name: db
stringData:
  password: hunter2`,
			Good: `apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata:
  name: db
  namespace: shop
spec:
  encryptedData:
    password: AgBy3i4OJSWK…`,
		},
		Fix: "with fix.secrets in the config, a Secret that stands in a manifest or in a kustomization's resources becomes a " +
			"SealedSecret (to: sealed) or an ExternalSecret (to: external, once the store holds the values): review, since the " +
			"cluster must have the controller, and the value must be rotated. Secrets that charts or generators make are left to you.",
		Severity: SeverityError,
		OWASP:    []string{"K08"},
		CIS:      []string{"5.4.1", "5.4.2"},
		Check: func(p *Pass) {
			if f, ok := plaintext(p.Object, nil); ok {
				p.remedySecret(&f)
				p.Report(f)
			}
		},
	})
}

// shownKeys is how many keys of a Secret a message names.
const shownKeys = 5

// plaintext is the finding about a Secret, without its remedy; false when there is none. What is known to vary from render
// to render is in no file.
func plaintext(o *render.Object, varies func(render.Path) bool) (Finding, bool) {
	var secret, public []render.Path
	for _, v := range SecretValues(o) {
		switch {
		case v.isPlaceholder(), varies != nil && varies(v.Path()):
		case v.isPublic():
			public = append(public, v.Path())
		default:
			secret = append(secret, v.Path())
		}
	}
	all := append(secret, public...)
	if len(all) == 0 {
		return Finding{}, false
	}
	f := Finding{Path: all[0][:1], Safety: FixManual}
	name := secretName(o)
	if len(secret) == 0 {
		f.Severity = SeverityWarning
		f.Message = fmt.Sprintf("Secret %q need not be one: what it has in git may be known to anybody (%s)", name, someKeys(public))
		f.Advice = "use a ConfigMap where its reader takes one, or exempt it"
		return f, true
	}
	f.Message = fmt.Sprintf("Secret %q must not have its values in git (%s)", name, someKeys(secret))
	return f, true
}

func someKeys(paths []render.Path) string {
	var out []string
	for i, p := range paths {
		if i == shownKeys {
			out = append(out, fmt.Sprintf("and %d more", len(paths)-i))
			break
		}
		out = append(out, p.String())
	}
	return strings.Join(out, ", ")
}

// secretName is what a Secret is called in its file: the name that a generator gives it ends in a hash of its values.
func secretName(o *render.Object) string {
	if o.Generated && o.Ref.Name != "" {
		return o.Ref.Name
	}
	return o.Name
}

// withoutHashes gives generated Secrets the names of their generators in findings.
func withoutHashes(fs []Finding) {
	for i := range fs {
		if o := fs[i].Object; fs[i].Rule.Group() == "secret" && secretName(o) != o.Name {
			named := *o
			named.Name, fs[i].Object = secretName(o), &named
		}
	}
}
