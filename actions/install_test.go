package actions

import (
	"crypto/sha256"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// releaseHost stands for GitHub's side of releases: files by path.
func releaseHost(t *testing.T, files map[string]string) (url, ca string) {
	t.Helper()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Write([]byte(text))
	}))
	t.Cleanup(s.Close)
	ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o644); err != nil {
		t.Fatal(err)
	}
	return s.URL, ca
}

// TestInstall has the action's script choose between a release and its own source.
func TestInstall(t *testing.T) {
	const released = "#!/bin/sh\necho \"syncgate v1.2.3 go test\"\n"
	name := fmt.Sprintf("syncgate-v1.2.3-%s-%s", runtime.GOOS, runtime.GOARCH)
	sums := func(text string) string { return fmt.Sprintf("%x  %s\n", sha256.Sum256([]byte(text)), name) }
	const at = "/acme/syncgate/releases/download/v1.2.3/"
	for _, c := range []struct {
		what, ref, repository, sums, file string
		says                              string
		fails                             bool
	}{
		{what: "a release", sums: sums(released), file: released, says: "Using the released syncgate v1.2.3, "},
		{what: "no release", says: "Building syncgate from the action's checkout: the release v1.2.3 cannot be had"},
		{what: "no binary for this machine", sums: sums(released), says: "cannot be had"},
		{what: "a commit", ref: "0123456789012345678901234567890123456789", sums: sums(released), file: released, says: "is no release"},
		{what: "a branch", ref: "main", sums: sums(released), file: released, says: "main is no release"},
		{what: "a local action", ref: " ", repository: " ", sums: sums(released), file: released, says: "is no release"},
		{what: "a ref that is a path", ref: "v1.2.3/../v1.2.2", sums: sums(released), file: released, says: "is no release"},
		{what: "a ref that is shell", ref: "v1.2.3$(touch pwned)", sums: sums(released), file: released, says: "is no release"},
		{what: "another file", sums: sums(released), file: released + "evil\n", fails: true,
			says: "::error title=syncgate::" + name + " is not the file that SHA256SUMS of the release v1.2.3 names"},
		{what: "no sum", sums: "0  other\n", file: released, fails: true, says: "does not say one sum for " + name},
		{what: "two sums", sums: sums(released) + sums("other"), file: released, fails: true, says: "does not say one sum for " + name},
		{what: "another version's file", sums: sums(strings.Replace(released, "v1.2.3", "v1.2.2", 1)), file: strings.Replace(released, "v1.2.3", "v1.2.2", 1),
			fails: true, says: "is another version"},
	} {
		t.Run(c.what, func(t *testing.T) {
			files := map[string]string{}
			if c.sums != "" {
				files[at+"SHA256SUMS"] = c.sums
			}
			if c.file != "" {
				files[at+name] = c.file
			}
			url, ca := releaseHost(t, files)
			if c.ref == "" {
				c.ref, c.repository = "v1.2.3", "acme/syncgate"
			}
			dir := t.TempDir()
			// A Go that says what it is to build, and where.
			if err := os.WriteFile(filepath.Join(dir, "go"), []byte("#!/bin/sh\necho \"go $*\"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			out := filepath.Join(dir, "to", "syncgate")
			cmd := exec.Command("bash", "install.sh", out)
			cmd.Env = append(os.Environ(), "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"), "CURL_CA_BUNDLE="+ca,
				"ACTION_REF="+strings.TrimSpace(c.ref), "ACTION_REPOSITORY="+strings.TrimSpace(c.repository), "SERVER_URL="+url, "TMPDIR="+dir)
			said, err := cmd.CombinedOutput()
			if (err != nil) != c.fails || !strings.Contains(string(said), c.says) {
				t.Errorf("%v; it says\n%s\nwant %q", err, said, c.says)
			}
			_, err = os.Stat(out)
			if using := strings.Contains(string(said), "Using the released"); (err == nil) != using {
				t.Errorf("a binary is there: %v\n%s", err == nil, said)
			}
			if builds := strings.Contains(string(said), "Building"); builds && !strings.Contains(string(said), "-trimpath -o "+out+" ./cmd/syncgate") {
				t.Errorf("it builds by\n%s", said)
			}
			left, err := filepath.Glob(filepath.Join(dir, "tmp.*"))
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %v %v", left, err)
			}
		})
	}
}

// Without a way to the host the action is built.
func TestInstallOffline(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte("#!/bin/sh\necho \"go $*\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bash", "install.sh", filepath.Join(dir, "syncgate"))
	cmd.Env = append(os.Environ(), "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"), "ACTION_REF=v1.2.3", "ACTION_REPOSITORY=acme/syncgate",
		"SERVER_URL=https://127.0.0.1:1")
	if said, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(said), "the release v1.2.3 cannot be had\ngo build -C ") {
		t.Errorf("%v\n%s", err, said)
	}
}
