package render

import (
	"encoding/json"
	"fmt"
	"path"
	"sort"
	"strings"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	sigsyaml "sigs.k8s.io/yaml"
)

// manifest is one document that a template gave.
type manifest struct {
	template string
	text     string
	docs     []document
	head     releaseutil.SimpleHead
	rank     int
	test     bool // a hook that tests the release
}

// sort splits the output of the templates into documents and orders them (pkg/releaseutil/manifest_sorter.go
// SortManifests with InstallOrder, which parses every document once more and builds a map for each comparison).
// Hooks that helm does not know are dropped, as helm drops them.
func (o *helmOutput) sort(files map[string]string) (manifests, hooks []*manifest, err error) {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	count := 0
	for _, name := range names {
		if strings.HasPrefix(path.Base(name), "_") || strings.TrimSpace(files[name]) == "" {
			continue
		}
		for _, text := range splitManifests(files[name]) {
			if count++; count > o.budget.maxDocuments {
				return nil, nil, &Error{File: o.origins[name].path, Limit: true,
					Msg:  fmt.Sprintf("the templates give more than %d documents", o.budget.maxDocuments),
					Hint: "look for ranges that multiply, or raise --max-objects"}
			}
			m := &manifest{template: name, text: text + "\n"}
			if err := o.parse(m); err != nil {
				return nil, nil, err
			}
			switch {
			case !m.isHook():
				manifests = append(manifests, m)
			case m.knownHook():
				hooks = append(hooks, m)
			}
		}
	}
	inInstallOrder(manifests)
	inInstallOrder(hooks)
	return manifests, hooks, nil
}

// parse reads a manifest and its head. What helm cannot read is an error, with helm's message.
func (o *helmOutput) parse(m *manifest) error {
	var err error
	if m.docs, err = decode("", []byte(m.text), o.budget); err != nil {
		if e := asError(err, Source{}); e.Limit {
			return o.manifestError(m, e)
		}
	}
	simple := err == nil && len(m.docs) == 1
	if simple && m.docs[0].json != nil {
		simple = json.Unmarshal(m.docs[0].short(), &m.head) == nil && !m.isHook()
	}
	if !simple {
		// Exactly as helm reads it: a number is a string where a string is wanted, and what makes a hook decides
		// whether the object counts at all.
		m.head = releaseutil.SimpleHead{}
		if e := sigsyaml.Unmarshal([]byte(m.text), &m.head); e != nil {
			err = e
		}
	}
	if err != nil {
		e := yamlCause(err)
		e.Hint = "what this template renders to is no YAML object"
		if e.Line > 0 {
			e.Msg = fmt.Sprintf("yaml: line %d: %s", e.Line, e.Msg)
			e.Hint = fmt.Sprintf("line %d of what this template renders to is no YAML: see it with `helm template --debug`", e.Line)
		}
		return o.manifestError(m, e)
	}
	m.rank = installRank(m.head.Kind)
	if !o.text { // nothing else asks for the nodes, which take ten times the memory of the text
		for i := range m.docs {
			m.docs[i].node, m.docs[i].stream = nil, nil
		}
	}
	return nil
}

// isHook reports whether a manifest says that it is a hook, of whatever kind.
func (m *manifest) isHook() bool {
	if m.head.Metadata == nil {
		return false
	}
	_, ok := m.head.Metadata.Annotations[release.HookAnnotation]
	return ok
}

// knownHook notes what a hook is for, and reports whether helm knows all its events.
func (m *manifest) knownHook() bool {
	for _, e := range strings.Split(m.head.Metadata.Annotations[release.HookAnnotation], ",") {
		switch release.HookEvent(strings.ToLower(strings.TrimSpace(e))) {
		case release.HookTest, "test-success":
			m.test = true
		case release.HookPreInstall, release.HookPostInstall, release.HookPreDelete, release.HookPostDelete,
			release.HookPreUpgrade, release.HookPostUpgrade, release.HookPreRollback, release.HookPostRollback:
		default:
			return false
		}
	}
	return true
}

var installOrder = func() map[string]int {
	m := make(map[string]int, len(releaseutil.InstallOrder))
	for i, k := range releaseutil.InstallOrder {
		m[k] = i
	}
	return m
}()

// installRank is a kind's place in helm's install order; unknown kinds come last.
func installRank(kind string) int {
	if i, ok := installOrder[kind]; ok {
		return i
	}
	return len(installOrder)
}

// inInstallOrder sorts as pkg/releaseutil/kind_sorter.go: unknown kinds by name, else as they stood.
func inInstallOrder(list []*manifest) {
	sort.SliceStable(list, func(i, j int) bool {
		a, b := list[i], list[j]
		if a.rank != b.rank {
			return a.rank < b.rank
		}
		return a.rank == len(installOrder) && a.head.Kind < b.head.Kind
	})
}

// splitManifests splits the output of a template into documents, trimmed, as helm does (pkg/releaseutil/manifest.go
// SplitManifests): where a line begins with "---", wherever that is, with the white space around it. An empty document
// between two separators that share one line break stays part of the next.
func splitManifests(text string) []string {
	text = strings.TrimSpace(text)
	var out []string
	add := func(s string) {
		if s != "" {
			out = append(out, strings.TrimSpace(s))
		}
	}
	start, from := 0, 0
	for {
		i := strings.Index(text[from:], "---")
		if i < 0 {
			add(text[start:])
			return out
		}
		i += from
		if i > 0 && (i == start || text[i-1] != '\n') {
			from = i + 1
			continue
		}
		add(strings.TrimRight(text[start:i], manifestSpace))
		start = i + 3 + leading(text[i+3:])
		from = start
	}
}

// manifestSpace is what \s matches in a Go regular expression.
const manifestSpace = " \t\n\f\r"

func leading(s string) int { return len(s) - len(strings.TrimLeft(s, manifestSpace)) }
