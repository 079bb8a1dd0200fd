package render

import (
	"encoding/json"
	"fmt"

	sigsyaml "sigs.k8s.io/yaml"
)

// masked stands for a secret value.
const masked = "*****"

// MaskSecret returns an object's JSON with the values of a Secret's data and stringData masked, and the copy of them
// that kubectl apply keeps in an annotation. Other objects are returned as they are.
func MaskSecret(o *Object) (json.RawMessage, error) {
	if o.Kind != "Secret" {
		return o.JSON, nil
	}
	var m map[string]any
	if err := json.Unmarshal(o.JSON, &m); err != nil {
		return nil, fmt.Errorf("masking %s: %w", o.ID(), err)
	}
	for _, field := range []string{"data", "stringData"} {
		switch data := m[field].(type) {
		case map[string]any:
			for k := range data {
				data[k] = masked
			}
		case nil:
		default:
			m[field] = masked
		}
	}
	if meta, ok := m["metadata"].(map[string]any); ok {
		if notes, ok := meta["annotations"].(map[string]any); ok {
			if _, ok := notes["kubectl.kubernetes.io/last-applied-configuration"]; ok {
				notes["kubectl.kubernetes.io/last-applied-configuration"] = masked
			}
		}
	}
	return json.Marshal(m)
}

// ObjectYAML is an object as YAML with sorted keys.
func ObjectYAML(o *Object) (string, error) {
	out, err := sigsyaml.JSONToYAML(o.JSON)
	return string(out), err
}
