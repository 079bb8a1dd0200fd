package render

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
	sigsyaml "sigs.k8s.io/yaml"
)

// Render renders one source in this process. Result.Err says what went wrong; the objects are then empty.
//
// It gives no protection against templates that never end or take all memory: see Pool.
func Render(t *Tree, src Source, opts Options) (res Result) {
	res.Source = src
	if opts.KubeVersion == "" {
		opts.KubeVersion = DefaultKubeVersion
	}
	rec := t.Recording()
	defer func() {
		if p := recover(); p != nil {
			res.Objects = nil
			res.Err = &Error{Msg: fmt.Sprintf("rendering panicked: %v", p),
				Hint: "this is a defect of syncgate or of a library; please report it"}
		}
		if res.Err != nil {
			res.Err.Source = src.ID
		}
		res.Read = rec.Seen()
	}()
	var err error
	b := newBudget()
	switch src.Kind {
	case KindPlain:
		res.Objects, res.Empty, res.NotManifests, err = renderPlain(rec, src, opts, b)
	case KindKustomize:
		res.Objects, res.Empty, err = renderKustomize(rec, src, opts, b)
	case KindHelm:
		res.Objects, res.Empty, err = renderHelm(rec, src, opts, b)
	default:
		err = fmt.Errorf("unknown kind of source %q", src.Kind)
	}
	if err != nil {
		res.Objects = nil
		res.Err = asError(err, src)
	}
	return res
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
		out.File, out.Msg = pe.Path, pe.Op+": "+pe.Err.Error()
	}
	return out
}

// nodeText is a document as YAML text, without the "---" before it.
func nodeText(d document) (string, error) {
	if d.node == nil {
		out, err := sigsyaml.JSONToYAML(d.json)
		return string(out), err
	}
	out, err := yaml.Marshal(d.node)
	return strings.TrimPrefix(string(out), "---\n"), err
}
