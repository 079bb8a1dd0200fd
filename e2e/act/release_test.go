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

// TestReleaseWorkflow runs the workflow of releases with stand-ins for what is not the repository's: who may write runs nothing of
// it, and publishes what the other job made under the tag.
func TestReleaseWorkflow(t *testing.T) {
	r := newRepo(t, map[string]string{".github/workflows/release.yml": read(t, "../../.github/workflows/release.yml")})
	keep, tools := t.TempDir(), t.TempDir()
	for name, script := range map[string]string{
		"make": "echo \"make $*\" >>$KEEP/said\nmkdir -p dist\necho binary >dist/syncgate\ncd dist && sha256sum syncgate >SHA256SUMS\n",
		"gh":   "echo \"gh $*\" >>$KEEP/said\ntest -n \"$GH_TOKEN\"\n",
	} {
		if err := os.WriteFile(filepath.Join(tools, name), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"push", "-W", ".github/workflows/release.yml", "-P", "ubuntu-latest=-self-hosted", "-s", "GITHUB_TOKEN=" + secret,
		"--no-cache-server", "--action-offline-mode", "--env", "KEEP=" + keep, "--env", "GITHUB_REPOSITORY=acme/syncgate"}
	for uses, run := range map[string]string{
		"actions/setup-go@v5":                "true",
		"actions/upload-artifact@v4":         "cp -R dist $KEEP/dist && test -z \"$GH_TOKEN\"",
		"actions/download-artifact@v4":       "test ! -e action.yml && cp -R $KEEP/dist dist",
		"actions/attest-build-provenance@v2": "test -e dist/SHA256SUMS && echo attest >>$KEEP/said",
	} {
		dir := filepath.Join(tools, strings.ReplaceAll(uses, "/", "-"))
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		text := "name: stand-in\nruns:\n  using: composite\n  steps:\n  - shell: bash\n    run: " + run + "\n"
		if err := os.WriteFile(filepath.Join(dir, "action.yml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--local-repository", uses+"="+dir)
	}
	r.git("tag", releaseVersion)
	event := filepath.Join(keep, "event.json")
	if err := os.WriteFile(event, []byte(`{"ref": "refs/tags/`+releaseVersion+`"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(actCommand, append(args, "-e", event)...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+t.TempDir(), "PATH="+tools+string(os.PathListSeparator)+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := "make lint test\nmake release VERSION=" + releaseVersion + "\nattest\ngh release create " + releaseVersion +
		" --repo acme/syncgate --verify-tag --generate-notes dist/SHA256SUMS dist/syncgate\n"
	if said := read(t, filepath.Join(keep, "said")); said != want {
		t.Errorf("it ran\n%s\nwant\n%s\n%s", said, want, out)
	}
}
