package helm

import (
	"testing"

	"github.com/syncgate/syncgate/render"
)

func TestTemplates(t *testing.T) {
	text := []byte("---\n# Source: a/templates/x.yaml\nkind: A\n---\r\nkind: B\n---\n# Source: a/templates/y.yaml\r\nkind: C\n# Source: a/templates/z.yaml\nkind: D\n")
	templates := NewTemplates(text)
	for line, want := range map[int]string{0: "", 1: "", 2: "a/templates/x.yaml", 3: "a/templates/x.yaml", 5: "", 8: "a/templates/y.yaml", 10: "a/templates/z.yaml", 99: "a/templates/z.yaml"} {
		if got := templates.Of(&render.Object{JSON: []byte(`{"metadata":{"annotations":{"a":1}}}`)}, line); got != want {
			t.Errorf("line %d is of %q, want %q", line, got, want)
		}
	}
	noted := &render.Object{JSON: []byte(`{"metadata":{"annotations":{"postrenderer.helm.sh/postrender-filename":"b/templates/b.yaml"}}}`)}
	if got := templates.Of(noted, 3); got != "b/templates/b.yaml" {
		t.Errorf("the annotation is not taken: %q", got)
	}
	if got := NewTemplates(nil).Of(&render.Object{}, 1); got != "" {
		t.Errorf("no comment, and yet %q", got)
	}
}

func TestBlank(t *testing.T) {
	for text, want := range map[string]bool{"": true, "\n": true, "---\r\n# a\n --- \n  # b\n": true, "a: b\n": false, "---\n{}\n": false, "--- a\n": false, "...\n": false} {
		if Blank([]byte(text)) != want {
			t.Errorf("%q: blank is %t", text, !want)
		}
	}
}
