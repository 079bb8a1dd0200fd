package render

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	sigsyaml "sigs.k8s.io/yaml"
)

const located0 = `# a comment
apiVersion: v1
kind: Pod
metadata:
  name: p
  labels: {a: b, c: "d"}
spec:
  containers:
  - name: one
    image: a
  - image: b
    name: two
    securityContext: &sc
      privileged: true
  -
    name: three
    securityContext:
      <<: *sc
      runAsUser: 0
  "hostNetwork": true
`

// objectOf is the object that a text renders to, as a plain file's, or with Doc -1 as a kustomization's.
func objectOf(t *testing.T, file, text string, doc int) *Object {
	t.Helper()
	raw, err := sigsyaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		APIVersion, Kind string
		Metadata         struct{ Name, Namespace string }
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	return &Object{APIVersion: m.APIVersion, Kind: m.Kind, Name: m.Metadata.Name, JSON: raw, File: file, Doc: doc,
		Ref: ObjectRef{m.APIVersion, m.Kind, m.Metadata.Namespace, m.Metadata.Name}}
}

func TestOrigin(t *testing.T) {
	for _, form := range []struct{ name, text string }{{"LF", located0}, {"CRLF", strings.ReplaceAll(located0, "\n", "\r\n")}} {
		tree := writeRepo(t, map[string]string{"f.yaml": form.text})
		loc := NewLocator(tree)
		for path, want := range map[string]string{
			"":                         "2:1 true",
			"kind":                     "3:1 true",
			"metadata.labels.c":        "6:18 true",
			"metadata.labels.none":     "6:3 false",
			"spec.hostNetwork":         "20:3 true",
			"spec.containers[1].image": "11:5 true",
			"spec.containers[1].securityContext.privileged":               "14:7 true",
			"spec.containers[2].securityContext.runAsUser":                "19:7 true",
			"spec.containers[2].securityContext.privileged":               "14:19 true",
			"spec.containers[0].securityContext.allowPrivilegeEscalation": "9:5 false",
			"spec.containers[7].image":                                    "8:3 false",
			"spec.template":                                               "7:1 false",
		} {
			p, err := ParsePath(path)
			if err != nil {
				t.Fatal(err)
			}
			o := loc.Origin(objectOf(t, "f.yaml", form.text, 0), p)
			if got := fmt.Sprintf("%d:%d %v", o.Line, o.Column, o.Exact); got != want || o.File != "f.yaml" {
				t.Errorf("%s: %s stands at %s %s, want %s", form.name, path, o.File, got, want)
			}
		}
	}
}

func TestOriginFollowsNamesOfItems(t *testing.T) {
	tree := writeRepo(t, map[string]string{"f.yaml": located0})
	loc := NewLocator(tree)
	// A patch put another container first.
	rendered := strings.Replace(located0, "  - name: one\n", "  - name: added\n  - name: one\n", 1)
	o := objectOf(t, "f.yaml", rendered, -1)
	for path, want := range map[string]string{"spec.containers[1].image": "10:5 true", "spec.containers[2].image": "11:5 true", "spec.containers[0].image": "8:3 false"} {
		p, _ := ParsePath(path)
		at := loc.Origin(o, p)
		if got := fmt.Sprintf("%d:%d %v", at.Line, at.Column, at.Exact); got != want {
			t.Errorf("%s stands at %s, want %s", path, got, want)
		}
	}
	place, missing, ok := loc.Field(o, Keys("spec", "containers").At(2).Key("resources", "limits"))
	if !ok || place.Path.String() != "spec.containers[1]" || missing.String() != "resources.limits" {
		t.Errorf("a missing field: %v, %v, %v", place.Path, missing, ok)
	}
}

func TestLocateObjects(t *testing.T) {
	cm := func(name, namespace string) string {
		return "{apiVersion: v1, kind: ConfigMap, metadata: {name: " + name + ", namespace: " + namespace + "}}\n"
	}
	tree := writeRepo(t, map[string]string{
		"docs.yaml":  "# x\n---\n" + cm("a", "one") + "---\n" + cm("a", "two") + "---\n# nothing\n---\n" + cm("b", "one"),
		"list.yaml":  "apiVersion: v1\nkind: List\nitems:\n- " + cm("x", "one") + "- apiVersion: v1\n  kind: List\n  items:\n  - " + cm("y", "one"),
		"twice.yaml": cm("a", "one") + "---\n" + cm("a", "one"),
		"t.yaml":     "kind: {{ x }}\n---\nkind: Pod\n---\nkind: \"ConfigMap\"\r\n",
	})
	loc := NewLocator(tree)
	for _, c := range []struct{ file, name, namespace, want string }{
		{"docs.yaml", "a", "one", "0 "}, {"docs.yaml", "a", "two", "1 "}, {"docs.yaml", "b", "", "3 "},
		{"docs.yaml", "b", "_non_namespaceable_", "3 "}, {"docs.yaml", "a", "", "none"}, {"docs.yaml", "c", "", "none"},
		{"list.yaml", "x", "one", "0 items[0]"}, {"list.yaml", "y", "one", "0 items[1].items[0]"},
		{"twice.yaml", "a", "one", "none"}, {"gone.yaml", "a", "one", "none"},
	} {
		o := &Object{File: c.file, Doc: -1, Ref: ObjectRef{"v1", "ConfigMap", c.namespace, c.name}}
		got := "none"
		if place, ok := loc.Object(o); ok {
			got = fmt.Sprintf("%d %s", place.Doc, place.Path)
		}
		if got != c.want {
			t.Errorf("%s: %s/%s is %s, want %s", c.file, c.namespace, c.name, got, c.want)
		}
	}
	generated := &Object{Kind: "ConfigMap", File: "docs.yaml", Generated: true, Doc: -1, JSON: []byte("{}")}
	if o := loc.Origin(generated, Keys("data")); o != (Origin{File: "docs.yaml"}) {
		t.Errorf("a generated object stands at %+v", o)
	}
	for kind, line := range map[string]int{"Pod": 3, "ConfigMap": 5, "Secret": 0} {
		if o := loc.Origin(&Object{Kind: kind, File: "t.yaml", Template: true, Doc: -1}, nil); o.Line != line || o.Exact {
			t.Errorf("%s of a template stands at %+v, want line %d", kind, o, line)
		}
	}
}
