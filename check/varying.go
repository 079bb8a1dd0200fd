package check

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"sync"

	"github.com/syncgate/syncgate/render"
)

// Varying are the fields that charts make at random, and differently each time: no file holds what they are.
type Varying struct {
	mu    sync.Mutex
	known map[string]bool // sources that were looked at
	at    map[string]bool // by source, object and path
}

func newVarying() *Varying { return &Varying{known: map[string]bool{}, at: map[string]bool{}} }

func varyingKey(source string, o *render.Object, p render.Path) string {
	return strings.Join([]string{source, o.APIVersion, o.Kind, o.Namespace, o.Name, p.String()}, "\x00")
}

func (v *Varying) has(source string, o *render.Object, p render.Path) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.at[varyingKey(source, o, p)]
}

func (v *Varying) knows(source string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.known[source]
}

// look compares the objects of a source that findings are about with those of another render of it.
func (v *Varying) look(res *render.Result, found []Finding) {
	now := map[string]*render.Object{}
	for i := range res.Objects {
		o := &res.Objects[i]
		now[varyingKey("", o, nil)] = o
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.known[res.Source.ID] = true
	for i := range found {
		f := &found[i]
		again := now[varyingKey("", f.Object, nil)]
		if again == nil {
			continue
		}
		var a, b any
		if json.Unmarshal(f.Object.JSON, &a) != nil || json.Unmarshal(again.JSON, &b) != nil {
			continue
		}
		for _, p := range f.secretPaths() {
			if !reflect.DeepEqual(dig(a, p), dig(b, p)) {
				v.at[varyingKey(res.Source.ID, f.Object, p)] = true
			}
		}
	}
}

// secretPaths are the fields whose values a finding of secret/* is about.
func (f *Finding) secretPaths() []render.Path {
	var out []render.Path
	if f.Rule.ID == "secret/env" {
		return append(out, f.Path)
	}
	for _, v := range SecretValues(f.Object) {
		out = append(out, v.Path())
	}
	return out
}

// lookAgain renders those charts once more that have findings of secret/* and a function in their templates that gives
// something else each time, and takes out the findings about such values.
func (r *runner) lookAgain(again rerender) error {
	suspects := map[string][]Finding{}
	for _, f := range r.run.Findings {
		if f.Rule.Group() == "secret" && f.Object.Template {
			suspects[f.Source] = append(suspects[f.Source], f)
		}
	}
	var doubtful []render.Source
	for _, w := range r.waiting {
		if id := w.rep.Source.ID; len(suspects[id]) > 0 && !r.varying.knows(id) && makesRandom(r.tree, &w.rep.Read) {
			doubtful = append(doubtful, w.rep.Source)
		}
	}
	if len(doubtful) > 0 {
		err := again(doubtful, func(res render.Result) {
			if res.Err == nil {
				r.varying.look(&res, suspects[res.Source.ID])
			}
		})
		if err != nil {
			return err
		}
	}
	r.dropVarying()
	return nil
}

// dropVarying takes out findings about values that vary, or the keys of such values.
func (r *runner) dropVarying() {
	out := r.run.Findings[:0]
	for _, f := range r.run.Findings {
		varies := func(p render.Path) bool { return r.varying.has(f.Source, f.Object, p) }
		if f.Object.Template {
			switch f.Rule.ID {
			case "secret/env":
				if varies(f.Path) {
					continue
				}
			case "secret/plaintext":
				rest, ok := plaintext(f.Object, varies)
				if !ok {
					continue
				}
				f.Path, f.Message = rest.Path, rest.Message
				if rest.Severity == SeverityWarning {
					f.Severity, f.Advice = rest.Severity, rest.Advice
				}
			}
		}
		out = append(out, f)
	}
	clear(r.run.Findings[len(out):])
	r.run.Findings = out
}

// randomFunctions are those of Sprig and Helm whose result is another one each time.
var randomFunctions = regexp.MustCompile(`\b(?:rand(?:Alpha|AlphaNum|Numeric|Ascii|Bytes|Int)|gen(?:CA|PrivateKey|SelfSignedCert|SignedCert)\w*|` +
	`uuidv4|htpasswd|bcrypt|encryptAES|shuffle|now)\b`)

// makesRandom reports whether a template that a source read can give something else each time. What is packed may.
func makesRandom(t *render.Tree, read *render.ReadSet) bool {
	for _, name := range read.Files {
		switch {
		case strings.HasSuffix(name, ".tgz"):
			return true
		case strings.Contains(name, "templates/"):
			if text, err := t.ReadFile(name); err == nil && randomFunctions.Match(text) {
				return true
			}
		}
	}
	return false
}
