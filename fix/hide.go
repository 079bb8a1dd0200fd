package fix

import (
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/fix/yamledit"
)

// hide masks secret values in a file of the repository: those that are known by what is rendered, wherever they stand, and
// all data of Secrets by where it stands, since YAML has many ways to write a text. Lines stay lines.
func hide(text string, secrets *check.Values) string {
	lines := strings.SplitAfter(text, "\n")
	for _, at := range dataLines(text, lines) {
		line := strings.TrimRight(lines[at-1], "\r\n")
		key, rest, ok := strings.Cut(line, ":")
		switch {
		case ok && (strings.TrimSpace(rest) == "" || !strings.HasPrefix(rest, " ")):
			continue
		case ok && isKey(key):
			lines[at-1] = key + ": *****" + lines[at-1][len(line):]
		case strings.TrimSpace(line) != "":
			lines[at-1] = line[:len(line)-len(strings.TrimLeft(line, " \t"))] + "*****" + lines[at-1][len(line):]
		}
	}
	return secrets.Mask(strings.Join(lines, ""))
}

// isKey reports whether a text before a colon can be a key of a Secret, with its indentation.
func isKey(s string) bool {
	return secretKey.MatchString(strings.Trim(strings.TrimSpace(s), `"'`))
}

// dataLines are the lines, from 1, on which values in data and stringData of the Secrets in a file stand. None are known in a
// file that is no YAML, such as a template.
func dataLines(text string, lines []string) []int {
	f, err := yamledit.Parse([]byte(text))
	if err != nil {
		return nil
	}
	var out []int
	for i := range f.Len() {
		root := f.Root(i)
		if root == nil {
			continue
		}
		end := root.Line // the line before the next separator
		for end < len(lines) && !strings.HasPrefix(lines[end], "---") && !strings.HasPrefix(lines[end], "...") {
			end++
		}
		secretLines(root, end, &out)
	}
	return out
}

// secretLines collects the lines of the data of a Secret, or of those in a List, in a node that ends at the latest on a line.
func secretLines(n *yaml.Node, end int, out *[]int) {
	if n.Kind != yaml.MappingNode {
		return
	}
	if text(n, "kind") != "Secret" {
		list := items(n, "items")
		for i, item := range list {
			last := end
			if i+1 < len(list) {
				last = list[i+1].Line - 1
			}
			secretLines(item, last, out)
		}
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if key := n.Content[i].Value; key != "data" && key != "stringData" {
			continue
		}
		last := end
		if i+2 < len(n.Content) {
			last = n.Content[i+2].Line - 1
		}
		for line := n.Content[i+1].Line; line <= last; line++ {
			*out = append(*out, line)
		}
	}
}
