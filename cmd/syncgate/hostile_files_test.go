//go:build unix

package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fileCases are about what stands in a repository: links, special files, sizes, names.
func fileCases() []hostile {
	link := func(name, target, file, says, hint string) hostile {
		return hostile{name: name, files: map[string]string{"x/x.yaml": "-> " + target}, source: "x/x.yaml", file: file, says: says, hint: hint}
	}
	return []hostile{
		link("link that leaves", "UP-OUTSIDE/pod.yaml", "x/x.yaml: is a link to ", "outside the repository", "only files inside"),
		link("absolute link", "OUTSIDE/pod.yaml", "x/x.yaml: is a link to ", "outside the repository", "only files inside"),
		link("link to a device", "/dev/zero", "x/x.yaml: is a link to ", "outside the repository", "only files inside"),
		link("link to a process's root", "/proc/self/root/OUTSIDE/pod.yaml", "x/x.yaml: is a link to ", "outside the repository", "only files inside"),
		link("dangling link", "nobody.yaml", "x/x.yaml: ", "leads to nothing: x/nobody.yaml does not exist", "remove the link"),
		link("looping link", "x.yaml", "x/x.yaml: ", "too many levels of symbolic links", "remove the link"),
		{name: "looping directories", files: map[string]string{"x/a/b": "-> ../../x", "x/a/x.yaml": evilPod}, finds: found},
		{name: "link inside", files: map[string]string{"x/x.yaml": "-> ../y/y.yml", "y/y.yml": evilPod}, finds: found},
		{name: "linked directory that leaves", files: map[string]string{"x": "-> OUTSIDE"}},
		{name: "link to git's own data", files: map[string]string{"x/x.yaml": "-> ../.git/x.yaml", ".git/x.yaml": strings.ReplaceAll(evilPod, "evil", canary)},
			source: "x/x.yaml", file: "x/x.yaml: is git's own data", says: "", hint: "only files inside"},
		{name: "named pipe", files: one("| "), source: "x/x.yaml", file: "x/x.yaml: is no regular file", hint: "only regular files"},
		{name: "named pipe as kustomization", files: map[string]string{"x/kustomization.yaml": "| "}, source: "x", file: "x/kustomization.yaml: is no regular file", hint: "only regular files"},
		{name: "named pipe as chart", files: map[string]string{"x/Chart.yaml": "| "}, source: "x", file: "x/Chart.yaml: is no regular file", hint: "only regular files"},
		{name: "socket", make: func(t *testing.T, dir string) {
			chdirListen(t, filepath.Join(dir, "s.yaml"))
		}, source: "s.yaml", file: "s.yaml: is no regular file", hint: "only regular files"},
		{name: "directory called as a manifest", files: map[string]string{"x.yaml/x.yaml": evilPod}, finds: found},
		{name: "directory called kustomization.yaml", files: map[string]string{"x/kustomization.yaml/x.yaml": evilPod}, finds: found},
		{name: "100 MB", files: one("~ 100"), source: "x/x.yaml", file: "x/x.yaml: ", says: "is 100 MiB, more than the 32 MiB that are read", hint: "split"},
		{name: "100 MB of kustomization", files: map[string]string{"x/kustomization.yaml": "~ 100"}, source: "x", file: "x/kustomization.yaml: is 100 MiB", hint: "split"},
		{name: "100 MB in a chart", files: chart(map[string]string{"x/big.bin": "~ 100"}), source: "x", file: "x/big.bin: is 100 MiB", hint: "split"},
		{name: "many files", make: func(t *testing.T, dir string) {
			for i := range 10_000 {
				if err := os.WriteFile(filepath.Join(dir, "f"+strings.Repeat("x", i%50)+itoa(i)+".txt"), nil, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}},
		{name: "a name with escapes", files: map[string]string{"x\n::error::\x1b[2J\u202ex.yaml": "apiVersion: v1\nkind: [\n"},
			source: "x\n::error::\x1b[2J\u202ex.yaml", file: "x\n", says: "", hint: "expected YAML"},
		{name: "a name that is no UTF-8", files: map[string]string{"x\xff\xfe.yaml": evilPod}, finds: found},
		{name: "a deep directory", files: map[string]string{strings.Repeat("d/", 400) + "x.yaml": evilPod}, finds: found},
		{name: "a long file name", files: map[string]string{strings.Repeat("n", 250) + ".yaml": evilPod}, finds: found},
		{name: "hooks and settings of git", files: map[string]string{
			".git/config":           "[core]\n\tfsmonitor = evil\n\tsshCommand = evil\n\thooksPath = ../hooks\n\tpager = evil\n[alias]\n\tls-files = !evil\n[diff]\n\texternal = evil\n",
			".git/hooks/pre-commit": "#!/bin/sh\nevil\n", "hooks/post-checkout": "#!/bin/sh\nevil\n", ".gitattributes": "* filter=evil diff=evil\n"}},
	}
}

// chdirListen makes a socket at a path that may be too long for one.
func chdirListen(t *testing.T, p string) {
	t.Helper()
	short := filepath.Join(os.TempDir(), "sg"+itoa(os.Getpid())+".sock")
	l, err := net.Listen("unix", short)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	if err := os.Rename(short, p); err != nil {
		t.Fatal(err)
	}
}
