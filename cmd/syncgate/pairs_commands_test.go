//go:build conformance || fixrate

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pair is one object of a source and one upstream check that forbids it.
type pair struct{ apiVersion, kind, namespace, name, check string }

func (p pair) String() string {
	return fmt.Sprintf("%s %s %s/%s %s", p.apiVersion, p.kind, p.namespace, p.name, p.check)
}

type pairSet map[pair]bool

// minus lists what only a has.
func (a pairSet) minus(b pairSet) (out []string) {
	for p := range a {
		if !b[p] {
			out = append(out, p.String())
		}
	}
	slices.Sort(out)
	return out
}

// commandOutput runs a command that renders, where it can reach no network. The error is what it says.
func commandOutput(home, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "GIT_ALLOW_PROTOCOL=none",
		"HTTP_PROXY=http://127.0.0.1:1", "HTTPS_PROXY=http://127.0.0.1:1"}
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = errors.New(string(exit.Stderr))
	}
	return out, err
}

// commandKubeVersion is the version of Kubernetes that the commands render for when nobody says one.
func commandKubeVersion(t *testing.T) string {
	dir := t.TempDir()
	for name, content := range map[string]string{"Chart.yaml": "apiVersion: v2\nname: v\nversion: 0.0.1\n",
		"templates/v.yaml": "v: {{ .Capabilities.KubeVersion.Version }}\n"} {
		if err := os.MkdirAll(filepath.Join(dir, path.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("helm", "template", dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	_, version, _ := strings.Cut(string(out), "\nv: ")
	return strings.TrimSpace(version)
}
