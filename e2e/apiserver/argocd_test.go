package apiserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// argoCD is an Argo CD that syncs to the server: its repository server with the plugin beside it, and its controller.
type argoCD struct {
	dir       string // of its files
	processes []*process
}

// startArgoCD starts Argo CD on what bin/e2e holds of it, with the policy in the administrator's place.
func startArgoCD(dir, policy string) (a *argoCD, err error) {
	bin, err := filepath.Abs("../../bin")
	if err != nil {
		return nil, err
	}
	program := filepath.Join(bin, "e2e", "argocd")
	if _, err := os.Stat(program); err != nil {
		return nil, fmt.Errorf("%w; the tests of e2e/argocd build it", err)
	}
	redis, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, fmt.Errorf("%w; Debian has it in the package redis-server", err)
	}
	a = &argoCD{dir: dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.stop())
		}
	}()
	sockets := filepath.Join(dir, "plugins")
	if len(sockets) > 80 {
		return a, fmt.Errorf("%s is too long for a socket; set TMPDIR to something shorter", sockets)
	}
	if err := errors.Join(os.MkdirAll(sockets, 0o755), a.installPlugin(policy), applyArgoCD(), a.writeKubeconfig()); err != nil {
		return a, err
	}
	ports, err := freePorts(7)
	if err != nil {
		return a, err
	}
	port := func(i int) string { return ports[i][strings.LastIndex(ports[i], ":")+1:] }
	env := []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "ARGOCD_PLUGINSOCKFILEPATH=" + sockets, "ARGOCD_CMP_WORKDIR=" + dir,
		"ARGOCD_GPG_ENABLED=false", "ARGOCD_TLS_DATA_PATH=" + dir, "ARGOCD_SSH_DATA_PATH=" + dir, "GIT_CONFIG_COUNT=1",
		"GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"}
	for _, p := range []struct {
		name, program string
		args          []string
	}{
		{"redis-server", redis, []string{"--port", port(0), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"}},
		{"argocd-cmp-server", program, []string{"--config-dir-path", dir}},
		{"argocd-repo-server", program, []string{"--redis", ports[0], "--disable-tls", "--address", "127.0.0.1", "--port", port(1), "--metrics-port", port(2)}},
		{"argocd-application-controller", program, []string{"--kubeconfig", filepath.Join(dir, "kubeconfig"), "--namespace", "argocd",
			"--repo-server", ports[1], "--repo-server-plaintext", "--redis", ports[0], "--metrics-port", port(3), "--app-resync", "5"}},
	} {
		started, err := startAs(dir, p.name, append(env, "ARGOCD_BINARY_NAME="+p.name), p.program, p.args...)
		if err != nil {
			return a, err
		}
		a.processes = append(a.processes, started)
	}
	return a, nil
}

// stop ends what was started, the last one first.
func (a *argoCD) stop() error {
	var errs []error
	for i := len(a.processes) - 1; i >= 0; i-- {
		p := a.processes[i]
		if p.name == "argocd-cmp-server" { // it ends on no other signal
			p.cmd.Process.Kill()
			<-p.ended
			continue
		}
		errs = append(errs, p.stop())
	}
	return errors.Join(errs...)
}

// said is the end of what all programs wrote.
func (a *argoCD) said() string {
	var b strings.Builder
	for _, p := range a.processes {
		fmt.Fprintf(&b, "%s:\n%s\n", p.name, p.tail())
	}
	return b.String()
}

// installPlugin writes plugin.yaml as it is installed, but for where the policy stands.
func (a *argoCD) installPlugin(policy string) error {
	text, err := os.ReadFile("../../gitops/argocd/install/plugin.yaml")
	if err != nil {
		return err
	}
	file := filepath.Join(a.dir, "policy.yaml")
	return errors.Join(os.WriteFile(file, []byte(policy), 0o644),
		os.WriteFile(filepath.Join(a.dir, "plugin.yaml"), []byte(strings.ReplaceAll(string(text), "/etc/syncgate/policy.yaml", file)), 0o644))
}

func (a *argoCD) writeKubeconfig() error {
	config := map[string]any{"apiVersion": "v1", "kind": "Config", "current-context": "e2e",
		"clusters": []any{map[string]any{"name": "e2e", "cluster": map[string]any{"server": server.url, "insecure-skip-tls-verify": true}}},
		"users":    []any{map[string]any{"name": "e2e", "user": map[string]any{"token": server.token}}},
		"contexts": []any{map[string]any{"name": "e2e", "context": map[string]any{"cluster": "e2e", "user": "e2e"}}}}
	text, err := json.Marshal(config)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(a.dir, "kubeconfig"), text, 0o600)
}

// applyArgoCD puts into the cluster what Argo CD expects there: its own CRDs, its settings, a project and the cluster.
func applyArgoCD() error {
	module := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/argoproj/argo-cd/v2")
	module.Dir = "../argocd"
	dir, err := module.Output()
	if err != nil {
		return fmt.Errorf("looking for argo-cd's module: %w", err)
	}
	for _, crd := range []string{"application", "appproject", "applicationset"} {
		text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "manifests", "crds", crd+"-crd.yaml"))
		if err != nil {
			return err
		}
		if err := server.apply("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "application/yaml", text); err != nil {
			return err
		}
	}
	if err := server.namespace("argocd", policy{"privileged", "latest"}); err != nil {
		return err
	}
	part := map[string]string{"app.kubernetes.io/part-of": "argocd"}
	secret := func(name string, labels, data map[string]string) map[string]any {
		return map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": name, "labels": labels}, "stringData": data}
	}
	login, err := json.Marshal(map[string]any{"bearerToken": server.token, "tlsClientConfig": map[string]any{"insecure": true}})
	if err != nil {
		return err
	}
	objects := map[string][]any{"secrets": {
		secret("argocd-secret", part, map[string]string{"server.secretkey": "unused"}),
		secret("e2e", map[string]string{"argocd.argoproj.io/secret-type": "cluster"},
			map[string]string{"name": "e2e", "server": server.url, "config": string(login)}),
	}}
	for _, name := range []string{"argocd-cm", "argocd-cmd-params-cm", "argocd-rbac-cm"} {
		objects["configmaps"] = append(objects["configmaps"], map[string]any{"apiVersion": "v1", "kind": "ConfigMap",
			"metadata": map[string]any{"name": name, "labels": part}})
	}
	for kind, list := range objects {
		for _, o := range list {
			if err := server.createObject("/api/v1/namespaces/argocd/"+kind, o); err != nil {
				return err
			}
		}
	}
	return server.eventually(startTime, func() error {
		return server.createObject(argoAPI+"appprojects", map[string]any{"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject",
			"metadata": map[string]any{"name": "default"}, "spec": map[string]any{"sourceRepos": []string{"*"},
				"destinations":             []any{map[string]string{"namespace": "*", "server": "*"}},
				"clusterResourceWhitelist": []any{map[string]string{"group": "*", "kind": "*"}}}})
	})
}

const argoAPI = "/apis/argoproj.io/v1alpha1/namespaces/argocd/"

// TestArgoCD has a real Argo CD sync a repository to the server. While it is unsafe, the Application shows the verdict and
// nothing is in the cluster; what `syncgate fix` makes of it is synced.
func TestArgoCD(t *testing.T) {
	dir, err := os.MkdirTemp("", "argocd-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	argo, err := startArgoCD(dir, "level: restricted\n")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := argo.stop(); err != nil {
			t.Error(err)
		}
	})
	repo := unsafeRepository(t)
	const namespace = "shop"
	if err := server.namespace(namespace, policy{"restricted", "latest"}); err != nil {
		t.Fatal(err)
	}
	err = server.createObject(argoAPI+"applications", map[string]any{"apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
		"metadata": map[string]any{"name": "web"}, "spec": map[string]any{"project": "default",
			"destination": map[string]any{"server": server.url, "namespace": namespace},
			"source": map[string]any{"repoURL": "file://" + repo, "path": "app", "targetRevision": "HEAD",
				"plugin": map[string]any{"name": "syncgate"}},
			"syncPolicy": map[string]any{"automated": map[string]any{"prune": true, "selfHeal": true}}}})
	if err != nil {
		t.Fatal(err)
	}
	deployments := func() (n int, err error) {
		var list struct{ Items []json.RawMessage }
		err = server.get("/apis/apps/v1/namespaces/"+namespace+"/deployments", &list)
		return len(list.Items), err
	}
	if err := server.eventually(startTime, func() error {
		app, err := application("web")
		if err != nil {
			return err
		}
		for _, c := range app.Status.Conditions {
			if c.Type == "ComparisonError" && strings.Contains(c.Message, "syncgate refuses web: 4 errors by the administrator's policy (restricted:") {
				return nil
			}
		}
		return fmt.Errorf("the Application shows %+v", app.Status)
	}); err != nil {
		t.Fatalf("%v\n%s", err, argo.said())
	}
	if n, err := deployments(); n != 0 || err != nil {
		t.Fatalf("%d Deployments are in the cluster (%v)", n, err)
	}
	if _, err := syncgate("fix", "--root", repo, filepath.Join(repo, "app")); err != nil {
		t.Fatal(err)
	}
	git(t, repo, "commit", "-qam", "fixed")
	refresh := `{"metadata":{"annotations":{"argocd.argoproj.io/refresh":"hard"}}}`
	if err := server.apply("PATCH", argoAPI+"applications/web", "application/merge-patch+json", []byte(refresh)); err != nil {
		t.Fatal(err)
	}
	if err := server.eventually(startTime, func() error {
		app, err := application("web")
		if err == nil && app.Status.Sync.Status != "Synced" {
			err = fmt.Errorf("the Application shows %+v", app.Status)
		}
		return err
	}); err != nil {
		t.Fatalf("%v\n%s", err, argo.said())
	}
	if n, err := deployments(); n != 1 || err != nil {
		t.Errorf("%d Deployments are in the cluster (%v)", n, err)
	}
}

// applicationStatus is what is read of an Application.
type applicationStatus struct {
	Status struct {
		Sync       struct{ Status string }
		Conditions []struct{ Type, Message string }
	}
}

func application(name string) (a applicationStatus, err error) {
	err = server.get(argoAPI+"applications/"+name, &a)
	return a, err
}

// unsafeRepository is a git repository with an unsafe Deployment.
func unsafeRepository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	const manifest = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web
`
	if err := os.Mkdir(filepath.Join(dir, "app"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "app", "web.yaml"), []byte(manifest), 0o644); err != nil {
		t.Fatal(err)
	}
	git(t, dir, "init", "-q", "-b", "main")
	git(t, dir, "add", ".")
	git(t, dir, "commit", "-qm", "unsafe")
	return dir
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=e2e", "-c", "user.email=e2e@example.com", "-c", "commit.gpgsign=false"}, args...)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
}
