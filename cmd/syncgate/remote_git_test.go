package main

import (
	"errors"
	"io"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// gitHost serves bare repositories below dir as `git http-backend` does.
func gitHost(t *testing.T, dir string) *farServer {
	t.Helper()
	out, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, &cgi.Handler{
		Path:   filepath.Join(strings.TrimSpace(string(out)), "git-http-backend"),
		Env:    []string{"GIT_PROJECT_ROOT=" + dir, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1"},
		Stderr: io.Discard,
	})
}

// gitRepo makes a bare repository with one commit on main, and returns how to commit further files.
func gitRepo(t *testing.T, bare string, files map[string]string) (commit func(map[string]string)) {
	t.Helper()
	work := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", args...)
		cmd.Dir = work
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com",
			"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "-q", "--bare", "-b", "main", bare)
	git("init", "-q", "-b", "main")
	commit = func(files map[string]string) {
		t.Helper()
		r := &remoteRepo{t: t}
		for name, text := range files {
			if target, ok := strings.CutPrefix(text, "-> "); ok {
				at := filepath.Join(work, name)
				if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.Symlink(target, at)); err != nil {
					t.Fatal(err)
				}
				continue
			}
			r.write(work, map[string]string{name: text})
		}
		git("add", "-A")
		git("commit", "-q", "-m", "x")
		git("push", "-q", bare, "main")
	}
	commit(files)
	return commit
}

func TestRemoteGitBase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	commit := gitRepo(t, filepath.Join(dir, "org", "repo.git"), map[string]string{
		"deploy/kustomization.yaml": "resources: [../shared, own.yaml]\nconfigMapGenerator:\n- name: made\n  literals: [a=b]\n",
		"deploy/own.yaml":           strings.ReplaceAll(remoteAccount, "far", "own"),
		"shared/kustomization.yaml": "resources: [a.yaml]\n",
		"shared/a.yaml":             remoteAccount,
		"part/kustomization.yaml":   "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnameSuffix: -y\n",
	})
	far := gitHost(t, dir)
	url := far.URL + "/org/repo.git//"
	r := newRemoteRepo(t, map[string]string{"app/kustomization.yaml": "resources:\n- " + url + "deploy?ref=main\ncomponents:\n- " + url + "part?ref=main\n"})
	before := r.files()
	r.want(2, []string{"app/kustomization.yaml:2: " + url + "deploy?ref=main is remote, and network access is off"}, "render")
	if n := far.hits.Load(); n != 0 {
		t.Fatalf("%d requests without permission", n)
	}
	r.want(0, []string{"name: far-y\n", "name: own-y\n", "name: made-y-"}, "render", "--allow-remote", far.host)
	if after := r.files(); after != before {
		t.Errorf("rendering wrote to the repository:\n%s", after)
	}
	r.want(0, []string{"written; 2 in use, 2 fetched"}, "vendor", "--allow-remote", far.host)
	lock := r.lock()
	if !strings.Contains(lock, "kind: base\n") || !strings.Contains(lock, "commit: ") {
		t.Errorf("the lock:\n%s", lock)
	}
	r.want(0, []string{"up to date; 2 in use, 0 fetched"}, "vendor", "--allow-remote", far.host)

	commit(map[string]string{"shared/a.yaml": remoteAccount + "# more\n"})
	n := far.hits.Load()
	r.want(0, []string{"name: far-y\n"}, "render")
	if far.hits.Load() != n {
		t.Error("a locked render from the cache asked the network")
	}
	cold := &remoteRepo{t: t, dir: r.dir, env: append(r.env, "XDG_CACHE_HOME="+t.TempDir())}
	cold.want(2, []string{"app/kustomization.yaml:", "is at commit ", "now, and .syncgate.lock says "}, "render", "--allow-remote", far.host)
	cold.want(0, []string{"written; 2 in use, 2 fetched"}, "vendor", "--update", "--allow-remote", far.host)
	if r.lock() == lock {
		t.Error("--update left the lock as it was")
	}
}

// What a remote base may not do: read the repository that uses it, or anything else on this machine.
func TestRemoteGitHostile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	gitRepo(t, filepath.Join(dir, "org", "repo.git"), map[string]string{
		"up/kustomization.yaml":     "resources: [../../../../app/own]\n",
		"link/kustomization.yaml":   "resources: [passwd.yaml]\n",
		"link/passwd.yaml":          "-> /etc/hostname",
		"nested/kustomization.yaml": "resources: [\"http://other.invalid/x.yaml\"]\n",
		"broken/kustomization.yaml": "resources: [a.yaml]\n",
		"broken/a.yaml":             "kind: [\n",
		"exec/kustomization.yaml":   "generators: [g.yaml]\n",
		"exec/g.yaml":               "apiVersion: v1\nkind: Evil\nmetadata: {name: x}\n",
	})
	far := gitHost(t, dir)
	for _, c := range []struct{ base, want string }{
		{"up", "../../../../app/own is outside what this kustomization is part of"},
		{"link", "is a link to /etc/hostname, outside the repository"},
		{"nested", "http://other.invalid/x.yaml is remote, and other.invalid is not an allowed host"},
		{"broken", "in broken/a.yaml:2 of "},
		{"exec", "external plugins disabled"},
		{"gone", "no such file or directory"},
	} {
		t.Run(c.base, func(t *testing.T) {
			r := newRemoteRepo(t, map[string]string{"app/own/kustomization.yaml": "resources: [a.yaml]\n", "app/own/a.yaml": remoteAccount,
				"over/kustomization.yaml": "resources:\n- " + far.URL + "/org/repo.git//" + c.base + "?ref=main\n"})
			out := r.want(2, []string{c.want, "over/kustomization.yaml:2"}, "render", "--allow-remote", far.host, "over")
			if strings.Contains(out, ".syncgate-remote") || strings.Contains(out, r.home) {
				t.Errorf("the message shows what is ours:\n%s", out)
			}
		})
	}
}

// A kustomization of the repository reaches a copy by its URL only.
func TestRemoteCopyByName(t *testing.T) {
	t.Parallel()
	r := newRemoteRepo(t, map[string]string{"app/kustomization.yaml": "resources:\n- .syncgate-remote/0123456789abcdef/a.yaml\n",
		"app/.syncgate-remote/0123456789abcdef/a.yaml": remoteAccount})
	r.want(2, []string{"app/kustomization.yaml:2: ", "is outside what this kustomization is part of"}, "render", "app")
}

func TestRemoteGitNeverLocal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bare := filepath.Join(dir, "repo.git")
	gitRepo(t, bare, map[string]string{"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": remoteAccount})
	r := newRemoteRepo(t, map[string]string{"app/kustomization.yaml": "resources:\n- file://" + bare + "\n"})
	r.want(2, []string{"a git repository on this machine is not cloned"}, "render", "--allow-remote", "localhost")
	bad := newRemoteRepo(t, map[string]string{"app/kustomization.yaml": "resources:\n- https://git.example.com/org/repo.git?ref=--upload-pack=x\n"})
	bad.want(2, []string{"is not the address of a git repository that can be fetched"}, "render", "--allow-remote", "git.example.com")
	redirect := serve(t, http.RedirectHandler("http://127.0.0.1:1/org/repo.git", http.StatusFound))
	over := newRemoteRepo(t, map[string]string{"app/kustomization.yaml": "components:\n- " + redirect.URL + "/org/repo.git\n"})
	over.want(2, []string{"fetching " + redirect.URL + "/org/repo.git: git fetch: "}, "render", "--allow-remote", redirect.host)
}
