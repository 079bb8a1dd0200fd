package e2e

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// github starts the stand-in for GitHub, which holds all that it hears and says against GitHub's own description when
// SYNCGATE_OPENAPI names it. The test fails if anything does not fit.
func github(t *testing.T) (url, repository string) {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "serve")
	build := exec.Command("go", "build", "-C", "..", "-o", bin, "./gitops/github/githubtest/serve")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the stand-in: %v\n%s", err, out)
	}
	cmd := exec.Command(bin)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the stand-in: %v", err)
		}
	})
	lines := bufio.NewScanner(out)
	for _, into := range []*string{&url, &repository} {
		if !lines.Scan() {
			t.Fatal("the stand-in did not start")
		}
		*into = lines.Text()
	}
	return url, repository
}

// The pull request for the demo repository, made in one go and by way of a bundle: its branch, cloned and rendered with the
// real helm and kustomize, passes.
func TestPullRequest(t *testing.T) {
	for _, bundled := range []bool{false, true} {
		t.Run(map[bool]string{false: "in one go", true: "by a bundle"}[bundled], func(t *testing.T) { pullRequest(t, bundled) })
	}
}

func pullRequest(t *testing.T, bundled bool) {
	url, repository := github(t)
	work := filepath.Join(t.TempDir(), "shop")
	copyWritable(t, "../testdata/demo", work)
	git := func(args ...string) {
		t.Helper()
		if code, out := run(t, work, "git", append([]string{"-c", "user.name=e2e", "-c", "user.email=e2e@example.com"}, args...)...); code != 0 {
			t.Fatalf("git %v: %s", args, out)
		}
	}
	git("init", "-q", "-b", "main", ".")
	git("add", "-A")
	git("commit", "-qm", "base")
	git("push", "-q", repository, "main")
	t.Setenv("GITHUB_API_URL", url)
	t.Setenv("GITHUB_REPOSITORY", "acme/shop")
	args := []string{"pr"}
	if bundled {
		t.Setenv("GITHUB_TOKEN", "")
		bundle := filepath.Join(t.TempDir(), "fixes.json")
		if code, out := run(t, work, commands.syncgate, "fix", "--bundle", bundle); code != 0 {
			t.Fatalf("fix --bundle ends with %d:\n%s", code, out)
		}
		args = []string{"pr", "--from", bundle}
	}
	t.Setenv("GITHUB_TOKEN", "ghs_0123456789abcdefSECRET")
	for _, want := range []string{"pull request: opened: #1 ", "pull request: is up to date: #1 "} {
		if code, out := run(t, work, commands.syncgate, args...); code != 0 || !strings.Contains(out, want) {
			t.Fatalf("%v ends with %d, want %q:\n%s", args, code, want, out)
		}
	}
	_, branches := run(t, work, "git", "ls-remote", "--heads", repository, "syncgate/*")
	_, branch, _ := strings.Cut(strings.TrimSpace(branches), "refs/heads/")
	clone := filepath.Join(t.TempDir(), "clone")
	if code, out := run(t, work, "git", "clone", "-q", "-b", branch, repository, clone); code != 0 {
		t.Fatalf("cloning %s: %s", branch, out)
	}
	passes(t, clone)
	passes(t, rendered(t, clone))
	if code, _ := run(t, work, commands.syncgate, "check", rendered(t, work)); code != 1 {
		t.Errorf("what the commands render of the base ends with %d, so that the branch's passing shows nothing", code)
	}
}

func passes(t *testing.T, dir string) {
	t.Helper()
	if code, out := run(t, dir, commands.syncgate, "check", "--fail-on", "warning", "--root", dir, dir); code != 0 {
		t.Errorf("it does not pass:\n%s", out)
	}
}

// rendered is a directory of what the real commands make of a repository's overlays, charts and manifests.
func rendered(t *testing.T, root string) string {
	t.Helper()
	out := t.TempDir()
	n := 0
	keep := func(name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		text, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		n++
		write(t, filepath.Join(out, strings.ReplaceAll(args[1], "/", "_")+".yaml"), string(text))
	}
	for _, d := range entries(t, root, "kustomization.yaml") {
		if strings.Contains(d, "overlays") {
			keep(commands.kustomize, "build", filepath.Join(root, d))
		}
	}
	for _, d := range entries(t, root, "Chart.yaml") {
		keep(commands.helm, "template", filepath.Join(root, d), "--kube-version", "v1.35.0")
	}
	if n != 3 {
		t.Fatalf("%d overlays and charts, want 3", n)
	}
	copyWritable(t, filepath.Join(root, "manifests"), filepath.Join(out, "manifests"))
	return out
}
