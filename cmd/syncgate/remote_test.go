package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"sync/atomic"
	"testing"
)

const remoteAccount = "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: far\n"

// remoteRepo is a repository on disk and a cache of its own, for the binary to work on.
type remoteRepo struct {
	t    *testing.T
	dir  string
	home string
	env  []string
}

func newRemoteRepo(t *testing.T, files map[string]string) *remoteRepo {
	t.Helper()
	home := t.TempDir()
	r := &remoteRepo{t: t, dir: t.TempDir(), home: home}
	r.env = append(os.Environ(), asCommand+"=1", "HOME="+home, "XDG_CACHE_HOME="+filepath.Join(home, "cache"),
		"XDG_CONFIG_HOME="+filepath.Join(home, "config"), "HELM_REPOSITORY_CONFIG="+filepath.Join(home, "repositories.yaml"),
		"GIT_CONFIG_GLOBAL="+filepath.Join(home, "gitconfig"), "GIT_CONFIG_NOSYSTEM=1", "NETRC="+filepath.Join(home, "netrc"))
	r.write(r.dir, files)
	r.write(r.dir, map[string]string{".git/HEAD": "ref: refs/heads/main\n"})
	return r
}

func (r *remoteRepo) write(dir string, files map[string]string) {
	r.t.Helper()
	for name, text := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, []byte(text), 0o644)); err != nil {
			r.t.Fatal(err)
		}
	}
}

// run gives what the binary prints on both streams, and its exit code.
func (r *remoteRepo) run(args ...string) (string, int) {
	r.t.Helper()
	exe, err := os.Executable()
	if err != nil {
		r.t.Fatal(err)
	}
	cmd := exec.Command(exe, args...)
	cmd.Dir, cmd.Env = r.dir, r.env
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		r.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// want runs the binary and looks for its exit code and parts of what it prints.
func (r *remoteRepo) want(code int, parts []string, args ...string) string {
	r.t.Helper()
	out, got := r.run(args...)
	if got != code {
		r.t.Fatalf("syncgate %s: exit code %d, want %d\n%s", strings.Join(args, " "), got, code, out)
	}
	for _, p := range parts {
		if !strings.Contains(out, p) {
			r.t.Fatalf("syncgate %s: no %q in\n%s", strings.Join(args, " "), p, out)
		}
	}
	return out
}

func (r *remoteRepo) lock() string {
	data, err := os.ReadFile(filepath.Join(r.dir, ".syncgate.lock"))
	if err != nil {
		return ""
	}
	return string(data)
}

// files lists what is in the repository.
func (r *remoteRepo) files() string {
	var out []string
	filepath.WalkDir(r.dir, func(p string, _ os.DirEntry, _ error) error {
		out = append(out, strings.TrimPrefix(p, r.dir))
		return nil
	})
	sort.Strings(out)
	return strings.Join(out, "\n")
}

// farServer counts the requests that it gets.
type farServer struct {
	*httptest.Server
	host string
	hits atomic.Int64
}

func serve(t *testing.T, h http.Handler) *farServer {
	t.Helper()
	s := &farServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.hits.Add(1)
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	s.host = strings.TrimPrefix(s.URL, "http://")
	return s
}

// serveFiles serves contents by path; the map may be changed between runs of the binary.
func serveFiles(t *testing.T, files map[string]string) *farServer {
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Write([]byte(text))
	}))
}

func TestRemoteFile(t *testing.T) {
	t.Parallel()
	files := map[string]string{"/a.yaml": remoteAccount}
	far := serveFiles(t, files)
	r := newRemoteRepo(t, map[string]string{"app/kustomization.yaml": "namePrefix: x-\nresources:\n- " + far.URL + "/a.yaml\n"})
	before := r.files()
	r.want(2, []string{"app/kustomization.yaml:3: " + far.URL + "/a.yaml is remote, and network access is off", "--allow-remote " + far.host}, "render")
	r.want(2, []string{"is not an allowed host"}, "render", "--allow-remote", "elsewhere.example")
	if n := far.hits.Load(); n != 0 {
		t.Fatalf("%d requests without permission", n)
	}
	r.want(0, []string{"name: x-far"}, "render", "--allow-remote", far.host)
	if after := r.files(); after != before {
		t.Errorf("rendering wrote to the repository:\n%s", after)
	}

	r.want(0, []string{".syncgate.lock written; 1 in use, 1 fetched"}, "vendor", "--allow-remote", far.host)
	lock := r.lock()
	r.want(0, []string{".syncgate.lock is up to date; 1 in use, 0 fetched"}, "vendor", "--allow-remote", far.host)
	if r.lock() != lock || !strings.Contains(lock, "digest: sha256:") {
		t.Errorf("the lock is not stable:\n%s\n%s", lock, r.lock())
	}
	n := far.hits.Load()
	r.want(0, []string{"name: x-far"}, "render")
	r.want(0, nil, "check")
	r.want(0, nil, "fix", "--diff")
	if far.hits.Load() != n {
		t.Error("a locked render from the cache asked the network")
	}

	files["/a.yaml"] = strings.ReplaceAll(remoteAccount, "far", "other")
	cold := &remoteRepo{t: t, dir: r.dir, env: append(r.env, "XDG_CACHE_HOME="+t.TempDir())}
	cold.want(2, []string{"is in .syncgate.lock, but not in the cache", "syncgate vendor --allow-remote " + far.host}, "render")
	cold.want(2, []string{"app/kustomization.yaml:3: fetching " + far.URL + "/a.yaml: is sha256:", ".syncgate.lock says sha256:", "vendor --update"},
		"render", "--allow-remote", far.host)
	cold.want(2, []string{".syncgate.lock says"}, "vendor", "--allow-remote", far.host)
	if r.lock() != lock {
		t.Errorf("a failed vendor changed the lock:\n%s", r.lock())
	}
	cold.want(0, []string{"written; 1 in use, 1 fetched"}, "vendor", "--update", "--allow-remote", far.host)
	cold.want(0, []string{"name: x-other"}, "render")
}

// What a remote file says is mended in the kustomization that names it, and is proven with the same copy.
func TestRemoteFix(t *testing.T) {
	t.Parallel()
	far := serveFiles(t, map[string]string{"/a.yaml": "apiVersion: v1\nkind: Pod\nmetadata:\n  name: far\nspec:\n  containers:\n  - name: c\n    image: nginx:1.27\n"})
	r := newRemoteRepo(t, map[string]string{"app/kustomization.yaml": "resources:\n- " + far.URL + "/a.yaml\n"})
	r.want(0, nil, "vendor", "--allow-remote", far.host)
	n := far.hits.Load()
	r.want(1, []string{"pss/allowPrivilegeEscalation"}, "check", "--select", "pss")
	r.want(0, []string{"app/kustomization.yaml"}, "fix", "--select", "pss")
	r.want(0, nil, "check", "--select", "pss")
	if far.hits.Load() != n {
		t.Error("a locked check or fix asked the network")
	}
}
