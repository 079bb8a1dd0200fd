package render

import (
	"encoding/base64"
	"math"

	yaml11 "go.yaml.in/yaml/v2"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// yaml11Words are the plain scalars made of letters that YAML 1.1, and so sigs.k8s.io/yaml, does not read as strings.
var yaml11Words = func() map[string]bool {
	m := map[string]bool{"~": true, "null": true, "Null": true, "NULL": true, "": true}
	for _, w := range []string{"y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE",
		"n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"} {
		m[w] = true
	}
	return m
}()

// plainString returns the value of a scalar that certainly is a string, without asking the YAML 1.1 resolver.
func plainString(n *yaml.Node) (string, bool) {
	quoted := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	tagged := n.Style&yaml.TaggedStyle != 0
	if quoted && !tagged {
		return n.Value, true
	}
	if tagged {
		return n.Value, n.ShortTag() == yaml.NodeTagString
	}
	if n.Value == "" {
		return "", n.Tag == yaml.NodeTagString
	}
	if startsWord(n.Value) {
		return n.Value, true
	}
	// A tree built by a program may hold the string "true" in a plain node: it is quoted when it is written.
	if n.Tag == yaml.NodeTagString && (&yaml.Node{Kind: yaml.ScalarNode, Value: n.Value}).ShortTag() != yaml.NodeTagString {
		return n.Value, true
	}
	return "", false
}

// isWord reports whether a plain scalar, which must not be empty, is a string because of how it starts.
func startsWord(s string) bool {
	c := s[0]
	return (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '/') && !yaml11Words[s]
}

// scalarValue resolves a scalar as sigs.k8s.io/yaml does, which reads YAML 1.1.
func scalarValue(n *yaml.Node) any {
	if s, ok := plainString(n); ok {
		return s
	}
	text := n.Value
	if n.Style&yaml.TaggedStyle != 0 {
		if n.ShortTag() == "!!binary" {
			if raw, err := base64.StdEncoding.DecodeString(text); err == nil {
				return string(raw)
			}
		}
		text = n.ShortTag() + " " + text
	}
	var v any
	if err := yaml11.Unmarshal([]byte(text), &v); err != nil {
		return n.Value
	}
	switch x := v.(type) {
	case string, bool, int, int64, uint64, nil:
		return v
	case float64:
		if math.IsInf(x, 0) || math.IsNaN(x) {
			return n.Value
		}
		return v
	}
	return n.Value
}
