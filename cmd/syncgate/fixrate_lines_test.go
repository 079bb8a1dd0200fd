//go:build fixrate

package main

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// removedLines fails for lines that git calls removed and whose value did not change.
func (r *rateTest) removedLines(work string) {
	for _, file := range strings.Fields(r.git(work, "diff", "--name-only")) {
		if inChart(work, file) && !slices.Contains(r.kinds, "helm") {
			continue // TestFixrateLines looks at those
		}
		before := r.git(work, "show", "HEAD:"+file)
		after, err := os.ReadFile(filepath.Join(work, file))
		if err != nil {
			r.Fatal(err)
		}
		changed := changedLines([]byte(before), after)
		for _, line := range removedIn(r.git(work, "diff", "-U0", "--no-color", "--", file)) {
			ok := changed[line.number]
			if changed == nil { // a template
				ok = changedValue.MatchString(line.text)
			}
			if !ok && !line.onlyEnds {
				r.Errorf("%s:%d: removed, but its value did not change: %q", file, line.number, line.text)
			}
		}
	}
}

// inChart reports whether a file belongs to a chart.
func inChart(work, file string) bool {
	for dir := path.Dir(file); ; dir = path.Dir(dir) {
		if _, err := os.Stat(filepath.Join(work, dir, "Chart.yaml")); err == nil {
			return true
		}
		if dir == "." {
			return false
		}
	}
}

// changedValue matches lines of a template that hold a value which a fix can change.
var changedValue = regexp.MustCompile(`: *(true|false|\{\}|\[.*\]|\{.*\}|null|~)?\s*(#.*)?$`)

// removedLine is a line of the file before.
type removedLine struct {
	number   int
	text     string
	onlyEnds bool // it is there again, with a comma (JSON) or a line end that it lacked
}

var hunkHead = regexp.MustCompile(`^@@ -(\d+)`)

func removedIn(diff string) (out []removedLine) {
	added := map[string]int{}
	number := 0
	var unended []bool
	last := byte(0)
	for line := range strings.Lines(diff) {
		text := strings.TrimRight(line, "\r\n")
		if m := hunkHead.FindStringSubmatch(text); m != nil {
			fmt.Sscan(m[1], &number)
		}
		was := last
		if last = 0; text != "" {
			last = text[0]
		}
		switch {
		case strings.HasPrefix(text, "--- ") || strings.HasPrefix(text, "+++ "):
		case strings.HasPrefix(text, "-"):
			out, unended = append(out, removedLine{number: number, text: text[1:]}), append(unended, false)
			number++
		case strings.HasPrefix(text, "+"):
			added[text[1:]]++
		case strings.HasPrefix(text, `\`) && len(unended) > 0 && was == '-':
			unended[len(unended)-1] = true
		}
	}
	for i := range out {
		again := out[i].text + ","
		if unended[i] {
			again = out[i].text
		}
		if added[again] > 0 {
			added[again]--
			out[i].onlyEnds = true
		}
	}
	return out
}

// changedLines are the lines on which a value stands that is another one after; nil for what is no YAML.
func changedLines(before, after []byte) map[int]bool {
	old, ok := yamlDocuments(before)
	now, ok2 := yamlDocuments(after)
	if !ok || !ok2 || len(old) != len(now) {
		return nil
	}
	out := map[int]bool{}
	for i := range old {
		compareNodes(old[i], old[i], now[i], out)
	}
	return out
}

func yamlDocuments(data []byte) (out []*yaml.Node, ok bool) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var n yaml.Node
		err := dec.Decode(&n)
		if err != nil {
			return out, err.Error() == "EOF"
		}
		out = append(out, &n)
	}
}

func compareNodes(key, a, b *yaml.Node, changed map[int]bool) {
	if block := a.Kind == yaml.ScalarNode && a.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0; block && a.Value != b.Value {
		within := changedLines([]byte(a.Value), []byte(b.Value))
		for line := range within { // an inline patch
			changed[a.Line+line] = true
		}
		if within != nil {
			return
		}
	}
	flow := a.Style&yaml.FlowStyle != 0 || len(a.Content) == 0
	if a.Kind != b.Kind || flow && !sameValue(a, b) {
		for line := key.Line; line <= a.Line; line++ { // the value may stand below its key
			changed[line] = true
		}
	}
	switch {
	case a.Kind != b.Kind:
	case a.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(a.Content); i += 2 {
			for j := 0; j+1 < len(b.Content); j += 2 {
				if a.Content[i].Value == b.Content[j].Value {
					compareNodes(a.Content[i], a.Content[i+1], b.Content[j+1], changed)
				}
			}
		}
	default:
		for i := range min(len(a.Content), len(b.Content)) {
			compareNodes(a.Content[i], a.Content[i], b.Content[i], changed)
		}
	}
}

func sameValue(a, b *yaml.Node) bool {
	var x, y any
	if a.Decode(&x) != nil || b.Decode(&y) != nil {
		return a.Value == b.Value
	}
	return reflect.DeepEqual(x, y)
}
