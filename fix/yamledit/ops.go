package yamledit

import (
	"errors"
	"fmt"
	"math"
	"sort"
	"strconv"
	"unicode/utf8"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/render"
)

// Op is one wanted change: a Set, an Append, a Delete or a ReplaceDoc.
//
// A Value is a bool, int, int64, float64, string, []any or map[string]any of such values. A mapping is written with
// "name" first, then alphabetically. A float64 without a fraction is an integer, as it is to kyaml.
type Op interface {
	document() int
	apply(*tree) error
}

// Set makes a field have a value. Missing parent mappings are created, also where the file has null; an existing value is
// changed in place, so that what it shares with the new one keeps its bytes. It changes nothing when the field
// reads so already, be it through an alias or a merge key.
type Set struct {
	Doc   int
	Path  render.Path
	Value any
}

// Append adds a member at the end of a sequence, which is created, with missing parents, where it is absent or null.
// It changes nothing when an equal member is there already.
type Append struct {
	Doc   int
	Path  render.Path
	Value any
}

// Delete removes a key with its value, or an item: whole lines, a comment on them included; comments above stay.
// A collection that loses its last member is written as {} or []. It changes nothing when there is no such field.
type Delete struct {
	Doc  int
	Path render.Path
}

// ReplaceDoc puts Text in the place of all that stands between a document's separators, comments included.
// Text must hold exactly one document, without separators.
type ReplaceDoc struct {
	Doc  int
	Text string
}

func (o Set) document() int        { return o.Doc }
func (o Append) document() int     { return o.Doc }
func (o Delete) document() int     { return o.Doc }
func (o ReplaceDoc) document() int { return o.Doc }

// toNode makes the node that kyaml would make of a Go value.
func toNode(value any) (*yaml.Node, error) {
	switch v := value.(type) {
	case bool:
		return scalarNode(yaml.NodeTagBool, strconv.FormatBool(v)), nil
	case int:
		return scalarNode(yaml.NodeTagInt, strconv.Itoa(v)), nil
	case int64:
		return scalarNode(yaml.NodeTagInt, strconv.FormatInt(v, 10)), nil
	case float64:
		return floatNode(v)
	case string:
		if !utf8.ValidString(v) {
			return nil, errors.New("a string that is not UTF-8 cannot be written")
		}
		return scalarNode(yaml.NodeTagString, v), nil
	case []any:
		n := &yaml.Node{Kind: yaml.SequenceNode, Tag: yaml.NodeTagSeq}
		for _, item := range v {
			c, err := toNode(item)
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, c)
		}
		return n, nil
	case map[string]any:
		n := &yaml.Node{Kind: yaml.MappingNode, Tag: yaml.NodeTagMap}
		for _, key := range sortedKeys(v) {
			c, err := toNode(v[key])
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, scalarNode(yaml.NodeTagString, key), c)
		}
		return n, nil
	}
	return nil, fmt.Errorf("a value of type %T cannot be written", value)
}

func scalarNode(tag, value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
}

func floatNode(v float64) (*yaml.Node, error) {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return nil, fmt.Errorf("the number %v cannot be written", v)
	case v == math.Trunc(v) && math.Abs(v) < 1e15:
		return scalarNode(yaml.NodeTagInt, strconv.FormatInt(int64(v), 10)), nil
	}
	return scalarNode(yaml.NodeTagFloat, strconv.FormatFloat(v, 'g', -1, 64)), nil
}

// sortedKeys puts "name" first: it is what a person looks for in a list of containers or volumes.
func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool {
		if (keys[i] == "name") != (keys[j] == "name") {
			return keys[i] == "name"
		}
		return keys[i] < keys[j]
	})
	return keys
}
