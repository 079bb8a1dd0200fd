package fix

import (
	"bytes"
	"crypto/rsa"
	"encoding/json"
	"fmt"

	sealed "github.com/bitnami-labs/sealed-secrets/pkg/apis/sealedsecrets/v1alpha1"
	"github.com/bitnami-labs/sealed-secrets/pkg/kubeseal"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/syncgate/syncgate/check"
)

// Sealer turns values into what only the Sealed Secrets controller that a certificate is of can read, and only in the
// namespace and under the name that they are sealed for (strict scope).
type Sealer struct{ key *rsa.PublicKey }

// NewSealer reads a controller's certificate, PEM as `kubeseal --fetch-cert` prints it. One that has expired is an error.
func NewSealer(cert []byte) (*Sealer, error) {
	key, err := kubeseal.ParseKey(bytes.NewReader(cert))
	if err != nil {
		return nil, fmt.Errorf("%w; get the controller's with kubeseal --fetch-cert", err)
	}
	return &Sealer{key: key}, nil
}

// seal makes the SealedSecret of a Secret whose namespace is known. Sealing a value twice gives two texts.
func (s *Sealer) seal(secret *corev1.Secret) (*check.Planned, error) {
	out, err := sealed.NewSealedSecret(scheme.Codecs, s.key, secret)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(out.Spec)
	if err != nil {
		return nil, err
	}
	var spec map[string]any
	if err := json.Unmarshal(raw, &spec); err != nil {
		return nil, err
	}
	withoutTimestamp(spec)
	return &check.Planned{APIVersion: sealed.SchemeGroupVersion.String(), Kind: "SealedSecret", Namespace: secret.Namespace,
		Name: secret.Name, Spec: spec}, nil
}

// withoutTimestamp takes out the null that encoding writes for a time that nobody set.
func withoutTimestamp(spec map[string]any) {
	template, _ := spec["template"].(map[string]any)
	if meta, ok := template["metadata"].(map[string]any); ok && meta["creationTimestamp"] == nil {
		delete(meta, "creationTimestamp")
	}
}

// external makes the ExternalSecret of a Secret whose values a store holds.
func external(secret *corev1.Secret, store check.Store) *check.Planned {
	var data []any
	for _, key := range keysOfSecret(secret) {
		data = append(data, map[string]any{"secretKey": key,
			"remoteRef": map[string]any{"key": storeKey(store, secret), "property": key}})
	}
	template := map[string]any{}
	if secret.Type != "" {
		template["type"] = string(secret.Type)
	}
	meta := map[string]any{}
	for field, m := range map[string]map[string]string{"labels": secret.Labels, "annotations": secret.Annotations} {
		if len(m) > 0 {
			meta[field] = anyMap(m)
		}
	}
	if len(meta) > 0 {
		template["metadata"] = meta
	}
	target := map[string]any{"name": secret.Name, "creationPolicy": "Owner", "deletionPolicy": "Retain"}
	if len(template) > 0 {
		target["template"] = template
	}
	if secret.Immutable != nil {
		target["immutable"] = *secret.Immutable
	}
	return &check.Planned{APIVersion: "external-secrets.io/v1", Kind: "ExternalSecret", Namespace: secret.Namespace, Name: secret.Name,
		Spec: map[string]any{
			"refreshInterval": "1h",
			"secretStoreRef":  map[string]any{"name": store.Name, "kind": store.Kind},
			"target":          target,
			"data":            data,
		}}
}
