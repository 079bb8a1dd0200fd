package render

import (
	"time"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// kustomizeJSON is a built object as JSON: what a client reads from the text that `kustomize build` prints. The node
// is changed on the way.
//
// The text is YAML that was parsed as YAML 1.2 (yes and on are strings), turned into JSON and printed so that a YAML
// 1.1 reader gets the same values (resource.AsYAML). Doing the same to the node saves printing and parsing twice.
func kustomizeJSON(n *yaml.Node, b *budget) ([]byte, error) {
	if err := settle(n, 0); err != nil {
		return nil, err
	}
	return toJSON(n, b)
}

// settle gives each plain scalar the form in which YAML 1.1 reads what YAML 1.2 means by it.
func settle(n *yaml.Node, depth int) error {
	if depth > maxDepth {
		return &Error{Msg: "nested without end", Limit: true}
	}
	switch n.Kind {
	case yaml.DocumentNode, yaml.SequenceNode:
		for _, c := range n.Content {
			if err := settle(c, depth+1); err != nil {
				return err
			}
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if err := settleKey(n.Content[i], depth); err != nil {
				return err
			}
			if err := settle(n.Content[i+1], depth+1); err != nil {
				return err
			}
		}
	case yaml.ScalarNode:
		return settleScalar(n)
	}
	return nil
}

// settleKey makes a key a string. Below the top level kustomize cannot write any other key as JSON.
func settleKey(k *yaml.Node, depth int) error {
	if k.Kind == yaml.ScalarNode && k.ShortTag() == yaml.MergeTag {
		return nil
	}
	if depth > 0 && (k.Kind != yaml.ScalarNode || k.ShortTag() != yaml.NodeTagString) {
		return &Error{Msg: "json: unsupported type: map[interface {}]interface {}",
			Hint: "the key " + k.Value + " is no string: quote it"}
	}
	asString(k)
	return nil
}

func settleScalar(n *yaml.Node) error {
	switch n.ShortTag() {
	case yaml.NodeTagString:
		asString(n)
	case "!!timestamp":
		var t time.Time
		if err := n.Decode(&t); err != nil {
			return &Error{Msg: err.Error()}
		}
		n.Value = t.Format(time.RFC3339Nano)
		asString(n)
	case "!!binary":
		var s string
		if err := n.Decode(&s); err != nil {
			return &Error{Msg: err.Error()}
		}
		n.Value = s
		asString(n)
	}
	return nil
}

func asString(n *yaml.Node) {
	n.Tag, n.Style = yaml.NodeTagString, yaml.DoubleQuotedStyle
}
