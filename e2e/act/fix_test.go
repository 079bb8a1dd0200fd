package act

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// github starts the stand-in for GitHub, which the test fails with if a request or an answer is none of GitHub's.
func github(t *testing.T) (url, repository string) {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "serve")
	build := exec.Command("go", "build", "-C", "../..", "-o", bin, "./gitops/github/githubtest/serve")
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

// A push with fix: pr opens a pull request; the next one leaves it as it is. A bundle comes to the same.
func TestFix(t *testing.T) {
	url, repository := github(t)
	r := newRepo(t, demo(t))
	r.git("remote", "add", "origin", "https://github.com/acme/shop.git")
	r.args = []string{"--env", "GITHUB_API_URL=" + url, "--env", "GITHUB_REPOSITORY=acme/shop"}
	inputs := map[string]string{"paths": "apps\ncharts\nmanifests", "fix": "pr", "base": "main", "token": "${{ secrets.GITHUB_TOKEN }}"}
	for _, want := range []string{"opened", "unchanged"} {
		r.git("push", "-q", repository, "HEAD:main")
		o := r.run("push", inputs)
		wantOutputs(t, o, map[string]string{"exit-code": "1", "pull-request": "1", "pull-request-action": want})
		if o.ok || !strings.Contains(o.summary, "**syncgate fixes**: "+want) || strings.Contains(o.text, secret) {
			t.Errorf("passes: %v; the summary:\n%s", o.ok, o.summary)
		}
	}
	o := r.run("push", map[string]string{"paths": "apps\ncharts\nmanifests", "fix": "bundle", "fail-on": "never"})
	if !o.ok || !strings.HasPrefix(o.outputs["digest"], "sha256:") || o.outputs["bundle"] == "" {
		t.Fatalf("outputs: %v\n%s", o.outputs, o.text)
	}
}
