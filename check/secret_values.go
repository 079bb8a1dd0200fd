package check

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"

	"github.com/syncgate/syncgate/render"
)

// SecretValue is one entry of a Secret.
type SecretValue struct {
	Field, Key string // data or stringData, and the key in it
	Written    string // as it is written: base64 in data
	Value      string // as the cluster has it
}

// Path is where the value stands in its Secret.
func (v *SecretValue) Path() render.Path { return render.Keys(v.Field, v.Key) }

// SecretValues lists the entries of a Secret, sorted by field and key; none for other objects. What is no base64 in data,
// which the API server refuses, counts as it is written. Values that are no strings count as text.
func SecretValues(o *render.Object) []SecretValue {
	if o.Kind != "Secret" || o.APIVersion != "v1" {
		return nil
	}
	var s map[string]json.RawMessage
	if json.Unmarshal(o.JSON, &s) != nil {
		return nil
	}
	var out []SecretValue
	for _, field := range []string{"data", "stringData"} {
		var m map[string]any
		if json.Unmarshal(s[field], &m) != nil {
			continue
		}
		for k, v := range m {
			if v == nil {
				continue
			}
			e := SecretValue{Field: field, Key: k, Written: textOf(v)}
			e.Value = e.Written
			if raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(e.Written)); field == "data" && err == nil {
				e.Value = string(raw)
			}
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b SecretValue) int {
		if a.Field != b.Field {
			return strings.Compare(a.Field, b.Field)
		}
		return strings.Compare(a.Key, b.Key)
	})
	return out
}

func textOf(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case map[string]any, []any:
		raw, err := json.Marshal(x)
		if err != nil {
			return ""
		}
		return string(raw)
	}
	return fmt.Sprint(v)
}

// isPlaceholder reports whether the entry holds no value of its own.
func (v *SecretValue) isPlaceholder() bool { return isPlaceholder(v.Value) || isPlaceholder(v.Written) }

// isPublic reports whether anybody may know the value, by its form or by what its key says: certificates and public keys,
// yes and no, names, addresses without a password.
func (v *SecretValue) isPublic() bool {
	s := strings.TrimSpace(v.Value)
	switch strings.ToLower(s) {
	case "true", "false", "yes", "no":
		return true
	}
	if publicPEM(s) {
		return true
	}
	words := wordsOf(v.Key)
	if len(words) == 0 || !publicWords[words[len(words)-1]] || slices.ContainsFunc(words, func(w string) bool { return secretWords[w] }) {
		return false
	}
	return len(s) < 200 && !strings.ContainsAny(s, "\n?") && !hasUserinfo(s) && !holdsCredential(s)
}

// publicWords are last words of keys whose value is no credential.
var publicWords = set("user", "username", "usr", "email", "host", "hostname", "port", "name", "database", "dbname", "type", "project",
	"namespace", "region", "bucket", "url", "uri", "endpoint", "server", "issuer", "domain")

// publicPEM reports whether a text is nothing but PEM blocks that are made to be shown.
func publicPEM(s string) bool {
	rest, n := []byte(s), 0
	for {
		block, after := pem.Decode(rest)
		if block == nil {
			return n > 0 && strings.TrimSpace(string(rest)) == ""
		}
		switch block.Type {
		case "CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CRL", "CERTIFICATE REQUEST", "PUBLIC KEY", "RSA PUBLIC KEY":
		default:
			return false
		}
		rest, n = after, n+1
	}
}

func set(words ...string) map[string]bool {
	out := map[string]bool{}
	for _, w := range words {
		out[w] = true
	}
	return out
}

// Replaced reports whether a tool fills in the value, or a part of it, on the way to the cluster: it must find it there.
func (v *SecretValue) Replaced() bool {
	for _, s := range []string{strings.TrimSpace(v.Value), strings.TrimSpace(v.Written)} {
		if encrypted.MatchString(s) || reference.MatchString(s) || substituted.MatchString(s) {
			return true
		}
		if s != "" && !strings.ContainsFunc(withoutTokens(s), isAlnum) && strings.ContainsFunc(s, isAlnum) {
			return true
		}
	}
	return false
}
