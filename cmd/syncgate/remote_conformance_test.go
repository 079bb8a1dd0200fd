//go:build conformance

package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestConformanceRemote compares what we render from remote files, bases and charts with the helm and kustomize commands,
// which fetch from the same servers.
func TestConformanceRemote(t *testing.T) {
	dir := t.TempDir()
	gitRepo(t, filepath.Join(dir, "org", "repo.git"), map[string]string{
		"deploy/kustomization.yaml": "resources: [../shared, own.yaml]\nconfigMapGenerator:\n- name: made\n  literals: [a=b]\n",
		"deploy/own.yaml":           strings.ReplaceAll(remoteAccount, "far", "own"),
		"shared/kustomization.yaml": "namePrefix: s-\nresources: [a.yaml]\n",
		"shared/a.yaml":             remoteAccount,
		"solo/kustomization.yaml":   "resources: [a.yaml]\n",
		"solo/a.yaml":               strings.ReplaceAll(remoteAccount, "far", "solo"),
		"part/kustomization.yaml":   "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnameSuffix: -y\n",
	})
	host := gitHost(t, dir)
	git := host.URL + "/org/repo.git"
	files := chartFiles(t)
	files["/a.yaml"] = "apiVersion: v1\nkind: List\nitems:\n- " + strings.ReplaceAll(strings.TrimSpace(remoteAccount), "\n", "\n  ") + "\n"
	files["/patch.yaml"] = remoteAccount + "  labels: {on: \"yes\"}\n"
	files["/app.conf"] = "a = 1\n"
	far := serveFiles(t, files)
	chart := "helmCharts:\n- name: db\n  releaseName: one\n  version: 1.2.0\n  repo: " + far.URL + "/stable\n"
	for name, k := range map[string]string{
		"file":       "resources:\n- " + far.URL + "/a.yaml\n",
		"patch":      "resources:\n- " + far.URL + "/a.yaml\npatches:\n- path: " + far.URL + "/patch.yaml\n",
		"generator":  "configMapGenerator:\n- name: a\n  files:\n  - " + far.URL + "/app.conf\n  - other=" + far.URL + "/app.conf\n",
		"base":       "namespace: ns\nresources:\n- " + git + "//deploy?ref=main\n",
		"components": "resources:\n- " + git + "//shared?ref=main\ncomponents:\n- " + git + "//part\n",
		"twice":      "resources:\n- " + git + "//solo?ref=main\n- " + git + "//deploy?ref=main\n",
		"chart":      "namespace: ns\n" + chart,
		"values":     chart + "  valuesInline:\n    greeting: inline\n",
	} {
		t.Run(name, func(t *testing.T) {
			r := newRemoteRepo(t, map[string]string{"app/kustomization.yaml": k})
			ours := r.want(0, nil, "render", "--no-origins", "--allow-remote", host.host, "--allow-remote", far.host)
			if theirs := r.command("kustomize", "build", "--enable-helm", "app"); tidyDocs(ours) != tidyDocs(theirs) {
				t.Errorf("kustomize:\n%s\nours:\n%s", theirs, ours)
			}
		})
	}
	t.Run("dependency", func(t *testing.T) {
		r := newRemoteRepo(t, dependsOn(far.URL+"/stable", "^1.2.0"))
		ours := r.want(0, nil, "render", "--no-origins", "--allow-remote", far.host)
		r.command("helm", "dependency", "update", "web")
		if theirs := r.command("helm", "template", "web"); tidyDocs(ours) != tidyDocs(theirs) {
			t.Errorf("helm:\n%s\nours:\n%s", theirs, ours)
		}
	})
}

// command runs another program in the repository.
func (r *remoteRepo) command(args ...string) string {
	r.t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = r.dir
	cmd.Env = append(r.env, "HELM_CACHE_HOME="+r.t.TempDir(), "HELM_DATA_HOME="+r.t.TempDir())
	out, err := cmd.Output()
	if err != nil {
		r.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

// tidyDocs leaves out separators and helm's comments.
func tidyDocs(text string) string {
	var out []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "# Source") && line != "---\n" {
			out = append(out, line)
		}
	}
	return strings.Join(out, "")
}
