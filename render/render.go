package render

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
	sigsyaml "sigs.k8s.io/yaml"
)

// Render renders one source in this process. Result.Err says what went wrong; the objects are then empty.
//
// It gives no protection against templates that never end or take all memory: see Pool.
func Render(t *Tree, src Source, opts Options) Result { return renderWithin(t, src, opts, Limits{}) }

// renderWithin renders a source within those limits that need no process of its own.
func renderWithin(t *Tree, src Source, opts Options, limits Limits) (res Result) {
	res.Source = src
	if opts.KubeVersion == "" {
		opts.KubeVersion = DefaultKubeVersion
	}
	limits = limits.withDefaults()
	rec := t.Recording()
	rec.quota = &quota{limits: limits}
	defer func() {
		if p := recover(); p != nil {
			res.Err = &Error{File: src.Path, Msg: fmt.Sprintf("rendering panicked: %v", p),
				Hint: "this is a defect of syncgate or of a library; please report it"}
		}
		if res.Err != nil {
			res.Err.Source, res.Objects = src.ID, nil
		}
		res.Read = rec.Seen()
	}()
	for _, f := range src.From {
		rec.Exists(f)
	}
	var err error
	b := limits.budget()
	switch src.Kind {
	case KindPlain:
		res.Objects, res.Empty, res.NotManifests, err = renderPlain(rec, src, opts, b)
	case KindKustomize:
		res.Objects, res.Empty, err = renderKustomize(rec, src, opts, b)
	case KindHelm:
		res.Objects, res.Empty, err = renderHelm(rec, src, opts, b)
	case KindDirectory:
		res.Objects, res.Empty, err = renderDirectory(rec, src, opts, b)
	default:
		if more := registered[src.Kind]; more != nil {
			res.Objects, err = more(rec, src, opts)
			break
		}
		err = fmt.Errorf("unknown kind of source %q", src.Kind)
	}
	res.Doubled = b.doubled
	switch refused := rec.quota.refused(); {
	case refused != nil:
		err = refused
	case err == nil && len(res.Objects) > limits.Objects:
		err = &Error{File: src.Path, Limit: true, Msg: fmt.Sprintf("renders more than %d objects", limits.Objects),
			Hint: "look for ranges that multiply, split it, or raise --max-objects"}
	}
	if err != nil {
		res.NotManifests = ""
		res.Err = asError(err, src)
		res.Err.Msg = withoutContents(strings.TrimPrefix(res.Err.Msg, res.Err.File+" "))
		if res.Err.Hint == "" {
			res.Err.Hint = fallbackHint(src, res.Err.Msg)
		}
	}
	return res
}

// registered are the kinds of sources that other packages render.
var registered = map[Kind]func(*Tree, Source, Options) ([]Object, error){}

// RegisterKind adds a kind of source, which render turns into objects: a pure function of its arguments, as Render is. It is
// called from init functions, so that workers know the kind, too.
func RegisterKind(k Kind, render func(*Tree, Source, Options) ([]Object, error)) {
	registered[k] = render
}

// NewObject makes an object of its JSON, as rendered by a kind of RegisterKind: no file holds it as it is.
func NewObject(raw []byte, file string) (Object, error) {
	list, err := toObjects(document{json: raw}, "")
	if err != nil || len(list) != 1 {
		return Object{}, errors.Join(err, fmt.Errorf("%d objects where one was expected", len(list)))
	}
	o := list[0]
	o.File, o.Generated, o.Doc = file, true, -1
	return o, nil
}

// contents matches what kyaml's messages quote of a file, which may be a secret.
var contents = regexp.MustCompile(`(?s):? node contents:.*$`)

// withoutContents takes out of a message what it quotes of a file's values: a password that begins with * is an alias to YAML.
func withoutContents(msg string) string {
	return yamlAnchor.ReplaceAllString(contents.ReplaceAllString(msg, ""), "unknown anchor referenced")
}

// fallbackHint is what can be said about an error that comes without a hint.
func fallbackHint(src Source, msg string) string {
	switch {
	case strings.Contains(msg, "is no regular file"):
		return "only regular files are read: replace it, or leave it out"
	case strings.Contains(msg, "MiB that are read"):
		return "no manifest is that large: split it, or move it out of what is rendered"
	case strings.Contains(msg, "permission denied"):
		return "make it readable"
	case src.Kind == KindKustomize:
		return "`kustomize build " + src.Path + "` should fail in the same way: correct the place that it names"
	case src.Kind == KindHelm:
		return "`helm template " + src.Path + "` should fail in the same way: correct the place that it names"
	}
	return "correct the file, or leave it out"
}

// asError gives any error the shape of an Error.
func asError(err error, src Source) *Error {
	var e *Error
	if errors.As(err, &e) {
		out := *e
		return &out
	}
	out := &Error{File: src.Path, Msg: err.Error()}
	var pe *fs.PathError
	var le *LeavesRootError
	switch {
	case errors.As(err, &le):
		out.Msg = le.Error()
		out.Hint = "only files inside the repository are read"
	case errors.As(err, &pe):
		out.File, out.Msg = pe.Path, pe.Err.Error()
	}
	return out
}

// nodeText is a document as YAML text, without the "---" before it.
func nodeText(d document) (string, error) {
	node := d.tree()
	if node == nil {
		out, err := sigsyaml.JSONToYAML(d.json)
		return string(out), err
	}
	out, err := yaml.Marshal(node)
	return strings.TrimPrefix(string(out), "---\n"), err
}
