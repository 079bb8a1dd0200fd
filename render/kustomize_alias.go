package render

import (
	"bytes"
	"fmt"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// maxAliased is how many values the documents with aliases of one source may hold once aliases are replaced by copies,
// which is the first thing that kustomize does with a document (kio.ByteReader.AnchorsAweigh).
const maxAliased = 1 << 18

// aliasMeter bounds what aliases expand to in all files of a source.
type aliasMeter struct{ left int }

// check counts a file's documents. Anything that is not YAML passes: it is data to kustomize.
func (m *aliasMeter) check(file string, data []byte) error { return m.text(file, data, 0) }

// text looks at a file, or at text inside one: a patch or the configuration of a plugin, two levels deep at most.
func (m *aliasMeter) text(file string, data []byte, depth int) error {
	if depth > 2 || !indicator(data, '&') || !indicator(data, '*') {
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		if err := dec.Decode(&doc); err != nil {
			return nil
		}
		if hasAlias(&doc) {
			if m.left -= expanded(&doc, map[*yaml.Node]int{}); m.left < 0 {
				return &Error{File: file, Line: doc.Line, Limit: true,
					Msg:  fmt.Sprintf("aliases expand to more than %d values", maxAliased),
					Hint: "look for YAML aliases that multiply"}
			}
		}
		if err := m.inner(file, &doc, depth); err != nil {
			return err
		}
	}
}

func (m *aliasMeter) inner(file string, n *yaml.Node, depth int) error {
	if n.Kind == yaml.ScalarNode && strings.Contains(n.Value, "\n") {
		return m.text(file, []byte(n.Value), depth+1)
	}
	for _, c := range n.Content {
		if err := m.inner(file, c, depth); err != nil {
			return err
		}
	}
	return nil
}

// indicator reports whether c stands where YAML can take it for the start of an anchor or alias.
func indicator(data []byte, c byte) bool {
	for at := 0; ; {
		i := bytes.IndexByte(data[at:], c)
		if i < 0 || at+i+1 == len(data) {
			return false
		}
		i += at
		if (i == 0 || strings.IndexByte(" \t\r\n[{,:-?", data[i-1]) >= 0) && strings.IndexByte(" \t\r\n", data[i+1]) < 0 {
			return true
		}
		at = i + 1
	}
}

func hasAlias(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode {
		return true
	}
	for _, c := range n.Content {
		if hasAlias(c) {
			return true
		}
	}
	return false
}

// expanded counts the nodes below n with aliases replaced by copies, and stops above maxAliased. size remembers what
// the nodes with anchors count.
func expanded(n *yaml.Node, size map[*yaml.Node]int) int {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if s, ok := size[n]; ok {
		return s
	}
	if n.Anchor != "" {
		size[n] = maxAliased + 1 // for an anchor that holds its own alias
	}
	sum := 1
	for _, c := range n.Content {
		if sum += expanded(c, size); sum > maxAliased {
			sum = maxAliased + 1
			break
		}
	}
	if n.Anchor != "" {
		size[n] = sum
	}
	return sum
}
