package fix

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	sealed "github.com/bitnami-labs/sealed-secrets/pkg/apis/sealedsecrets/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	kjson "sigs.k8s.io/json"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

// secretOf reads a rendered Secret as the API server does, with what belongs into its replacement: no copy of the values
// that kubectl apply left in an annotation. reason says why it cannot be replaced.
func secretOf(o *render.Object, namespace string) (secret *corev1.Secret, reason string) {
	secret = &corev1.Secret{}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(o.JSON, secret); err != nil {
		return nil, "the API would refuse it: data must be base64, stringData strings" // the error may quote a value
	}
	if secret.Namespace = namespace; namespace == "" {
		return nil, "nobody says which namespace it goes to, and it can be sealed for that alone: write metadata.namespace, or " +
			"namespace for the source in the config's sources"
	}
	for _, scope := range []string{sealed.SealedSecretClusterWideAnnotation, sealed.SealedSecretNamespaceWideAnnotation} {
		if _, ok := secret.Annotations[scope]; ok {
			return nil, fmt.Sprintf("it has the annotation %s, but is sealed for its namespace and name alone: take that out", scope)
		}
	}
	for _, v := range check.SecretValues(o) {
		if v.Replaced() {
			return nil, fmt.Sprintf("something fills in %s on the way to the cluster, and could not do that in sealed text: seal it by hand",
				v.Path())
		}
	}
	sealed.StripLastAppliedAnnotations(secret.Annotations)
	if secret.Data == nil {
		secret.Data = map[string][]byte{}
	}
	for k, v := range secret.StringData {
		secret.Data[k] = []byte(v)
	}
	secret.StringData = nil
	return secret, ""
}

func keysOfSecret(s *corev1.Secret) []string {
	var keys []string
	for k := range s.Data {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// storeKey is where a Secret's values are in a store.
func storeKey(store check.Store, s *corev1.Secret) string {
	return strings.NewReplacer("{namespace}", s.Namespace, "{name}", s.Name).Replace(store.Key)
}

func anyMap(m map[string]string) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		out[k] = v
	}
	return out
}

// sameData reports whether two documents of Secrets have the same keys and values.
func sameData(a, b *render.Object) bool {
	x, y := check.SecretValues(a), check.SecretValues(b)
	return slices.EqualFunc(merged(x), merged(y), func(a, b check.SecretValue) bool { return a.Key == b.Key && a.Value == b.Value })
}

// merged puts stringData over data, as the API server does.
func merged(list []check.SecretValue) []check.SecretValue {
	at := map[string]check.SecretValue{}
	for _, v := range list {
		at[v.Key] = v
	}
	var out []check.SecretValue
	for _, k := range sortedNames(at) {
		out = append(out, at[k])
	}
	return out
}

// sameJSON compares JSON by what it means.
func sameJSON(a, b json.RawMessage) bool {
	var x any
	if json.Unmarshal(a, &x) != nil {
		return false
	}
	same, err := sameObject(x, b)
	return err == nil && same
}
