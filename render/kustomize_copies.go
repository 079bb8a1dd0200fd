package render

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	sigsyaml "sigs.k8s.io/yaml"
)

// copiesDir is the name below which the file system shows the copies of remote files and bases to krusty: a reference
// in DIR's kustomization becomes DIR/.syncgate-remote/ID/…. Nothing of that name is on disk.
const copiesDir = ".syncgate-remote"

// shownCopy is a copy that a kustomization was given in the place of a reference.
type shownCopy struct {
	remote Remote // File and Line say where the reference stands: in the repository, or in another copy
	copy   RemoteCopy
	tree   *Tree
}

// copyRef is a reference of a kustomization to something remote.
type copyRef struct {
	text string
	kind RemoteKind
}

// show makes a copy part of what krusty sees, and returns what a kustomization calls it.
func (f *treeFS) show(k *kustomization, r Remote, c RemoteCopy) error {
	tree, err := f.t.copyTree(c.Dir)
	if err != nil {
		return fmt.Errorf("opening the copy of %s: %w", r.Name(), err)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s", r.Kind, r.Ref))
	id := fmt.Sprintf("%x", sum[:8])
	name := path.Join(copiesDir, id, c.Base)
	if c.File != "" {
		name = path.Join(copiesDir, id, r.fileName())
	}
	if f.copies == nil {
		f.copies = map[string]*shownCopy{}
	}
	f.copies[path.Join(k.dir, copiesDir, id)] = &shownCopy{r, c, tree}
	if k.copies == nil {
		k.copies = map[copyRef]string{}
	}
	k.copies[copyRef{r.Ref, r.Kind}] = name
	return nil
}

// shown is the copy that a name stands in, with the name of its directory; nil for the repository itself.
func (f *treeFS) shown(name string) (dir string, c *shownCopy) {
	at := strings.LastIndex("/"+name+"/", "/"+copiesDir+"/")
	if at < 0 {
		return "", nil
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(name[at+len(copiesDir):], "/"), "/")
	dir = path.Join(name[:at], copiesDir, id)
	return dir, f.copies[dir]
}

// in is the tree that holds a name, what it is called there, and what comes before that.
func (f *treeFS) in(name string) (t *Tree, inner, dir string) {
	dir, c := f.shown(name)
	if c == nil {
		return f.t, name, "."
	}
	inner = strings.TrimPrefix(strings.TrimPrefix(name, dir), "/")
	if c.copy.File != "" && inner == c.remote.fileName() {
		return c.tree, c.copy.File, dir
	}
	return c.tree, path.Clean(inner), dir
}

// full gives an error of a copy's tree the names that krusty knows.
func full(dir string, err error) error {
	var pe *fs.PathError
	var le *LeavesRootError
	switch {
	case dir == "." || err == nil:
		return err
	case errors.As(err, &le):
		return &LeavesRootError{Name: path.Join(dir, le.Name), Target: le.Target}
	case errors.As(err, &pe):
		return &fs.PathError{Op: pe.Op, Path: path.Join(dir, pe.Path), Err: pe.Err}
	}
	return err
}

// checkContained refuses references that lead from a copy into the repository, or from the repository into a copy that
// it does not name by its URL.
func (f *treeFS) checkContained(k *kustomization) error {
	home, _ := f.shown(k.dir)
	for _, r := range k.refs() {
		name := path.Join(k.dir, r.text)
		if path.IsAbs(r.text) {
			name, _ = f.name(r.text)
		}
		if dir, _ := f.shown(name); dir != home {
			return &Error{File: k.file, Line: k.lineOf(r.text), Msg: r.text + " is outside what this kustomization is part of",
				Hint: "a remote base can use what is in its own repository, or name something by its URL"}
		}
	}
	return nil
}

// withCopies puts the names of copies in the place of references. The result is JSON, which kustomize reads the same
// way. A reference that stands where this does not look is found by checkRemotes in what comes out.
func (k *kustomization) withCopies(data []byte) ([]byte, error) {
	raw, err := sigsyaml.YAMLToJSON(data)
	if err != nil {
		return nil, err
	}
	var doc map[string]any
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.UseNumber()
	if err := dec.Decode(&doc); err != nil {
		return nil, err
	}
	for field, v := range doc {
		switch strings.ToLower(field) { // encoding/json matches names in any case, and so does kustomize
		case "resources", "bases", "generators", "transformers", "validators":
			k.swapAll(v, RemoteResource, RemoteBase, RemoteFile)
		case "components":
			k.swapAll(v, RemoteBase)
		case "crds", "configurations", "patchesstrategicmerge":
			k.swapAll(v, RemoteFile)
		case "openapi":
			k.swapIn(v, "path")
		case "patches", "patchesjson6902", "replacements":
			k.swapEach(v, "path")
		case "configmapgenerator", "secretgenerator":
			k.swapEach(v, "files", "envs", "env")
		case "helmcharts":
			k.swapEach(v, "valuesfile")
		}
	}
	return json.Marshal(doc)
}

// swapAll puts copies of one of the kinds in the place of a list's items.
func (k *kustomization) swapAll(v any, kinds ...RemoteKind) {
	list, _ := v.([]any)
	for i := range list {
		if s, ok := list[i].(string); ok {
			list[i] = k.swap(s, kinds...)
		}
	}
}

// swapEach does so in the named fields of each of a list's objects.
func (k *kustomization) swapEach(v any, fields ...string) {
	list, _ := v.([]any)
	for i := range list {
		k.swapIn(list[i], fields...)
	}
}

func (k *kustomization) swapIn(v any, fields ...string) {
	m, _ := v.(map[string]any)
	for name, value := range m {
		for _, field := range fields {
			if !strings.EqualFold(name, field) {
				continue
			}
			if s, ok := value.(string); ok {
				m[name] = k.swap(s, RemoteFile)
			}
			k.swapAll(value, RemoteFile)
		}
	}
}

// swap returns the name of a reference's copy, behind a `key=` that it may have; the reference when it has no copy.
func (k *kustomization) swap(ref string, kinds ...RemoteKind) string {
	key, file, ok := strings.Cut(ref, "=")
	for _, kind := range kinds {
		if name := k.copies[copyRef{ref, kind}]; name != "" {
			return name
		}
		if name := k.copies[copyRef{file, kind}]; name != "" && ok {
			return key + "=" + name
		}
	}
	return ref
}

var shownName = regexp.MustCompile(`[^\s'"]*` + regexp.QuoteMeta(copiesDir) + `/[0-9a-f]+[^\s'":,]*`)

// outside gives an error in a copy the place in the repository that names the copy.
func (f *treeFS) outside(e *Error) *Error {
	out := *e
	for {
		_, c := f.shown(out.File)
		if c == nil {
			break
		}
		out.Msg = "in " + f.publicName(out.File, out.Line) + ": " + out.Msg
		out.File, out.Line = c.remote.File, c.remote.Line
	}
	out.Msg = shownName.ReplaceAllStringFunc(out.Msg, func(name string) string { return f.publicName(name, 0) })
	out.Needs = nil
	for _, r := range e.Needs {
		for _, c := f.shown(r.File); c != nil; _, c = f.shown(r.File) {
			r.File, r.Line = c.remote.File, c.remote.Line
		}
		out.Needs = append(out.Needs, r)
	}
	return &out
}

// publicName is what a message calls a line in a copy: the file and line, and what it is a copy of.
func (f *treeFS) publicName(name string, line int) string {
	_, c := f.shown(name)
	if c == nil {
		return name
	}
	_, inner, _ := f.in(name)
	at := ""
	if line > 0 {
		at = fmt.Sprintf(":%d", line)
	}
	switch {
	case c.copy.File != "" && line > 0:
		return fmt.Sprintf("line %d of %s", line, c.remote.Name())
	case c.copy.File != "" || inner == "." || inner == path.Clean(c.copy.Base):
		return c.remote.Name()
	}
	return inner + at + " of " + c.remote.Name()
}

// origin forgets where an object comes from when that is a copy: nothing in the repository holds it.
func (f *treeFS) origin(o objectOrigin) objectOrigin {
	_, c := f.shown(o.file)
	fetched := c != nil
	for chart := range f.pulled {
		fetched = fetched || under(o.file, chart)
	}
	if fetched {
		o.file, o.generated, o.template = "", false, false
	}
	return o
}
