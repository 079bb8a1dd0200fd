// Package openapi holds exchanges with a stand-in for GitHub against GitHub's own OpenAPI description, which is the file
// generated/api.github.com.json of the npm package @octokit/openapi.
package openapi

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/syncgate/syncgate/gitops/github/githubtest"
)

// Variable names the environment variable that names the description's file.
const Variable = "SYNCGATE_OPENAPI"

// Description is GitHub's API: OpenAPI 3.0.3, whose schemas become JSON Schema.
type Description struct {
	busy       sync.Mutex
	compiler   *jsonschema.Compiler
	operations []operation
	schemas    map[string]*jsonschema.Schema // by where they stand
}

type operation struct {
	method, path string
	match        *regexp.Regexp
	doc          map[string]any
}

const where = "file:///api.github.com.json"

// Load reads the description that Variable names, once.
var Load = sync.OnceValues(loadDescription)

func loadDescription() (*Description, error) {
	f, err := os.Open(os.Getenv(Variable))
	if err != nil {
		return nil, fmt.Errorf("%s must name GitHub's description: %w", Variable, err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		return nil, err
	}
	root := doc.(map[string]any)
	nullable(root["components"])
	d := &Description{compiler: jsonschema.NewCompiler(), schemas: map[string]*jsonschema.Schema{}}
	d.compiler.DefaultDraft(jsonschema.Draft4)
	for path, item := range root["paths"].(map[string]any) {
		if !strings.HasPrefix(path, "/repos/{owner}/{repo}") {
			continue
		}
		nullable(item)
		pattern := strings.NewReplacer("{ref}", ".+").Replace(path)
		pattern = "^" + regexp.MustCompile(`\{[a-z_]+\}`).ReplaceAllString(pattern, "[^/]+") + "$"
		for method, x := range item.(map[string]any) {
			if op, ok := x.(map[string]any); ok {
				d.operations = append(d.operations, operation{strings.ToUpper(method), path, regexp.MustCompile(pattern), op})
			}
		}
	}
	return d, d.compiler.AddResource(where, doc)
}

// nullable turns OpenAPI's "nullable" into JSON Schema, and takes formats out: they are not of JSON Schema's set.
func nullable(v any) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			nullable(x)
		}
	case map[string]any:
		for _, x := range v {
			nullable(x)
		}
		if _, ok := v["format"].(string); ok {
			delete(v, "format")
		}
		if v["nullable"] != true {
			return
		}
		delete(v, "nullable")
		inner := map[string]any{}
		for k, x := range v {
			inner[k] = x
			delete(v, k)
		}
		v["anyOf"] = []any{map[string]any{"type": "null"}, inner}
	}
}

// Observe is for githubtest.Observe.
func Observe(t githubtest.T, x *githubtest.Exchange) {
	d, err := Load()
	if err == nil {
		err = d.Check(x)
	}
	if err != nil {
		t.Errorf("%s %s: %v", x.Method, x.Path, err)
	}
}

// Check holds a request and its answer against the description.
func (d *Description) Check(x *githubtest.Exchange) error {
	d.busy.Lock()
	defer d.busy.Unlock()
	op := d.find(x)
	if op == nil {
		return errors.New("it is not in GitHub's description")
	}
	if body, ok := op.doc["requestBody"]; ok {
		in := x.Request
		if strings.HasSuffix(op.path, "/labels") && strings.HasPrefix(string(in), "[") {
			in = []byte(`{"labels": ` + string(in) + `}`) // GitHub takes the bare array as well, which go-github sends
		}
		if err := d.validate(op, body, "/requestBody", in); err != nil {
			return fmt.Errorf("the request %s: %w", x.Request, err)
		}
	}
	if x.Faulty {
		return nil
	}
	answer, ok := op.doc["responses"].(map[string]any)[fmt.Sprint(x.Status)]
	switch {
	case !ok && x.Status == 401: // which any operation may answer, and none describes
		return nil
	case !ok:
		return fmt.Errorf("the description has no answer %d", x.Status)
	}
	if err := d.validate(op, answer, fmt.Sprintf("/responses/%d", x.Status), x.Reply); err != nil {
		return fmt.Errorf("the answer %d: %w", x.Status, err)
	}
	return nil
}

// find finds the operation; of several, the one with the fewest parameters.
func (d *Description) find(x *githubtest.Exchange) *operation {
	var best *operation
	for i, op := range d.operations {
		if op.method == x.Method && op.match.MatchString(x.Path) &&
			(best == nil || strings.Count(op.path, "{") < strings.Count(best.path, "{")) {
			best = &d.operations[i]
		}
	}
	return best
}

// validate holds JSON against the schema of a request's or answer's body, which may be described elsewhere.
func (d *Description) validate(op *operation, body any, part string, data []byte) error {
	at := "/paths/" + escape(op.path) + "/" + strings.ToLower(op.method) + part
	if ref, ok := body.(map[string]any)["$ref"].(string); ok {
		at = strings.TrimPrefix(ref, "#")
	}
	at = where + "#" + at + "/content/" + escape("application/json") + "/schema"
	s := d.schemas[at]
	if s == nil {
		var err error
		if s, err = d.compiler.Compile(at); err != nil {
			return err
		}
		d.schemas[at] = s
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

func escape(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "~", "~0"), "/", "~1")
	return strings.NewReplacer("{", "%7B", "}", "%7D").Replace(s)
}
