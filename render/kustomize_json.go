package render

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"sigs.k8s.io/kustomize/kyaml/yaml"
	sigsyaml "sigs.k8s.io/yaml"
)

// kustomizeJSON is a built object as JSON, whole and its head: what a client reads from the text that `kustomize build`
// prints. The node is changed on the way.
//
// The text is YAML that was parsed as YAML 1.2 (yes and on are strings), turned into JSON and printed so that a YAML
// 1.1 reader gets the same values (resource.AsYAML). Doing the same to the node saves printing and parsing twice.
func kustomizeJSON(n *yaml.Node, b *budget) (raw, head []byte, err error) {
	if err := settle(n, 0, 0, b); err != nil {
		return nil, nil, err
	}
	return toJSON(n, b)
}

// settle gives each plain scalar the form in which YAML 1.1 reads what YAML 1.2 means by it. flow is yaml.FlowStyle
// for what stands within braces or brackets.
func settle(n *yaml.Node, depth int, flow yaml.Style, b *budget) error {
	if depth > b.depth {
		return b.tooDeep(0)
	}
	flow |= n.Style & yaml.FlowStyle
	switch n.Kind {
	case yaml.DocumentNode, yaml.SequenceNode:
		for _, c := range n.Content {
			if err := settle(c, depth+1, flow, b); err != nil {
				return err
			}
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if err := settleKey(n.Content[i], depth); err != nil {
				return err
			}
			if err := settle(n.Content[i+1], depth+1, flow, b); err != nil {
				return err
			}
		}
	case yaml.ScalarNode:
		return settleScalar(n, flow)
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

func settleScalar(n *yaml.Node, flow yaml.Style) error {
	tag := n.ShortTag()
	switch {
	case tag == yaml.NodeTagString && prints(n):
		asString(n)
		return nil
	case tag == yaml.NodeTagNull && n.Value == "" && flow != 0:
		asString(n) // printed as ''
		return nil
	case tag == yaml.NodeTagInt || tag == yaml.NodeTagBool || tag == yaml.NodeTagNull:
		if n.Style&yaml.TaggedStyle == 0 {
			return nil
		}
	case tag == yaml.NodeTagFloat && n.Style&yaml.TaggedStyle == 0:
		if _, err := strconv.ParseFloat(n.Value, 64); err == nil {
			return nil
		}
	}
	return reprint(n, flow)
}

// prints reports whether a string certainly is the same after it was printed and parsed. yaml.v3 changes folded text
// with lines that are indented further, and next-line characters, and cannot read some control characters that it
// prints.
func prints(n *yaml.Node) bool {
	if n.Style&yaml.FoldedStyle != 0 && strings.Contains(n.Value, "\n") || strings.HasPrefix(n.Value, "\t") {
		return false
	}
	for _, r := range n.Value {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r == utf8.RuneError || r == '\ufeff' {
			return false
		}
	}
	return true
}

// reprint gives a scalar the value it has in the text that kustomize prints, by printing it.
func reprint(n *yaml.Node, flow yaml.Style) error {
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: yaml.NodeTagSeq, Style: flow, Content: []*yaml.Node{n}}
	raw, err := yaml.NewRNode(list).MarshalJSON()
	if err != nil {
		return &Error{Msg: err.Error()}
	}
	text, err := sigsyaml.JSONToYAML(raw)
	if err != nil {
		return &Error{Msg: err.Error()}
	}
	var values []any
	if err := sigsyaml.Unmarshal(text, &values); err != nil || len(values) != 1 {
		return &Error{Msg: fmt.Sprintf("a value cannot be printed: %v", err)}
	}
	if s, ok := values[0].(string); ok {
		n.Value = s
		asString(n)
		return nil
	}
	value, err := json.Marshal(values[0])
	n.Value, n.Tag, n.Style = string(value), "", 0
	return err
}

func asString(n *yaml.Node) {
	n.Tag, n.Style = yaml.NodeTagString, yaml.DoubleQuotedStyle
}
