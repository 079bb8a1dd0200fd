//go:build unix

package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

const goodPod = `apiVersion: v1
kind: Pod
metadata: {name: good, namespace: side}
spec:
  securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: good
    image: registry.example/good:1
    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
`

const badPod = `apiVersion: v1
kind: Pod
metadata: {name: bad, namespace: side}
spec: {hostNetwork: true, containers: [{name: bad, image: "registry.example/bad:1"}]}
`

// outsideFiles stand beside the repository: every one of them would be taken if it were read.
var outsideFiles = map[string]string{
	"pod.yaml":                      strings.ReplaceAll(badPod, "bad", canary),
	"values.yaml":                   "leak: " + canary + "\n",
	"schema.json":                   `{"type":"object","required":["` + canary + `"]}`,
	"data.txt":                      canary,
	"base/kustomization.yaml":       "resources: [pod.yaml]\n",
	"base/pod.yaml":                 strings.ReplaceAll(badPod, "bad", canary),
	"chart/Chart.yaml":              "apiVersion: v2\nname: chart\nversion: 0.1.0\n",
	"chart/templates/pod.yaml":      strings.ReplaceAll(badPod, "bad", canary),
	"component/kustomization.yaml":  "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamePrefix: " + canary + "-\n",
	"transformer/transformer.yaml":  "apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: x}\nprefix: " + canary + "-\n",
	"transformer/replacements.yaml": "source: {kind: Pod, name: good}\ntargets: []\n" + "# " + canary + "\n",
}

// spy is what a run could reach outside its repository.
type spy struct {
	outside, bin string
	port         int
	calls        *atomic.Int32
}

// newSpy lays out what hostile repositories reach for: files beside them, commands on PATH that leave a mark, and a server.
func newSpy(t *testing.T) spy {
	t.Helper()
	s := spy{outside: t.TempDir(), bin: t.TempDir(), calls: new(atomic.Int32)}
	writeFiles(t, s.outside, outsideFiles)
	for _, name := range []string{"git", "helm", "kustomize", "sh", "bash", "docker", "python", "hook", "evil", "ssh", "curl"} {
		script := fmt.Sprintf("#!/bin/sh\n: > %s/ran-%s\n", s.bin, name)
		if err := os.WriteFile(filepath.Join(s.bin, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s.port = l.Addr().(*net.TCPAddr).Port
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.calls.Add(1)
			c.Close()
		}
	}()
	return s
}

// check reports what was run or called.
func (s spy) check(t *testing.T) {
	if n := s.calls.Load(); n > 0 {
		t.Errorf("%d connections were made", n)
	}
	if ran, _ := filepath.Glob(filepath.Join(s.bin, "ran-*")); len(ran) > 0 {
		t.Errorf("commands were run: %v", ran)
	}
}

func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		err := os.MkdirAll(filepath.Dir(p), 0o755)
		if err == nil {
			err = writeFile(p, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func writeFile(p, text string) error {
	if target, ok := strings.CutPrefix(text, "-> "); ok {
		return os.Symlink(target, p)
	}
	if text == "| " {
		return makePipe(p)
	}
	if err := os.WriteFile(p, []byte(text), 0o644); err != nil || !strings.HasPrefix(text, "~ ") {
		return err
	}
	size, err := strconv.Atoi(text[2:])
	if err != nil {
		return err
	}
	if err := os.WriteFile(p, []byte("apiVersion: v1\nkind: Pod\nx: "), 0o644); err != nil {
		return err
	}
	return os.Truncate(p, int64(size)<<20)
}

// lay writes the case's repository.
func (c *hostile) lay(t *testing.T, s spy) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{"side/good.yaml": goodPod, "side/bad.yaml": badPod, ".git/HEAD": "ref: refs/heads/main\n"}
	r := c.replacer(dir, s)
	for name, text := range c.files {
		files[name] = r.Replace(text)
	}
	writeFiles(t, dir, files)
	if c.make != nil {
		c.make(t, dir)
	}
	return dir
}

// replacer puts in what a case only knows by name.
func (c *hostile) replacer(dir string, s spy) *strings.Replacer {
	up := "../" + filepath.Base(s.outside)
	if rel, err := filepath.Rel(dir, s.outside); err == nil {
		up = filepath.ToSlash(rel)
	}
	return strings.NewReplacer("UP-OUTSIDE", up, "OUTSIDE", s.outside, "PORT", strconv.Itoa(s.port))
}
