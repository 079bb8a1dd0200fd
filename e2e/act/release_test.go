package act

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

const releaseVersion = "v9.9.9"

// makeRelease makes a release for this machine in a tree, and returns its directory.
func makeRelease(t *testing.T, tree string) string {
	t.Helper()
	dist := filepath.Join(t.TempDir(), "dist")
	cmd := exec.Command("make", "-s", "-C", tree, "release", "VERSION="+releaseVersion, "PLATFORMS="+runtime.GOOS+"/"+runtime.GOARCH, "DIST="+dist)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make release: %v\n%s", err, out)
	}
	return dist
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestRelease has a workflow name the action by a version. The release of that version is run, without a Go and any sources, and
// nothing that is not the file that its checksums name.
func TestRelease(t *testing.T) {
	dist := makeRelease(t, "../..")
	host := httptest.NewTLSServer(http.StripPrefix("/acme/syncgate/releases/download/"+releaseVersion, http.FileServer(http.Dir(dist))))
	t.Cleanup(host.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: host.Certificate().Raw}), 0o644); err != nil {
		t.Fatal(err)
	}
	r := newRepo(t, map[string]string{"pod.yaml": goodPod})
	action := filepath.Join(t.TempDir(), "action")
	if err := os.CopyFS(action, os.DirFS(filepath.Join(r.dir, ".action"))); err != nil {
		t.Fatal(err)
	}
	r.uses = "acme/syncgate@" + releaseVersion
	r.args = []string{"--local-repository", r.uses + "=" + action, "--env", "GITHUB_SERVER_URL=" + host.URL, "--env", "CURL_CA_BUNDLE=" + ca}
	o := r.run("push", map[string]string{"paths": "pod.yaml", "executable": ""})
	if !o.ok || !strings.Contains(o.text, "Using the released syncgate "+releaseVersion) {
		t.Fatalf("passes: %v\n%s", o.ok, o.text)
	}
	wantOutputs(t, o, map[string]string{"exit-code": "0", "sources": "1"})

	name := filepath.Join(dist, "syncgate-"+releaseVersion+"-"+runtime.GOOS+"-"+runtime.GOARCH)
	if err := os.WriteFile(name, []byte("#!/bin/sh\necho \"syncgate "+releaseVersion+" \"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	o = r.run("push", map[string]string{"paths": "pod.yaml", "executable": ""})
	if o.ok || o.outputs["exit-code"] != "" || !strings.Contains(o.text, "is not the file that SHA256SUMS of the release") {
		t.Errorf("passes: %v, outputs %v\n%s", o.ok, o.outputs, o.text)
	}
	host.Close() // now it would have to be built, from sources that are not there
	o = r.run("push", map[string]string{"paths": "pod.yaml", "executable": ""})
	if o.ok || !strings.Contains(o.text, "Building syncgate from the action's checkout: the release "+releaseVersion+" cannot be had") {
		t.Errorf("passes: %v\n%s", o.ok, o.text)
	}
}

// TestReproducible makes the release again, of the same sources in another directory.
func TestReproducible(t *testing.T) {
	other := filepath.Join(t.TempDir(), "other")
	if err := os.Mkdir(other, 0o755); err != nil {
		t.Fatal(err)
	}
	copySources(t, other)
	const sums = "SHA256SUMS"
	here, there := read(t, filepath.Join(makeRelease(t, "../.."), sums)), read(t, filepath.Join(makeRelease(t, other), sums))
	if here != there || !strings.Contains(here, "  syncgate-"+releaseVersion+"-") {
		t.Errorf("the sums are\n%s\nand elsewhere\n%s", here, there)
	}
}
