package render

import (
	"encoding/json"
	"fmt"
	"path"
	"sort"
	"strconv"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	sigsyaml "sigs.k8s.io/yaml"
)

// maxManifests bounds how many documents the templates of one chart give.
const maxManifests = 50_000

// helmOutput makes objects of what a chart gave.
type helmOutput struct {
	chart   *loadedChart
	origins map[string]filePlace // by template name
	opts    HelmOptions
	text    bool
	budget  *budget

	objects []Object
	empty   int
}

// manifest is one document that a template gave.
type manifest struct {
	template string
	text     string
	docs     []document
	head     releaseutil.SimpleHead
	rank     int
	test     bool // a hook that tests the release
}

// collect adds the objects in the order helm template prints them: the chart's CRDs, manifests, hooks.
func (o *helmOutput) collect(files map[string]string) error {
	if !o.opts.SkipCRDs {
		for _, crd := range o.chart.CRDObjects() {
			if err := o.crd(o.chart.at[crd.File], crd.File); err != nil {
				return err
			}
		}
	}
	manifests, hooks, err := o.sort(files)
	if err != nil {
		return err
	}
	for _, m := range manifests {
		if err := o.manifest(m); err != nil {
			return err
		}
	}
	if o.opts.NoHooks {
		return nil
	}
	for _, m := range hooks {
		if m.test && o.opts.SkipTests {
			continue
		}
		if err := o.manifest(m); err != nil {
			return err
		}
	}
	return nil
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
			if count++; count > maxManifests {
				return nil, nil, &Error{File: o.origins[name].path, Limit: true,
					Msg: fmt.Sprintf("the templates give more than %d documents", maxManifests)}
			}
			m := &manifest{template: name, text: text + "\n"}
			if err := o.parse(m); err != nil {
				return nil, nil, err
			}
			events, isHook := "", false
			if m.head.Metadata != nil {
				events, isHook = m.head.Metadata.Annotations[release.HookAnnotation]
			}
			if !isHook {
				manifests = append(manifests, m)
			} else if known := m.hook(events); known {
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
	switch {
	case err == nil && len(m.docs) == 1:
		if m.docs[0].json != nil {
			err = json.Unmarshal(m.docs[0].json, &m.head)
		}
	default:
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
	return nil
}

// hook notes what a hook is for, and reports whether helm knows all its events.
func (m *manifest) hook(events string) bool {
	for _, e := range strings.Split(events, ",") {
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

// manifest adds the objects of one document of a template.
func (o *helmOutput) manifest(m *manifest) error {
	from := o.origins[m.template]
	texts := o.texts(m.docs, m.text)
	for i, d := range m.docs {
		if d.json == nil {
			o.empty++
			continue
		}
		list, err := toObjects(d, texts[i])
		if err != nil {
			return o.manifestError(m, asError(err, Source{}))
		}
		for i := range list {
			list[i].At = nil
			list[i].Doc = -1
		}
		o.add(list, filePlace{path: from.path, packed: true})
	}
	return nil
}

// crd adds the objects of a file of crds/, which is no template.
func (o *helmOutput) crd(from filePlace, f *chart.File) error {
	text := string(f.Data) + "\n" // as helm prints it
	docs, err := decode(f.Name, []byte(text), o.budget)
	if err != nil {
		e := asError(err, Source{})
		return packedError(e, from, path.Join(o.chart.Name(), f.Name))
	}
	texts := o.texts(docs, text)
	for i, d := range docs {
		if d.json == nil {
			o.empty++
			continue
		}
		list, err := toObjects(d, texts[i])
		if err != nil {
			return packedError(asError(atLine(err, "", d), Source{}), from, path.Join(o.chart.Name(), f.Name))
		}
		o.add(list, from)
	}
	return nil
}

// add takes objects that come from a file. The text of the file is not theirs when it is a template or an archive.
func (o *helmOutput) add(list []Object, from filePlace) {
	for i := range list {
		x := &list[i]
		x.File = from.path
		x.Ref = ObjectRef{x.APIVersion, x.Kind, x.Namespace, x.Name}
		if from.packed {
			x.Template, x.Doc, x.At = true, -1, nil
		}
	}
	o.objects = append(o.objects, list...)
}

// texts are the documents as they are written in text, when anybody wants them.
func (o *helmOutput) texts(docs []document, text string) []string {
	out := make([]string, len(docs))
	if !o.text {
		return out
	}
	if len(docs) == 1 {
		out[0] = text
		return out
	}
	for i, d := range docs {
		if d.json != nil {
			out[i], _ = nodeText(d)
		}
	}
	return out
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

// manifestError gives an error the place of the template that rendered to m. Lines of m are none of the template.
func (o *helmOutput) manifestError(m *manifest, e *Error) *Error {
	out := *e
	out.Line = 0
	return packedError(&out, o.origins[m.template], m.template)
}

// packedError gives an error its file, and its place within it when the file is an archive.
func packedError(e *Error, from filePlace, name string) *Error {
	out := *e
	out.File = from.path
	if from.packed {
		if out.Line > 0 {
			name += ":" + strconv.Itoa(out.Line)
		}
		out.Line = 0
		out.Msg = name + ": " + out.Msg
	}
	return &out
}
