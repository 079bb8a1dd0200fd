package config

import (
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/check"
)

// defaultStoreKey is where a Secret's values are in a store, unless the config says otherwise.
const defaultStoreKey = "{namespace}/{name}"

// secrets reads what becomes of values that must not be in git.
func (d *decoder) secrets(n *yaml.Node, at string, r *check.SecretRemedy) {
	said := map[string]bool{}
	d.mapping(n, at, fields{
		"to": func(n *yaml.Node) {
			said["to"] = true
			r.To = d.choice(n, at+".to", check.ToSealed, check.ToExternal)
		},
		"cert":  func(n *yaml.Node) { said["cert"], r.Cert = true, d.path(n, at+".cert") },
		"store": func(n *yaml.Node) { said["store"] = true; d.store(n, at+".store", &r.Store) },
	})
	if n.Kind != yaml.MappingNode {
		return
	}
	switch {
	case !said["to"]:
		d.errorf(n, "%s has no to; write sealed or external", at)
	case r.To == check.ToSealed && !said["cert"]:
		d.errorf(n, "%s has no cert; name the file with the controller's certificate, as kubeseal --fetch-cert prints it", at)
	case r.To == check.ToSealed && said["store"]:
		d.errorf(n, "%s has a store, which only to: external uses; take it out", at)
	case r.To == check.ToExternal && !said["store"]:
		d.errorf(n, "%s has no store; name the SecretStore or ClusterSecretStore", at)
	case r.To == check.ToExternal && said["cert"]:
		d.errorf(n, "%s has a cert, which only to: sealed uses; take it out", at)
	}
}

func (d *decoder) store(n *yaml.Node, at string, s *check.Store) {
	s.Kind, s.Key = "SecretStore", defaultStoreKey
	said := false
	d.mapping(n, at, fields{
		"name": func(n *yaml.Node) { said, s.Name = true, d.str(n, at+".name") },
		"kind": func(n *yaml.Node) { s.Kind = d.choice(n, at+".kind", "SecretStore", "ClusterSecretStore") },
		"key": func(n *yaml.Node) {
			s.Key = d.str(n, at+".key")
			if s.Key != "" && !strings.Contains(s.Key, "{name}") {
				d.errorf(n, "%s.key %q: expected {name} in it, such as %s; all Secrets would be one otherwise", at, s.Key, defaultStoreKey)
			}
		},
	})
	if n.Kind == yaml.MappingNode && !said {
		d.errorf(n, "%s has no name", at)
	}
}
