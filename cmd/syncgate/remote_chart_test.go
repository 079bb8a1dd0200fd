package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"log"
	"net/http"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

// packChart packs a chart with one template that shows its version and a value.
func packChart(t *testing.T, name, version string) string {
	t.Helper()
	files := map[string]string{
		"Chart.yaml":  "apiVersion: v2\nname: " + name + "\nversion: " + version + "\n",
		"values.yaml": "greeting: hello\n",
		"templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-" + name +
			"\ndata:\n  version: v{{ .Chart.Version }}\n  greeting: {{ required \"say something\" .Values.greeting }}\n",
	}
	packed := map[string]string{}
	for n, text := range files {
		packed[name+"/"+n] = text
	}
	return packFiles(t, packed)
}

// packFiles makes a gzipped archive.
func packFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	var names []string
	for n := range files {
		names = append(names, n)
	}
	sort.Strings(names)
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	tw := tar.NewWriter(zip)
	for _, n := range names {
		if err := tw.WriteHeader(&tar.Header{Name: n, Mode: 0o644, Size: int64(len(files[n]))}); err != nil {
			t.Fatal(err)
		}
		io.WriteString(tw, files[n])
	}
	if tw.Close() != nil || zip.Close() != nil {
		t.Fatal("packing failed")
	}
	return out.String()
}

// chartFiles are a chart repository with three versions of the chart db.
func chartFiles(t *testing.T) map[string]string {
	files := map[string]string{}
	index := "apiVersion: v1\nentries:\n  db:\n"
	for _, v := range []string{"1.2.0", "1.3.1", "2.0.0"} {
		index += fmt.Sprintf("  - name: db\n    version: %s\n    urls: [files/db-%s.tgz]\n", v, v)
		files["/stable/files/db-"+v+".tgz"] = packChart(t, "db", v)
	}
	files["/stable/index.yaml"] = index
	return files
}

func dependsOn(repository, version string) map[string]string {
	return map[string]string{
		"web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\ndependencies:\n- name: db\n  version: \"" + version + "\"\n  repository: \"" +
			repository + "\"\n",
		"web/values.yaml":      "db:\n  greeting: from-parent\n",
		"web/templates/a.yaml": remoteAccount,
	}
}

func TestRemoteDependency(t *testing.T) {
	t.Parallel()
	files := chartFiles(t)
	far := serveFiles(t, files)
	r := newRemoteRepo(t, dependsOn(far.URL+"/stable/", "^1.0.0"))
	before := r.files()
	r.want(2, []string{"web/Chart.yaml:5: found in Chart.yaml, but missing in charts/ directory: db", "helm dependency build web",
		"`syncgate vendor --allow-remote " + far.host + "`"}, "render")
	if n := far.hits.Load(); n != 0 {
		t.Fatalf("%d requests without permission", n)
	}
	r.want(0, []string{"version: v1.3.1", "greeting: from-parent", "name: far"}, "render", "--allow-remote", far.host)
	if after := r.files(); after != before {
		t.Errorf("rendering wrote to the repository:\n%s", after)
	}
	r.want(0, []string{"written; 1 in use, 1 fetched"}, "vendor", "--allow-remote", far.host)
	lock := r.lock()
	if !strings.Contains(lock, "resolved: 1.3.1\n") {
		t.Errorf("the lock:\n%s", lock)
	}
	n := far.hits.Load()
	r.want(0, []string{"version: v1.3.1"}, "render")
	r.want(0, []string{"up to date; 1 in use, 0 fetched"}, "vendor", "--allow-remote", far.host)
	if far.hits.Load() != n {
		t.Error("a locked render from the cache asked the network")
	}

	// A newer version in the range does not move the lock; other content of the locked version does.
	files["/stable/index.yaml"] += "  - name: db\n    version: 1.4.0\n    urls: [files/db-1.4.0.tgz]\n"
	files["/stable/files/db-1.4.0.tgz"] = packChart(t, "db", "1.4.0")
	cold := &remoteRepo{t: t, dir: r.dir, env: append(r.env, "XDG_CACHE_HOME="+t.TempDir())}
	cold.want(0, []string{"version: v1.3.1"}, "render", "--allow-remote", far.host)
	files["/stable/files/db-1.3.1.tgz"] = packChart(t, "db", "1.3.1-tampered")
	colder := &remoteRepo{t: t, dir: r.dir, env: append(r.env, "XDG_CACHE_HOME="+t.TempDir())}
	colder.want(2, []string{"web/Chart.yaml:5: fetching chart db ^1.0.0 of " + far.URL + "/stable/: is sha256:", ".syncgate.lock says"}, "render", "--allow-remote", far.host)
	colder.want(0, []string{"written"}, "vendor", "--update", "--allow-remote", far.host)
	colder.want(0, []string{"version: v1.4.0"}, "render")
}

func TestRemoteChartRepositories(t *testing.T) {
	t.Parallel()
	const password = "hunter2-correct-horse"
	files := chartFiles(t)
	wrong := false
	far := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, pass, _ := r.BasicAuth()
		if wrong = user != "me" || pass != password; wrong {
			http.Error(w, "who are you", http.StatusUnauthorized)
			return
		}
		io.WriteString(w, files[r.URL.Path])
	}))
	repositories := map[string]string{"repositories.yaml": "apiVersion: \"\"\nrepositories:\n- name: mine\n  url: " + far.URL +
		"/stable\n  username: me\n  password: " + password + "\n"}
	for _, ref := range []string{"@mine", "alias:mine", far.URL + "/stable"} {
		r := newRemoteRepo(t, dependsOn(ref, "2.0.0"))
		r.want(2, []string{"web/Chart.yaml:5: "}, "render", "--allow-remote", far.host)
		r.write(r.home, repositories)
		out := r.want(0, []string{"version: v2.0.0"}, "render", "--allow-remote", far.host)
		out += r.want(0, []string{"written"}, "vendor", "--allow-remote", far.host)
		out += r.want(2, []string{far.host + " is not an allowed host"}, "vendor", "--update", "--allow-remote", "x.example")
		if strings.Contains(out+r.lock(), password) {
			t.Errorf("the password is shown:\n%s\n%s", out, r.lock())
		}
	}
	files["/stable/index.yaml"] = "entries: {db: [{version: 2.0.0, urls: [\"http://elsewhere.invalid/db.tgz\"]}]}"
	r := newRemoteRepo(t, dependsOn("@mine", "2.0.0"))
	r.write(r.home, repositories)
	r.want(2, []string{"is served by elsewhere.invalid, which is not an allowed host", "--allow-remote elsewhere.invalid"}, "render", "--allow-remote", far.host)
	none := newRemoteRepo(t, dependsOn(far.URL+"/stable", "^7"))
	none.write(none.home, repositories)
	none.want(2, []string{"the repository has no chart db ^7"}, "render", "--allow-remote", far.host)
}

func TestRemoteHelmCharts(t *testing.T) {
	t.Parallel()
	far := serveFiles(t, chartFiles(t))
	r := newRemoteRepo(t, map[string]string{"app/kustomization.yaml": "namePrefix: x-\nhelmCharts:\n- name: db\n  releaseName: one\n  version: 1.2.0\n  repo: " +
		far.URL + "/stable\n  valuesInline:\n    greeting: inline\n- name: db\n  releaseName: two\n  version: 1.2.0\n  repo: " + far.URL + "/stable\n"})
	r.want(2, []string{"app/kustomization.yaml:3: chart db 1.2.0 of " + far.URL + "/stable is remote, and network access is off"}, "render")
	if n := far.hits.Load(); n != 0 {
		t.Fatalf("%d requests without permission", n)
	}
	r.want(0, []string{"name: x-one-db", "version: v1.2.0", "greeting: inline", "name: x-two-db", "greeting: hello"}, "render", "--allow-remote", far.host)
	r.want(0, []string{"written; 1 in use, 1 fetched"}, "vendor", "--allow-remote", far.host)
	lock, before := r.lock(), r.files()
	r.want(0, []string{"greeting: inline"}, "render")
	if after := r.files(); after != before {
		t.Errorf("rendering wrote to the repository:\n%s", after)
	}
	r.write(r.dir, map[string]string{"app/kustomization.yaml": "helmCharts:\n- name: db\n  releaseName: one\n  version: 1.2.0\n  repo: " +
		far.URL + "/stable\n  valuesInline:\n    greeting: \"\"\n"})
	r.want(2, []string{"app/kustomization.yaml:2: in templates/a.yaml:7 of chart db 1.2.0 of " + far.URL + "/stable: ", "say something"}, "render")
	if r.lock() != lock {
		t.Error("render changed the lock")
	}
}

func TestRemoteOCI(t *testing.T) {
	t.Parallel()
	far := serve(t, registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	for _, v := range []string{"1.2.0", "1.3.0+build.1"} {
		pushChart(t, far.URL, "charts/db", v, packChart(t, "db", v))
	}
	dependency := newRemoteRepo(t, dependsOn("oci://"+far.host+"/charts", "^1.2.0"))
	far.hits.Store(0)
	dependency.want(2, []string{"missing in charts/ directory: db", "`syncgate vendor --allow-remote " + far.host + "`"}, "render")
	if n := far.hits.Load(); n != 0 {
		t.Fatalf("%d requests without permission", n)
	}
	dependency.want(0, []string{"version: v1.3.0+build.1", "greeting: from-parent"}, "render", "--allow-remote", far.host)
	dependency.want(0, []string{"written; 1 in use, 1 fetched"}, "vendor", "--allow-remote", far.host)
	n := far.hits.Load()
	dependency.want(0, []string{"version: v1.3.0+build.1"}, "render")
	if far.hits.Load() != n {
		t.Error("a locked render from the cache asked the network")
	}
	chart := func(version string) *remoteRepo {
		return newRemoteRepo(t, map[string]string{"app/kustomization.yaml": "helmCharts:\n- name: db\n  releaseName: one\n  version: " + version +
			"\n  repo: oci://" + far.host + "/charts\n"})
	}
	chart("1.2.0").want(0, []string{"name: one-db", "version: v1.2.0"}, "render", "--allow-remote", far.host)
	chart("9.9.9").want(2, []string{"app/kustomization.yaml:2: fetching chart db 9.9.9 of oci://" + far.host + "/charts: ", "the registry has no chart db 9.9.9"}, "render", "--allow-remote", far.host)
}

// Docker's configuration holds the login of a registry; it goes to that registry only, and is never shown.
func TestRemoteOCICredentials(t *testing.T) {
	t.Parallel()
	const password = "hunter2-correct-horse"
	inner := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	open := serve(t, inner)
	pushChart(t, open.URL, "charts/db", "1.2.0", packChart(t, "db", "1.2.0"))
	far := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, pass, _ := r.BasicAuth(); user != "me" || pass != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="here"`)
			http.Error(w, "who are you", http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	r := newRemoteRepo(t, dependsOn("oci://"+far.host+"/charts", "1.2.0"))
	out := r.want(2, []string{"the registry wants another login", "helm registry login " + far.host}, "render", "--allow-remote", far.host)
	r.env = append(r.env, "DOCKER_CONFIG="+filepath.Join(r.home, "docker"))
	r.write(r.home, map[string]string{"docker/config.json": `{"auths": {"` + far.host + `": {"username": "me", "password": "` + password + `"}}}`})
	out += r.want(0, []string{"version: v1.2.0"}, "render", "--allow-remote", far.host)
	if strings.Contains(out, password) {
		t.Errorf("the password is shown:\n%s", out)
	}
	realm := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="http://tokens.invalid/token",service="x"`)
		http.Error(w, "who are you", http.StatusUnauthorized)
	}))
	r = newRemoteRepo(t, dependsOn("oci://"+realm.host+"/charts", "1.2.0"))
	r.want(2, []string{"is served by tokens.invalid, which is not an allowed host"}, "render", "--allow-remote", realm.host)
}

// pushChart puts a chart into a registry as `helm push` does.
func pushChart(t *testing.T, url, name, version, archive string) {
	t.Helper()
	put := func(method, at, kind, body string) {
		t.Helper()
		req, err := http.NewRequest(method, url+at, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", kind)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusCreated {
			t.Fatalf("%s %s: %s", method, at, resp.Status)
		}
	}
	descriptor := func(kind, body string) string {
		digest := fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(body)))
		put(http.MethodPost, "/v2/"+name+"/blobs/uploads/?digest="+digest, "application/octet-stream", body)
		return fmt.Sprintf(`{"mediaType": %q, "digest": %q, "size": %d}`, kind, digest, len(body))
	}
	const manifest = "application/vnd.oci.image.manifest.v1+json"
	put(http.MethodPut, "/v2/"+name+"/manifests/"+strings.ReplaceAll(version, "+", "_"), manifest,
		fmt.Sprintf(`{"schemaVersion": 2, "mediaType": %q, "config": %s, "layers": [%s]}`, manifest,
			descriptor("application/vnd.cncf.helm.config.v1+json", "{}"),
			descriptor("application/vnd.cncf.helm.chart.content.v1.tar+gzip", archive)))
}
