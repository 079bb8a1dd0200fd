package argocd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

// TestInstall lists the component in a kustomization that installs a repository server, as Argo CD's own manifests name it.
func TestInstall(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "component"), os.DirFS("install")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"kustomization.yaml": "resources: [repo-server.yaml]\ncomponents: [component]\nimages: [{name: syncgate-plugin, newTag: v1}]\n",
		"repo-server.yaml": `apiVersion: apps/v1
kind: Deployment
metadata: {name: argocd-repo-server}
spec:
  selector: {matchLabels: {app: argocd-repo-server}}
  template:
    metadata: {labels: {app: argocd-repo-server}}
    spec:
      automountServiceAccountToken: false
      containers: []
      volumes: [{name: var-files, emptyDir: {}}, {name: plugins, emptyDir: {}}]
`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := render.OpenTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	res := render.Render(tree, render.Source{ID: ".", Path: ".", Kind: render.KindKustomize}, render.Options{})
	if res.Err != nil {
		t.Fatal(res.Err)
	}
	policy, err := check.NewPolicy("restricted", "latest", render.DefaultKubeVersion)
	if err != nil {
		t.Fatal(err)
	}
	run, err := check.Rendered(tree, []render.Result{res}, check.Options{Policy: policy})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range run.Findings {
		t.Errorf("%s: %s", f.Rule.ID, f.Message)
	}
	if run.Sources[0].Pods != 1 || !strings.Contains(string(res.Objects[0].JSON)+string(res.Objects[1].JSON), "syncgate-plugin:v1") {
		t.Errorf("the sidecar is missing: %d objects with pods", run.Sources[0].Pods)
	}
}
