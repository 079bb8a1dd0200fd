package e2e

import (
	"path/filepath"
	"strings"
	"testing"
)

// postRenderChart is a chart with a pod to fix, a Secret, and a hook that nobody can fix.
func postRenderChart(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "web")
	for name, text := range map[string]string{
		"Chart.yaml":            "apiVersion: v2\nname: web\nversion: 1.0.0\n",
		"templates/secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: hunter2-9c1d}\n",
		"templates/web.yaml": "apiVersion: v1\nkind: Pod\nmetadata:   {name: web} # as it is\nspec:\n  containers:\n  - name: web\n" +
			"    image: web:1\n",
		"templates/hook.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: hook, annotations: {helm.sh/hook: pre-install}}\n" +
			"spec: {hostNetwork: true, containers: [{name: hook, image: hook:1}]}\n",
	} {
		write(t, filepath.Join(dir, name), text)
	}
	return dir
}

// TestPostRender runs syncgate as a post-renderer of Helm 3.
func TestPostRender(t *testing.T) {
	chart := postRenderChart(t)
	template := func(args ...string) (int, string, string) {
		all := []string{"template", "web", chart, "--post-renderer", commands.syncgate}
		for _, a := range append([]string{"post-render"}, args...) {
			all = append(all, "--post-renderer-args", a)
		}
		return runApart(t, t.TempDir(), commands.helm, all...)
	}
	code, out, said := template("--ignore", "workload")
	if code == 0 || out != "" {
		t.Errorf("what does not pass is rendered (%d):\n%s", code, out)
	}
	if !strings.Contains(said, "web/templates/web.yaml  Pod web") || !strings.Contains(said, "pss/runAsNonRoot") || strings.Contains(said, "hunter2") {
		t.Errorf("Helm shows\n%s", said)
	}
	if strings.Contains(said, "hook") {
		t.Errorf("Helm 3 hands over hooks now; say so in the help:\n%s", said)
	}
	files := t.TempDir()
	if code, _, _ = runApart(t, files, commands.helm, "template", "web", chart, "--output-dir", files, "--post-renderer", "false"); code == 0 {
		t.Error("Helm 3 runs no post-renderer with --output-dir now; say so in the help")
	}
	if got := read(t, filepath.Join(files, "web/templates/web.yaml")); !strings.Contains(got, "as it is") {
		t.Errorf("Helm 3 waits for the post-renderer with --output-dir now; say so in the help:\n%s", got)
	}
	_, without, _ := runApart(t, chart, commands.helm, "template", "web", chart)
	if code, out, said = template("--level", "privileged", "--ignore", "workload"); code != 0 || out != without {
		t.Errorf("what passes is rendered in another way (%d):\n%s%s\nwant\n%s", code, out, said, without)
	}
	code, out, said = template("--fix", "--ignore", "workload")
	fixed := strings.Replace(without, "    image: web:1\n", `    image: web:1
    securityContext:
      allowPrivilegeEscalation: false
      capabilities:
        drop:
        - ALL
  securityContext:
    runAsNonRoot: true
    seccompProfile:
      type: RuntimeDefault
`, 1)
	if code != 0 || out != fixed {
		t.Errorf("what is fixed is (%d):\n%s%s\nwant\n%s", code, out, said, fixed)
	}
}
