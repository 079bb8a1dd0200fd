package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/syncgate/syncgate/gitops/github/githubtest"
)

const prPod = `apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  containers:
  - name: a
    image: x
`

// TestPR drives the command against a stand-in GitHub: dry run, open, no-op, and a work tree that differs from the base.
// The repository's root is above --root, and a file is reached through a link.
func TestPR(t *testing.T) {
	server := githubtest.New(t)
	dir := t.TempDir()
	for name, text := range map[string]string{"deploy/apps/pod.yaml": prPod, "other.txt": "x\n"} {
		writeAt(t, filepath.Join(dir, name), text)
	}
	if err := os.Symlink("apps", filepath.Join(dir, "deploy/linked")); err != nil {
		t.Fatal(err)
	}
	server.Push(dir, "main", "base")
	work := server.Clone("main")
	pr := func(want int, more ...string) string {
		t.Helper()
		t.Setenv("GITHUB_TOKEN", githubtest.Token)
		var out, errs bytes.Buffer
		args := append([]string{"pr", "--repo", githubtest.Repository, "--api-url", server.URL, "--root", filepath.Join(work, "deploy"),
			"--fail-on", "never", filepath.Join(work, "deploy/linked/pod.yaml")}, more...)
		code := run(args, stdio{Out: &out, Err: &errs})
		said := out.String() + errs.String()
		if code != want {
			t.Errorf("%v ends with %d, want %d:\n%s", more, code, want, said)
		}
		if strings.Contains(said, githubtest.Token) {
			t.Errorf("the token is shown:\n%s", said)
		}
		return said
	}
	wants := func(said, want string) {
		t.Helper()
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
	wants(pr(0, "--dry-run"), "dry run, nothing was done; would be opened: a new one (1 file from syncgate/fix-")
	if server.Writes() > 0 {
		t.Error("the dry run wrote something")
	}
	wants(pr(0, "--labels", "security"), "pull request: opened: #1 ")
	wants(pr(0), "pull request: is up to date: #1 ")
	pull := server.Pulls()[0]
	if files := server.Git(nil, "diff", "--name-only", "main.."+pull.Head); files != "deploy/apps/pod.yaml" {
		t.Errorf("the branch changes %q", files)
	}
	if data, err := os.ReadFile(filepath.Join(work, "deploy/apps/pod.yaml")); err != nil || string(data) != prPod {
		t.Errorf("the work tree changed: %v\n%s", err, data)
	}
	var out bytes.Buffer
	if code := run([]string{"check", "--fail-on", "warning", filepath.Join(server.Clone(pull.Head), "deploy")}, stdio{Out: &out, Err: &out}); code != 0 {
		t.Errorf("the branch does not pass: %d\n%s", code, &out)
	}
	writeAt(t, filepath.Join(work, "deploy/apps/pod.yaml"), "# not pushed\n"+prPod)
	wants(pr(2), "the patches were not made from what is on main now: deploy/apps/pod.yaml differ")
}

func TestRepositoryOf(t *testing.T) {
	for remote, want := range map[string]string{
		"https://github.com/acme/shop.git":      "acme/shop",
		"https://me:pw@ghe.example.com/a/b.c/":  "a/b.c",
		"git@github.com:acme/shop.git":          "acme/shop",
		"ssh://git@github.com:22/acme/shop.git": "acme/shop",
		"/srv/git/shop.git":                     "",
		"https://gitlab.com/a/b/c":              "",
	} {
		if got := repositoryOf(remote); got != want {
			t.Errorf("%s: %q, want %q", remote, got, want)
		}
	}
}

func writeAt(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestPRDemo puts the fixes of the demo repository, with its chart and overlays, on a branch; cloned, it passes.
func TestPRDemo(t *testing.T) {
	server := githubtest.New(t)
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../testdata/demo")); err != nil {
		t.Fatal(err)
	}
	server.Push(dir, "main", "base")
	work := server.Clone("main")
	t.Setenv("GITHUB_TOKEN", githubtest.Token)
	t.Setenv("GITHUB_REPOSITORY", githubtest.Repository)
	t.Setenv("GITHUB_API_URL", server.URL)
	for _, want := range []string{"pull request: opened: #1 ", "pull request: is up to date: #1 "} {
		var out bytes.Buffer
		if code := run([]string{"pr", work}, stdio{Out: &out, Err: &out}); code != 0 || !strings.Contains(out.String(), want) {
			t.Fatalf("pr ends with %d, want %q:\n%s", code, want, &out)
		}
	}
	var out bytes.Buffer
	if code := run([]string{"check", "--fail-on", "warning", server.Clone(server.Pulls()[0].Head)}, stdio{Out: &out, Err: &out}); code != 0 {
		t.Errorf("the branch does not pass: %d\n%s", code, &out)
	}
}

// TestPRFrom carries patches in a bundle: made without a token, opened without a work tree. It is the same pull request as
// without the bundle.
func TestPRFrom(t *testing.T) {
	server := githubtest.New(t)
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../testdata/demo")); err != nil {
		t.Fatal(err)
	}
	server.Push(dir, "main", "base")
	work, bundle := server.Clone("main"), filepath.Join(t.TempDir(), "fixes.json")
	syncgate := func(want int, args ...string) string {
		t.Helper()
		var out bytes.Buffer
		if code := run(args, stdio{Out: &out, Err: &out}); code != want {
			t.Fatalf("%v ends with %d:\n%s", args, code, &out)
		}
		return out.String()
	}
	t.Setenv("GITHUB_TOKEN", "")
	said := syncgate(0, "fix", "--bundle", bundle, work)
	digest := regexp.MustCompile(`sha256:[0-9a-f]+`).FindString(said)

	t.Setenv("GITHUB_TOKEN", githubtest.Token)
	t.Setenv("GITHUB_REPOSITORY", githubtest.Repository)
	t.Setenv("GITHUB_API_URL", server.URL)
	t.Chdir(t.TempDir())
	from := []string{"pr", "--from", bundle, "--digest", digest}
	for _, c := range []struct {
		args []string
		want string
	}{{append(from, "--dry-run"), "would be opened"}, {from, "pull request: opened: #1 "}, {from, "is up to date: #1 "},
		{[]string{"pr", work}, "is up to date: #1 "}} {
		if said := syncgate(0, c.args...); !strings.Contains(said, c.want) {
			t.Errorf("%v does not say %q:\n%s", c.args, c.want, said)
		}
	}
	syncgate(0, "check", "--fail-on", "warning", server.Clone(server.Pulls()[0].Head))

	writeAt(t, filepath.Join(work, "manifests/redis.yaml"), prPod)
	server.Push(work, "main", "news")
	if said := syncgate(2, from...); !strings.Contains(said, "the patches were not made from what is on main now: manifests/redis.yaml differ") {
		t.Errorf("a stale bundle:\n%s", said)
	}
}
