package e2e

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// commands are the real tools, built from the modules that this one requires.
var commands struct{ syncgate, helm, kustomize string }

func TestMain(m *testing.M) { os.Exit(setUp(m)) }

func setUp(m *testing.M) int {
	bin, err := os.MkdirTemp("", "syncgate-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(bin)
	build := exec.Command("go", "build", "-o", bin+"/", "helm.sh/helm/v3/cmd/helm", "sigs.k8s.io/kustomize/kustomize/v5")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building helm and kustomize: %v\n%s", err, out)
		return 1
	}
	commands.helm, commands.kustomize = filepath.Join(bin, "helm"), filepath.Join(bin, "kustomize")
	commands.syncgate, err = filepath.Abs("../bin/syncgate")
	if err == nil {
		_, err = os.Stat(commands.syncgate)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%v; run `make build` first\n", err)
		return 1
	}
	return m.Run()
}

// object is one rendered object, decoded.
type object map[string]any

func (o object) id() string {
	meta, _ := o["metadata"].(map[string]any)
	return fmt.Sprint(o["apiVersion"], " ", o["kind"], " ", meta["namespace"], "/", meta["name"])
}

// render runs a command and decodes the objects that it prints; ok is false when the command fails.
func render(name string, args ...string) (objects []object, ok bool) {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "HTTPS_PROXY=http://127.0.0.1:1", "HTTP_PROXY=http://127.0.0.1:1", "GIT_ALLOW_PROTOCOL=none")
	out, err := cmd.Output()
	if err != nil {
		return nil, false
	}
	for _, doc := range strings.Split("\n"+string(out), "\n---") {
		var o object
		if err := yaml.Unmarshal([]byte(doc), &o); err == nil && len(o) > 0 {
			objects = append(objects, o)
		}
	}
	return objects, true
}

// entries are the directories below root that hold a file of one of the names, relative to root.
func entries(t *testing.T, root string, names ...string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		for _, n := range names {
			if d.Name() == n && !d.IsDir() {
				rel, err := filepath.Rel(root, filepath.Dir(p))
				if err != nil {
					return err
				}
				out = append(out, rel)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(out)
	return out
}

// copyWritable copies a directory; what was read-only becomes writable.
func copyWritable(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(from, p)
		target := filepath.Join(to, rel)
		switch {
		case d.IsDir():
			return os.MkdirAll(target, 0o755)
		case d.Type()&fs.ModeSymlink != 0:
			link, err := os.Readlink(p)
			if err != nil {
				return err
			}
			return os.Symlink(link, target)
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// run runs a command in a directory and returns its exit code and output.
func run(t *testing.T, dir, name string, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	err := cmd.Run()
	if _, exit := err.(*exec.ExitError); err != nil && !exit {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

// runApart is run with stdout and stderr apart.
func runApart(t *testing.T, dir, name string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, said bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &said
	err := cmd.Run()
	if _, exit := err.(*exec.ExitError); err != nil && !exit {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), said.String()
}

// read is what a file holds.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
