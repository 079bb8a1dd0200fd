package main

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	push "github.com/google/go-containerregistry/pkg/v1/remote"
)

// imagesOf is a registry in this process, with images by name.
func imagesOf(t *testing.T, images map[string]v1.Config) *farServer {
	t.Helper()
	far := serve(t, registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	for at, config := range images {
		ref, err := name.ParseReference(far.host + "/" + at)
		if err != nil {
			t.Fatal(err)
		}
		img, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: "amd64", RootFS: v1.RootFS{Type: "layers"}, Config: config})
		if err != nil {
			t.Fatal(err)
		}
		if err := push.Write(ref, img); err != nil {
			t.Fatal(err)
		}
	}
	far.hits.Store(0)
	return far
}

// podWith is a pod of one container.
func podWith(podName, image string) string {
	return "apiVersion: v1\nkind: Pod\nmetadata:\n  name: " + podName + "\nspec:\n  containers:\n  - name: c\n    image: " + image + "\n"
}

func (r *remoteRepo) read(file string) string {
	data, err := os.ReadFile(filepath.Join(r.dir, file))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(data)
}

func TestImageConfig(t *testing.T) {
	t.Parallel()
	far := imagesOf(t, map[string]v1.Config{"org/numbered:1": {User: "101:0"}, "org/root:1": {}, "org/zero:1": {User: "0"}, "org/named:1": {User: "nginx"}})
	files := map[string]string{}
	for _, of := range []string{"numbered", "root", "zero", "named", "gone"} {
		files[of+".yaml"] = podWith(of, far.host+"/org/"+of+":1")
	}
	files["hard.yaml"] = podWith("hard", far.host+"/org/never-asked-for:1") + "    securityContext:\n      runAsNonRoot: true\n      readOnlyRootFilesystem: true\n" +
		"      capabilities: {drop: [ALL]}\n"
	files["mixed.yaml"] = podWith("mixed", far.host+"/org/numbered:1") + "  - name: other\n    image: " + far.host + "/org/root:1\n"
	r := newRemoteRepo(t, files)
	fix := []string{"fix", "--diff", "--select", "pss/runAsNonRoot"}
	r.want(1, []string{"look up the image's user"}, append(fix, "--allow-remote", far.host)...)
	r.want(1, []string{"notice: nothing is known of ", far.host + "/org/gone:1, ", far.host + " is not an allowed host; allow it with --allow-remote " + far.host},
		append(fix, "--image-config")...)
	if n := far.hits.Load(); n > 0 {
		t.Fatalf("%d requests without permission", n)
	}
	fix = append(fix, "--image-config", "--allow-remote", far.host)
	out := r.want(1, []string{
		"  safe    Pod numbered: securityContext.runAsNonRoot=true\n          since the image " + far.host + "/org/numbered:1 runs as another user than root (USER 101:0, sha256:",
		"  review  Pod root: ",
		"the image " + far.host + "/org/root:1 runs as root (it has no USER): with runAsNonRoot alone the container fails with CreateContainerConfigError",
		"the image " + far.host + "/org/zero:1 runs as root (USER 0): with",
		"the image " + far.host + `/org/named:1 has the USER "nginx", which is no number`,
		"  review  Pod mixed: ",
		"notice: nothing is known of " + far.host + "/org/gone:1: the registry has no such image",
	}, fix...)
	if strings.Contains(out, "never-asked-for") {
		t.Errorf("looked up in vain:\n%s", out)
	}
	if strings.Count(out, "look up the image's user") != 1 {
		t.Errorf("what to do about unknown images is said of others than the one:\n%s", out)
	}
	var report struct {
		Patches []struct {
			Safety, File string
			Evidence     []string
		}
		Notices []struct{ Kind, Message string }
	}
	jsonOut, _ := r.run("fix", "--diff", "-q", "--format", "json", "--select", "pss/runAsNonRoot", "--image-config", "--allow-remote", far.host, "numbered.yaml", "gone.yaml")
	jsonOut = jsonOut[strings.Index(jsonOut, "{"):]
	if err := json.Unmarshal([]byte(jsonOut), &report); err != nil {
		t.Fatalf("%v in\n%s", err, jsonOut)
	}
	for _, p := range report.Patches {
		if safe := p.File == "numbered.yaml"; safe != (p.Safety == "safe") || safe != (len(p.Evidence) == 1) {
			t.Errorf("patch: %+v", p)
		}
	}
	if len(report.Patches) != 2 || len(report.Notices) != 1 || report.Notices[0].Kind != "unknownImage" {
		t.Errorf("report: %+v", report)
	}

	// The user that the config names comes with it, and safe fixes are those that the registry shows.
	r.write(r.dir, map[string]string{"users.yaml": "fix:\n  runAsUser:\n  - images: [\"*/org/root:1\"]\n    user: 7\n"})
	r.want(0, []string{"the user that fix.runAsUser in the config names for its image"}, "fix", "--select", "pss/runAsNonRoot", "--config", "users.yaml",
		"--image-config", "--allow-remote", far.host, "root.yaml")
	if text := r.read("root.yaml"); !strings.Contains(text, "runAsUser: 7") {
		t.Errorf("root.yaml:\n%s", text)
	}
	r.want(1, []string{"fixed 1 finding in 1 file", "needs review, and only safe fixes were asked for"}, "fix", "--only", "safe", "--select", "pss/runAsNonRoot",
		"--image-config", "--allow-remote", far.host)
	for file, want := range map[string]bool{"numbered.yaml": true, "zero.yaml": false, "named.yaml": false, "gone.yaml": false, "mixed.yaml": false} {
		if got := strings.Contains(r.read(file), "runAsNonRoot: true"); got != want {
			t.Errorf("%s: runAsNonRoot is %v, want %v", file, got, want)
		}
	}
}

// A registry that is down takes the evidence, not the fix.
func TestImageConfigOffline(t *testing.T) {
	t.Parallel()
	far := imagesOf(t, map[string]v1.Config{"org/numbered:1": {User: "101"}})
	r := newRemoteRepo(t, map[string]string{"pod.yaml": podWith("p", far.host+"/org/numbered:1")})
	fix := []string{"fix", "--diff", "--select", "pss/runAsNonRoot", "--image-config", "--allow-remote", far.host}
	r.want(1, []string{"  safe    Pod p: "}, fix...)
	far.Close()
	r.want(1, []string{"  review  Pod p: ", "notice: nothing is known of " + far.host + "/org/numbered:1: the registry cannot be reached: "}, fix...)
}

// Where a registry sends on to is not asked for through a proxy, which would look up any name.
func TestImageConfigProxy(t *testing.T) {
	t.Parallel()
	proxy := serve(t, http.NotFoundHandler())
	far := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="https://tokens.example/token",service="x"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	r := newRemoteRepo(t, map[string]string{"pod.yaml": podWith("p", far.host+"/org/app:1")})
	r.env = append(r.env, "HTTPS_PROXY="+proxy.URL, "NO_PROXY=")
	r.want(1, []string{"the registry sends on to tokens.example, which may not be contacted; allow it with --allow-remote tokens.example"},
		"fix", "--diff", "--select", "pss/runAsNonRoot", "--image-config", "--allow-remote", far.host)
	if n := proxy.hits.Load(); n > 0 || far.hits.Load() == 0 {
		t.Errorf("%d requests to the proxy, %d to the registry", n, far.hits.Load())
	}
}

// Docker's login goes to its registry, and is never shown.
func TestImageConfigCredentials(t *testing.T) {
	t.Parallel()
	const password = "hunter2-correct-horse"
	inner := imagesOf(t, map[string]v1.Config{"org/app:1": {User: "101"}})
	far := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, pass, _ := r.BasicAuth(); user != "me" || pass != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="here"`)
			http.Error(w, "who are you", http.StatusUnauthorized)
			return
		}
		inner.Config.Handler.ServeHTTP(w, r)
	}))
	r := newRemoteRepo(t, map[string]string{"pod.yaml": podWith("p", far.host+"/org/app:1")})
	r.env = append(r.env, "DOCKER_CONFIG="+filepath.Join(r.home, "docker"))
	fix := []string{"fix", "--diff", "--select", "pss/runAsNonRoot", "--image-config", "--allow-remote", far.host}
	out := r.want(1, []string{"has no such image, or wants another login; docker login", "  review  Pod p"}, fix...)
	r.write(r.home, map[string]string{"docker/config.json": `{"auths": {"` + far.host + `": {"username": "me", "password": "` + password + `"}}}`})
	out += r.want(1, []string{"  safe    Pod p"}, fix...)
	r.write(r.home, map[string]string{"docker/config.json": `{"auths": "` + password + `"}`})
	out += r.want(1, []string{"docker's login for " + far.host + " cannot be read; look at docker's config.json"}, fix...)
	if strings.Contains(out, password) {
		t.Errorf("the password is shown:\n%s", out)
	}
}

func TestImageConfigPorts(t *testing.T) {
	t.Parallel()
	far := imagesOf(t, map[string]v1.Config{"org/web:1": {User: "101", ExposedPorts: map[string]struct{}{"80/tcp": {}, "8443/tcp": {}},
		Volumes: map[string]struct{}{"/var/lib/web": {}, "/tmp": {}, "/mounted": {}}}})
	r := newRemoteRepo(t, map[string]string{"pod.yaml": podWith("p", far.host+"/org/web:1") +
		"    volumeMounts:\n    - name: m\n      mountPath: /mounted\n  volumes:\n  - name: m\n    emptyDir: {}\n",
		"bind.yaml": "fix: {netBindService: lowPorts}\n"})
	fix := []string{"fix", "--diff", "--select", "pss/capabilities_restricted,workload/readOnlyRootFilesystem", "--allow-remote", far.host}
	if out, _ := r.run(fix...); strings.Contains(out, "NET_BIND_SERVICE") || strings.Contains(out, "VOLUME") {
		t.Errorf("known without a look:\n%s", out)
	}
	fix = append(fix, "--image-config")
	out := r.want(1, []string{"port 80 is below 1024: root needs NET_BIND_SERVICE", "the image's VOLUMEs (/var/lib/web) stay writable with containerd and Docker, but not with CRI-O"}, fix...)
	if strings.Contains(out, "+        add:") {
		t.Errorf("added without being asked:\n%s", out)
	}
	r.want(1, []string{"+        add:\n+        - NET_BIND_SERVICE\n"}, append(fix, "--config", "bind.yaml")...)
}
