package krm

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/render"
)

const list = `apiVersion: config.kubernetes.io/v1
kind: ResourceList # of two
items:
- apiVersion: v1
  kind: Pod
  metadata:
    name: a
    annotations:
      config.kubernetes.io/path: old.yaml
      internal.config.kubernetes.io/path: new.yaml
      config.kubernetes.io/index: '3'
- {apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Pod, metadata: {name: b}}], metadata: {annotations: {config.kubernetes.io/path: list.yaml, config.kubernetes.io/index: x}}}
`

func TestFileOf(t *testing.T) {
	l, err := Read("stdin", []byte(list))
	if err != nil {
		t.Fatal(err)
	}
	items := render.Keys("items")
	for want, at := range map[File]render.Path{
		{"new.yaml", 3}:  items.At(0),
		{"list.yaml", 0}: items.At(1).Key("items").At(0),
		{}:               items.At(2),
	} {
		if got := l.FileOf(&render.Object{At: at}); got != want {
			t.Errorf("%s is of %v, want %v", at, got, want)
		}
	}
}

// TestResults wants results to be what kyaml's framework reads, and all else to stay byte for byte.
func TestResults(t *testing.T) {
	results := []Result{
		{Message: "bad \x1b[31mname", Severity: "error", Object: &render.Object{APIVersion: "v1", Kind: "Pod", Name: "a", Namespace: "n"},
			Field: "spec.hostNetwork", Current: true, Proposed: false, File: File{"new.yaml", 3}, Tags: map[string]string{"rule": "a/b", "none": ""}},
		{Message: "alone", Severity: SeverityInfo, Field: "of no object"},
	}
	for _, text := range []string{list, "---\n" + list + "results: [{message: old}]\n", strings.ReplaceAll(list, "\n", "\r\n"), strings.TrimSuffix(list, "\n")} {
		l, err := Read("stdin", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		out, err := l.WithResults([]byte(text), results)
		if err != nil {
			t.Fatal(err)
		}
		r := kio.ByteReader{Reader: bytes.NewReader(out)}
		if _, err := r.Read(); err != nil {
			t.Fatal(err)
		}
		var got framework.Results
		dec := yaml.NewDecoder(strings.NewReader(r.Results.MustString()))
		dec.KnownFields(true)
		if err := dec.Decode(&got); err != nil {
			t.Fatal(err)
		}
		want := framework.Results{
			{Message: `bad \x1b[31mname`, Severity: framework.Error, ResourceRef: &yaml.ResourceIdentifier{TypeMeta: yaml.TypeMeta{APIVersion: "v1", Kind: "Pod"},
				NameMeta: yaml.NameMeta{Name: "a", Namespace: "n"}}, Field: &framework.Field{Path: "spec.hostNetwork", CurrentValue: true, ProposedValue: false},
				File: &framework.File{Path: "new.yaml", Index: 3}, Tags: map[string]string{"rule": "a/b"}},
			{Message: "alone", Severity: framework.Info},
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("results are %v\nwant %v", got, want)
		}
		if l, err = Read("stdin", out); err != nil {
			t.Fatal(err)
		}
		again, err := l.WithResults(out, nil)
		if err != nil || !strings.HasPrefix(text, string(again)) || strings.Contains(string(again), "results:") {
			t.Errorf("without the results another list is left (%v):\n%s", err, again)
		}
	}
}

func TestScalar(t *testing.T) {
	for text, want := range map[string]any{"": nil, "true": true, "false": false, "0": int64(0), "-3": int64(-3), "0x1": "0x1", "Unconfined": "Unconfined"} {
		if got := scalar(text); got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
}

// FuzzRead wants no panic, and what is read to take results or be refused.
func FuzzRead(f *testing.F) {
	f.Add([]byte(list))
	f.Add([]byte(`{"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": []}`))
	f.Add([]byte("kind: ResourceList\napiVersion: config.kubernetes.io/v1\nitems: [*a, &a {metadata: *a}]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := Read("stdin", text)
		if err != nil {
			return
		}
		if out, err := l.WithResults(text, []Result{{Message: "a", Severity: SeverityInfo}}); err == nil {
			if _, err := Read("stdin", out); err != nil {
				t.Errorf("with results it cannot be read: %v\n%s", err, out)
			}
		}
	})
}
