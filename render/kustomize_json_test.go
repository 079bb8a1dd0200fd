package render

import (
	"encoding/json"
	"math/rand"
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/kyaml/yaml"
	sigsyaml "sigs.k8s.io/yaml"
)

// printed is what a client reads from the text that kustomize prints for a node (resource.AsYAML).
func printed(n *yaml.Node) (any, error) {
	raw, err := yaml.NewRNode(n).MarshalJSON()
	if err != nil {
		return nil, err
	}
	text, err := sigsyaml.JSONToYAML(raw)
	if err != nil {
		return nil, err
	}
	var v any
	return v, sigsyaml.Unmarshal(text, &v)
}

func compareKustomizeJSON(t *testing.T, doc string, n *yaml.Node) {
	t.Helper()
	want, wantErr := printed(yaml.CopyYNode(n))
	raw, _, err := kustomizeJSON(n, newBudget())
	if wantErr != nil || err != nil {
		if (wantErr == nil) != (err == nil) {
			t.Errorf("%q: kustomize says %v, we say %v", doc, wantErr, err)
		}
		return
	}
	var got any
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatalf("%q: %v in %s", doc, err, raw)
	}
	if !reflect.DeepEqual(want, got) {
		t.Errorf("%q: kustomize prints %#v, we have %#v", doc, want, got)
	}
}

func TestKustomizeJSONScalars(t *testing.T) {
	for _, s := range []string{"yes", "on", "y", "N", "off", "true", "True", "~", "null", "Null", "''", `"true"`, "12", "012", "0o14", "0x1F",
		"0b101", "1_000", "+12", "-0", "1e3", "1.50", "1e21", "1e-7", "100000000000000000000", "18446744073709551615", "12345678901234567890",
		"1:30", "190:20:30", "2001-01-01", "2001-01-01T10:00:00Z", "2001-12-14 21:59:43.10 -5", ".5", "5.", ".inf", "-.Inf", ".nan", "!!str 12",
		"!!binary aGk=", "!!int '3'", "!!float 3", "!foo bar", "=", "<<", "0.1", "1.0", "08", "0.", "-", "1.2.3", "0777", "١٢", "!!timestamp 2001-01-01",
		"!!bool yes", "!!null x", "1e400", "a: b", "[yes, 012]", "{on: off}", "{1: a}", "{true: a}", "{null: a}", "{1.5: a}", "{a: }", "{a: , b: c}", "[a, {b: }]", "", "\n    a:\n    b: c", "{a}", "[a: ]",
		"|\n    a\n     b\n", "|+\n    a\n\n", ">\n    a\n    b\n\n      c\n    d\n", ">-\n    a\n      b\n", "\"a\\tb\\u2028\\x7f\\u0085\"", "\"\\ud83d\\ude00\""} {
		doc := "k: " + s + "\nm:\n  n: " + strings.ReplaceAll(s, "\n", "\n  ") + "\n"
		var n yaml.Node
		if err := yaml.Unmarshal([]byte(doc), &n); err != nil {
			continue
		}
		compareKustomizeJSON(t, doc, &n)
	}
}

// TestKustomizeJSONStyles compares values that a program has put into nodes of any style.
func TestKustomizeJSONStyles(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	styles := []yaml.Style{0, yaml.DoubleQuotedStyle, yaml.SingleQuotedStyle, yaml.LiteralStyle, yaml.FoldedStyle}
	parts := []string{"a", "word", " ", "  ", "\n", "\n", "\t", "#", ":", "- ", "é", "\r", "'", "\"", "\\", "|", "yes", "1", ".", "%", "\u2028", "\u0085", "\x7f", "😀"}
	for range 4000 {
		var b strings.Builder
		for range rnd.Intn(9) {
			b.WriteString(parts[rnd.Intn(len(parts))])
		}
		n := &yaml.Node{Kind: yaml.ScalarNode, Value: b.String(), Style: styles[rnd.Intn(len(styles))]}
		if rnd.Intn(3) > 0 {
			n.Tag = yaml.NodeTagString
		}
		root := &yaml.Node{Kind: yaml.MappingNode, Tag: yaml.NodeTagMap, Content: []*yaml.Node{
			{Kind: yaml.ScalarNode, Tag: yaml.NodeTagString, Value: "k"},
			{Kind: yaml.SequenceNode, Style: yaml.FlowStyle * yaml.Style(rnd.Intn(2)), Content: []*yaml.Node{n}},
		}}
		compareKustomizeJSON(t, b.String(), root)
	}
}
