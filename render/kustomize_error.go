package render

import (
	"bytes"
	"errors"
	"path"
	"regexp"
	"strconv"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// locate gives an error of the file system the place that names the file.
func (f *treeFS) locate(name string, err error) *Error {
	e := asError(err, Source{Path: name})
	k, ref := f.referrer(name)
	var leaving *LeavesRootError
	switch {
	case k == nil && errors.As(err, &leaving):
		if e.File = f.entry; leaving.Target != "" {
			e.File = leaving.Name
		}
	case k != nil && errors.As(err, &leaving):
		e.File, e.Line = k.file, k.lineOf(ref)
		if leaving.Target == "" {
			e.Msg = (&LeavesRootError{Name: ref}).Error()
		}
	}
	return e
}

// diagnose finds the innermost cause in a message of krusty's, and the file and line that it is about.
func (f *treeFS) diagnose(msg string) *Error {
	c := unchain(msg)
	k := f.loadedAt(c.dir)
	e := &Error{File: f.entry, Msg: f.tidy(c.msg)}
	if k != nil {
		e.File = k.file
	}
	for _, look := range []func(*Error, *kustomization, krustyCause) bool{
		f.aboutPath, f.aboutYAML, f.aboutField, f.aboutSchema, f.aboutPatch, f.aboutObject, f.aboutPlugin,
	} {
		if look(e, k, c) {
			break
		}
	}
	return e
}

// loadedAt is the kustomization of a directory as messages name it, the entry when they name none.
func (f *treeFS) loadedAt(abs string) *kustomization {
	if len(f.loaded) == 0 {
		return nil
	}
	if abs != "" {
		if name, err := f.name(abs); err == nil {
			if k := f.kustomizationIn(name); k != nil {
				return k
			}
		}
	}
	return f.loaded[0]
}

var (
	missingPath = regexp.MustCompile(`evalsymlink failure on '([^']+)' : (lstat .*)`)
	quotedPath  = regexp.MustCompile(`'(/[^']+)'`)
)

// aboutPath places a message about a path where a kustomization names that path.
func (f *treeFS) aboutPath(e *Error, k *kustomization, c krustyCause) bool {
	switch m := missingPath.FindStringSubmatch(c.msg); {
	case m != nil:
		e.Msg = f.tidy(m[2])
		e.Hint = "add it, or remove the reference"
	case strings.HasPrefix(c.msg, "cycle detected"):
		e.Hint = "a kustomization cannot use one that uses it, or one above it"
	case strings.HasPrefix(c.msg, "security; file"):
		e.Hint = "kustomize reads files below the kustomization only: make what holds the file a base"
	case strings.HasPrefix(c.msg, "unable to find one of"):
		e.Hint = "a directory among the resources needs a kustomization: add one, or list its files"
	}
	if m := quotedPath.FindStringSubmatch(c.msg); m != nil {
		if name, err := f.name(m[1]); err == nil {
			if k, ref := f.referrer(name); k != nil {
				e.File, e.Line = k.file, k.lineOf(ref)
				return true
			}
		}
	}
	return e.Hint != ""
}

var kustomizeYAML = regexp.MustCompile(`(?:MalformedYAMLError: |error converting YAML to JSON: |^)yaml: (?:unmarshal errors:\s+)?(?:line (\d+): )?(.*?)(?: in File: .*)?$`)

// aboutYAML finds the line of a syntax error. kustomize counts lines from the start of the document.
func (f *treeFS) aboutYAML(e *Error, k *kustomization, c krustyCause) bool {
	m := kustomizeYAML.FindStringSubmatch(strings.TrimPrefix(c.msg, "invalid Kustomization: "))
	if m == nil {
		return false
	}
	e.Msg, e.Hint = m[2], "expected YAML"
	e.Line, _ = strconv.Atoi(m[1])
	if k == nil || c.file == "" {
		return true
	}
	e.File = path.Join(k.dir, c.file)
	if r, ok := f.hasRead(k.dir, c.file); ok {
		e.File = r.name
		if l := syntaxLine(r); l > 0 {
			e.Line = l
		}
	}
	return true
}

var (
	unknownField = regexp.MustCompile(`^invalid Kustomization: (json: unknown field "([^"]+)")$`)
	wrongType    = regexp.MustCompile(`^invalid Kustomization: (json: cannot unmarshal .* into Go struct field \w+\.([\w.]+) of type .*)$`)
)

// aboutField finds the line of a field that a kustomization cannot have.
func (f *treeFS) aboutField(e *Error, k *kustomization, c krustyCause) bool {
	m := unknownField.FindStringSubmatch(c.msg)
	if m == nil {
		m = wrongType.FindStringSubmatch(c.msg)
	}
	if m == nil || k == nil {
		return false
	}
	field := m[2][strings.LastIndexByte(m[2], '.')+1:]
	e.Msg = m[1]
	e.Line = k.line(func(s string) bool { return s == field })
	e.Hint = "see the fields of a kustomization"
	return true
}

// aboutSchema places kyaml's complaint about an OpenAPI schema.
func (f *treeFS) aboutSchema(e *Error, _ *kustomization, c krustyCause) bool {
	if !f.schema || !strings.HasPrefix(c.msg, "invalid schema file: ") {
		return false
	}
	for _, k := range f.loaded {
		if p := k.spec.OpenAPI["path"]; p != "" {
			e.File, e.Hint = path.Join(k.dir, p), "expected an OpenAPI v2 document"
			return true
		}
	}
	return false
}

// objectID matches how kustomize writes an object: Deployment.v1.apps/web.[noNs].
var objectID = regexp.MustCompile(`\b([A-Z]\w*)\.[\w.\[\]-]+/([\w.-]+?)\.(?:\[noNs\]|[\w-]+)(?:$|[^\w.-])`)

// aboutObject finds the object that a message names: in the manifest that it blames, in a patch, or in the
// kustomization itself.
func (f *treeFS) aboutObject(e *Error, k *kustomization, c krustyCause) bool {
	if k == nil {
		return false
	}
	switch {
	case strings.Contains(c.msg, "already registered id"):
		e.Hint = "the object is there twice: remove one, or the reference to one"
	case strings.Contains(c.msg, "failed to find unique target for patch"):
		e.Hint = "the patch names an object that is not there, or is there twice"
	}
	blamed, isBlamed := f.hasRead(k.dir, c.file)
	if isBlamed {
		e.File = blamed.name
	}
	m := objectID.FindStringSubmatch(c.msg)
	if m == nil {
		m = printedID.FindStringSubmatch(c.msg)
	}
	if m == nil {
		return isBlamed
	}
	kind, name := m[1], m[2]
	if isBlamed {
		e.Line = lineOfObject(blamed.data, kind, name)
		return true
	}
	for _, r := range f.read {
		if l := lineOfObject(r.data, kind, name); l > 0 && !r.manifest {
			e.File, e.Line = r.name, l
			return true
		}
	}
	e.Line = k.line(func(s string) bool { return s == name || strings.Contains(s, "name: "+name) })
	return true
}

var patchPath = regexp.MustCompile(`\[path: ("[^"]*")\]`)

// aboutPatch places a complaint about a patch that is a file.
func (f *treeFS) aboutPatch(e *Error, k *kustomization, c krustyCause) bool {
	m := patchPath.FindStringSubmatch(c.msg)
	if m == nil || k == nil {
		return false
	}
	ref, err := strconv.Unquote(m[1])
	if r, ok := f.hasRead(k.dir, ref); ok && err == nil {
		e.File, e.Line = r.name, syntaxLine(r)
		return true
	}
	return false
}

// syntaxLine is the line of a file's first syntax error, 0 when it has none.
func syntaxLine(r readFile) int {
	var e *Error
	if _, err := decode(r.name, r.data, newBudget()); errors.As(err, &e) {
		return e.Line
	}
	return 0
}

var disabledPlugin = regexp.MustCompile(`external plugins disabled; unable to load external plugin '([^']*)'`)

// aboutPlugin finds the configuration of a plugin that is not run.
func (f *treeFS) aboutPlugin(e *Error, k *kustomization, c krustyCause) bool {
	m := disabledPlugin.FindStringSubmatch(c.msg)
	if m == nil || k == nil {
		return false
	}
	e.Hint = "only generators and transformers of kustomize's own are run: commit what the plugin makes instead"
	kind := regexp.MustCompile(`(?m)^"?kind"?: *"?` + regexp.QuoteMeta(m[1]))
	e.Line = k.line(kind.MatchString)
	for _, r := range f.read {
		if at := kind.FindIndex(r.data); at != nil && r.name != k.file && !r.manifest {
			e.File, e.Line = r.name, bytes.Count(r.data[:at[0]], []byte("\n"))+1
		}
	}
	return true
}

// hasRead returns a file that krusty has read, as a kustomization in dir calls it.
func (f *treeFS) hasRead(dir, ref string) (readFile, bool) {
	t, inner, copied := f.in(path.Join(dir, ref))
	real, err := t.Resolve(inner)
	if err != nil || ref == "" {
		return readFile{}, false
	}
	real = path.Join(copied, real)
	for _, r := range f.read {
		if r.name == real {
			return r, true
		}
	}
	return readFile{}, false
}

// lineOfObject is the line where the last object of this kind and name begins, 0 when there is none.
func lineOfObject(data []byte, kind, name string) int {
	line := 0
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		if err := dec.Decode(&doc); err != nil {
			return line
		}
		eachObject(yaml.NewRNode(&doc), 0, func(o *yaml.RNode) {
			if o.GetKind() == kind && o.GetName() == name {
				line = o.YNode().Line
			}
		})
	}
}
