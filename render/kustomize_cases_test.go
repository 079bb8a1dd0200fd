package render

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// kustomizeCase is a repository below testdata. Its want.yaml is what `kustomize build --enable-helm` prints for it;
// a case without one must fail, with a message that holds want.err. want.origins says where each object comes from.
type kustomizeCase struct {
	name  string
	dir   string
	entry string // the kustomization to build
	chart string // where testdata/kustomize-helm/chart belongs, "" for a case without it
}

// kustomizeCases are testdata/kustomize-build/*, and testdata/kustomize-helm/cases/*, which share a chart.
func kustomizeCases(t *testing.T) []kustomizeCase {
	t.Helper()
	var out []kustomizeCase
	for _, parent := range []string{"testdata/kustomize-build", "testdata/kustomize-helm/cases"} {
		list, err := os.ReadDir(parent)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			if !e.IsDir() {
				continue
			}
			c := kustomizeCase{name: e.Name(), dir: filepath.Join(parent, e.Name()), entry: "."}
			c.entry = c.read("entry", ".")
			if strings.Contains(parent, "helm") {
				c.chart = c.read("chart-at", "charts/web")
			}
			out = append(out, c)
		}
	}
	return out
}

// read is a file of the case, trimmed, or what holds without it.
func (c *kustomizeCase) read(name, without string) string {
	data, err := os.ReadFile(filepath.Join(c.dir, name))
	if err != nil {
		return without
	}
	return strings.TrimSpace(string(data))
}

// layOut copies the repository to a directory of its own.
func (c *kustomizeCase) layOut(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(c.dir)); err != nil {
		t.Fatal(err)
	}
	if c.chart != "" {
		if err := os.CopyFS(filepath.Join(dir, c.chart), os.DirFS("testdata/kustomize-helm/chart")); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func joinTexts(objects []Object) string {
	var out []string
	for i := range objects {
		out = append(out, objects[i].Text)
	}
	return strings.Join(out, "---\n")
}

// describeOrigins writes where objects come from, one a line.
func describeOrigins(objects []Object) string {
	var b strings.Builder
	for _, o := range objects {
		how := ""
		if o.Generated {
			how = " generated"
		}
		if o.Template {
			how = " template"
		}
		ref := o.Ref.Kind + " " + o.Ref.Name
		if o.Ref.Namespace != "" {
			ref = o.Ref.Kind + " " + o.Ref.Namespace + "/" + o.Ref.Name
		}
		fmt.Fprintf(&b, "%s: %s: %s%s\n", o.ID(), o.File, ref, how)
	}
	return b.String()
}

func TestKustomizeCases(t *testing.T) {
	for _, c := range kustomizeCases(t) {
		t.Run(c.name, func(t *testing.T) {
			tree := openTree(t, c.layOut(t))
			res := Render(tree, Source{ID: c.name, Path: c.entry, Kind: KindKustomize}, Options{Text: true})
			want, err := os.ReadFile(filepath.Join(c.dir, "want.yaml"))
			if err != nil {
				if line := c.read("want.err", "?"); res.Err == nil || !strings.Contains(res.Err.Error(), line) {
					t.Errorf("want the error %s\ngot  %v", line, res.Err)
				}
				return
			}
			if res.Err != nil {
				t.Fatal(res.Err)
			}
			if got := joinTexts(res.Objects); got != string(want) {
				t.Errorf("kustomize prints\n%s\nwe have\n%s", want, got)
			}
			if want, got := c.read("want.origins", ""), describeOrigins(res.Objects); strings.TrimSpace(got) != want {
				t.Errorf("want origins\n%s\ngot\n%s", want, got)
				if os.Getenv("SYNCGATE_UPDATE") != "" {
					if err := os.WriteFile(filepath.Join(c.dir, "want.origins"), []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}

func openTree(t *testing.T, dir string) *Tree {
	t.Helper()
	tree, err := OpenTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() })
	return tree
}
