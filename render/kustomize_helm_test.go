package render

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const helmCases = "testdata/kustomize-helm/cases"

// helmCase lays out one of testdata/kustomize-helm/cases in a directory of its own, with the chart at charts/web, or
// where the file chart-at says. Its want.yaml is what the kustomize and helm commands print for it; a case without one
// fails, with a message that holds the line in want.err.
func helmCase(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	at := "charts/web"
	if said, err := os.ReadFile(filepath.Join(helmCases, name, "chart-at")); err == nil {
		at = strings.TrimSpace(string(said))
	}
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(helmCases, name))); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, at), os.DirFS("testdata/kustomize-helm/chart")); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{"chart-at", "want.yaml", "want.err"} {
		if err := os.RemoveAll(filepath.Join(dir, f)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func helmCaseNames(t *testing.T) []string {
	t.Helper()
	list, err := os.ReadDir(helmCases)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range list {
		out = append(out, e.Name())
	}
	return out
}

func joinTexts(objects []Object) string {
	var out []string
	for i := range objects {
		out = append(out, objects[i].Text)
	}
	return strings.Join(out, "---\n")
}

func TestKustomizeHelmCharts(t *testing.T) {
	for _, name := range helmCaseNames(t) {
		t.Run(name, func(t *testing.T) {
			tree := openTree(t, helmCase(t, name))
			res := Render(tree, Source{ID: name, Path: ".", Kind: KindKustomize}, Options{Text: true})
			want, err := os.ReadFile(filepath.Join(helmCases, name, "want.yaml"))
			if err != nil {
				line, err := os.ReadFile(filepath.Join(helmCases, name, "want.err"))
				if err != nil {
					t.Fatal("run the conformance tests with SYNCGATE_UPDATE=1 for the command's output")
				}
				if res.Err == nil || !strings.Contains(res.Err.Error(), strings.TrimSpace(string(line))) {
					t.Fatalf("want an error with %s, got %v", line, res.Err)
				}
				return
			}
			if res.Err != nil {
				t.Fatal(res.Err)
			}
			if got := joinTexts(res.Objects); got != string(want) {
				t.Errorf("kustomize prints\n%s\nwe have\n%s", want, got)
			}
			for _, o := range res.Objects {
				if o.File == "" {
					t.Errorf("%s has no origin", o.ID())
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
