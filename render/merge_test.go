package render

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	sigsyaml "sigs.k8s.io/yaml"
)

// A merge key counts where it stands, as in the reader that kubectl, helm and Argo CD use: a pod must not be judged by
// another value than the one that is applied.
func TestMergeKeysAsSigsYAML(t *testing.T) {
	for _, text := range []string{
		"a: &a {x: 1, y: 2}\nb: {y: 4, <<: *a}\n",
		"a: &a {x: 1, y: 2}\nb: {<<: *a, y: 4}\n",
		"a: &a {x: 1}\ne: &e {x: 2, z: 3}\nb: {<<: [*a, *e]}\n",
		"a: &a {x: 1}\ne: &e {x: 2, z: 3}\nb:\n  x: 0\n  <<: [*e, *a]\n",
		"a: &a {x: 1}\ne: &e {<<: *a, x: 2}\nb: {<<: *e}\n",
		"x: yes\ny: 0777\nz: 1e3\nw: 2001-01-01\nv: ~\n\"n\": no\non: 1\n",
	} {
		docs, err := decode("f.yaml", []byte(text), newBudget())
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		want, err := sigsyaml.YAMLToJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		var g, w any
		if json.NewDecoder(bytes.NewReader(docs[0].json)).Decode(&g) != nil || json.Unmarshal(want, &w) != nil {
			t.Fatalf("%q: no JSON", text)
		}
		if !reflect.DeepEqual(g, w) {
			t.Errorf("%q reads as %s, want %s", text, docs[0].json, want)
		}
	}
}
