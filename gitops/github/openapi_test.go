//go:build openapi

package github_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/syncgate/syncgate/gitops/github/githubtest"
)

// With the build tag openapi, every exchange of every test here is validated against GitHub's own OpenAPI description:
//
//	npm pack @octokit/openapi && tar xzf octokit-openapi-*.tgz
//	SYNCGATE_OPENAPI=$PWD/package/generated/api.github.com.json go test -tags openapi ./gitops/github
func init() { githubtest.Observe = observe }

// description is GitHub's API: OpenAPI 3.0.3, whose schemas become JSON Schema.
type description struct {
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

var (
	load = sync.OnceValues(loadDescription)
	busy sync.Mutex
)

func loadDescription() (*description, error) {
	f, err := os.Open(os.Getenv("SYNCGATE_OPENAPI"))
	if err != nil {
		return nil, fmt.Errorf("SYNCGATE_OPENAPI must name GitHub's description: %w", err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		return nil, err
	}
	root := doc.(map[string]any)
	nullable(root["components"])
	d := &description{compiler: jsonschema.NewCompiler(), schemas: map[string]*jsonschema.Schema{}}
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

func observe(t testing.TB, x *githubtest.Exchange) {
	busy.Lock()
	defer busy.Unlock()
	d, err := load()
	if err != nil {
		t.Error(err)
		return
	}
	op := d.find(x)
	if op == nil {
		t.Errorf("%s %s is not in GitHub's description", x.Method, x.Path)
		return
	}
	if body, ok := op.doc["requestBody"]; ok {
		in := x.Request
		if strings.HasSuffix(op.path, "/labels") && strings.HasPrefix(string(in), "[") {
			in = []byte(`{"labels": ` + string(in) + `}`) // GitHub takes the bare array as well, which go-github sends
		}
		if err := d.validate(op, body, "/requestBody", in); err != nil {
			t.Errorf("%s %s: the request %s: %v", x.Method, x.Path, x.Request, err)
		}
	}
	if x.Faulty {
		return
	}
	answer, ok := op.doc["responses"].(map[string]any)[fmt.Sprint(x.Status)]
	if !ok {
		if x.Status != 401 { // which any operation may answer, and none describes
			t.Errorf("%s %s: the description has no answer %d", x.Method, x.Path, x.Status)
		}
		return
	}
	if err := d.validate(op, answer, fmt.Sprintf("/responses/%d", x.Status), x.Reply); err != nil {
		t.Errorf("%s %s: the answer %d: %v", x.Method, x.Path, x.Status, err)
	}
}

// find finds the operation; of several, the one with the fewest parameters.
func (d *description) find(x *githubtest.Exchange) *operation {
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
func (d *description) validate(op *operation, body any, part string, data []byte) error {
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

// TestDescriptionRefuses shows that the validation is one.
func TestDescriptionRefuses(t *testing.T) {
	d, err := load()
	if err != nil {
		t.Fatal(err)
	}
	x := &githubtest.Exchange{Method: "POST", Path: "/repos/a/b/git/commits"}
	op := d.find(x)
	for body, good := range map[string]bool{`{"message": "m", "tree": "t"}`: true, `{"message": "m"}`: false, `{"message": 1, "tree": "t"}`: false} {
		if err := d.validate(op, op.doc["requestBody"], "/requestBody", json.RawMessage(body)); (err == nil) != good {
			t.Errorf("%s: %v", body, err)
		}
	}
}
