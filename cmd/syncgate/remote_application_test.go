package main

import (
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

// application is an Application of the chart db from elsewhere, with more lines below its source.
func application(repoURL, chart, version, more string) string {
	return "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: data, namespace: argocd}\nspec:\n" +
		"  destination: {namespace: shop}\n  source:\n    repoURL: " + repoURL + "\n    chart: " + chart + "\n    targetRevision: " + version + "\n" + more
}

func TestRemoteApplication(t *testing.T) {
	t.Parallel()
	files := chartFiles(t)
	far := serveFiles(t, files)
	r := newRemoteRepo(t, map[string]string{"argocd/data.yaml": application(far.URL+"/stable", "db", "1.*",
		"    helm: {valuesObject: {greeting: inline}, parameters: [{name: other, value: $ARGOCD_APP_NAME}]}\n")})
	unresolved := []string{"argocd/data.yaml: the chart db 1.* of " + far.URL + "/stable is not in this repository",
		"`syncgate vendor --allow-remote " + far.host + "`", "--allow-unresolved"}
	r.want(2, unresolved, "render")
	r.want(2, []string{"is not an allowed host", "--allow-remote " + far.host + ", or pass --allow-unresolved"}, "render", "--allow-remote", "elsewhere.example")
	r.want(0, []string{"Application data: the chart db 1.*"}, "check", "-v", "--allow-unresolved")
	if n := far.hits.Load(); n != 0 {
		t.Fatalf("%d requests without permission", n)
	}
	before := r.files()
	r.want(0, []string{"name: data-db", "version: v1.3.1", "greeting: inline", "# syncgate: source db@data, file argocd/data.yaml"},
		"render", "--allow-remote", far.host)
	if after := r.files(); after != before {
		t.Errorf("rendering wrote to the repository:\n%s", after)
	}
	r.want(0, []string{"written; 1 in use, 1 fetched"}, "vendor", "--allow-remote", far.host)
	n := far.hits.Load()
	r.want(0, []string{"version: v1.3.1"}, "render")
	if far.hits.Load() != n {
		t.Error("a locked render from the cache asked the network")
	}
	cold := &remoteRepo{t: t, dir: r.dir, env: append(r.env, "XDG_CACHE_HOME="+t.TempDir())}
	cold.want(2, []string{"is in .syncgate.lock, but not in the cache", "`syncgate vendor --allow-remote " + far.host + "`"}, "render")

	// What the chart itself or its repository lacks is an error of the source, at the line that names the chart.
	r.write(r.dir, map[string]string{"argocd/data.yaml": application(far.URL+"/stable", "db", "1.2.0", "    helm: {values: 'greeting: \"\"'}\n")})
	r.want(2, []string{"argocd/data.yaml: db/templates/a.yaml:7: ", "say something"}, "render", "--allow-remote", far.host)
	r.write(r.dir, map[string]string{"argocd/data.yaml": application(far.URL+"/stable", "db", "1.2.0", "    helm: {valueFiles: [gone.yaml]}\n")})
	r.want(2, []string{"argocd/data.yaml:8: in gone.yaml of chart db 1.2.0 of " + far.URL + "/stable: no such file"}, "render", "--allow-remote", far.host)
	r.write(r.dir, map[string]string{"argocd/data.yaml": application(far.URL+"/stable", "db", "1.2.0", "    helm: {valueFiles: [gone.yaml, values.yaml], ignoreMissingValueFiles: true}\n")})
	r.want(0, []string{"greeting: hello"}, "render", "--allow-remote", far.host)
	r.write(r.dir, map[string]string{"argocd/data.yaml": application(far.URL+"/stable", "db", "7.*", "")})
	r.want(2, []string{"argocd/data.yaml:8: fetching chart db 7.* of " + far.URL + "/stable: the repository has no chart db 7.*"}, "render", "--allow-remote", far.host)
	r.write(r.dir, map[string]string{"argocd/data.yaml": application(far.URL+"/stable", "db", "1.2.0", "    kustomize: {namePrefix: a}\n")})
	r.want(2, []string{"the chart db 1.2.0 of " + far.URL + "/stable is not to be rendered by Helm"}, "render", "--allow-remote", far.host)
}

// Values of this repository, which another of the Application's sources refers to, and a fix in them.
func TestRemoteApplicationValues(t *testing.T) {
	t.Parallel()
	files := map[string]string{"/stable/index.yaml": "apiVersion: v1\nentries: {web: [{name: web, version: 1.0.0, urls: [web.tgz]}]}\n",
		"/stable/web.tgz": packFiles(t, map[string]string{"web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
			"web/values.yaml":        "securityContext: {}\n",
			"web/production.yaml":    "image: in-chart\n",
			"web/templates/pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: web\n    image: {{ .Values.image }}\n    securityContext: {{ toYaml .Values.securityContext | nindent 6 }}\n"})}
	far := serveFiles(t, files)
	app := "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\nspec:\n  destination: {namespace: shop}\n  sources:\n" +
		"  - repoURL: " + far.URL + "/stable\n    chart: web\n    targetRevision: 1.0.0\n    helm: {valueFiles: [production.yaml, $values/env/prod.yaml]}\n" +
		"  - {repoURL: https://git.example.com/team/repo, targetRevision: HEAD, ref: values}\n"
	r := newRemoteRepo(t, map[string]string{"argocd/web.yaml": app, "env/prod.yaml": "securityContext:\n  allowPrivilegeEscalation: true\n"})
	r.want(0, []string{"image: in-chart", "allowPrivilegeEscalation: true"}, "render", "--allow-remote", far.host)
	r.want(1, []string{"argocd/web.yaml", "pss/allowPrivilegeEscalation"}, "check", "--select", "pss/allowPrivilegeEscalation", "--allow-remote", far.host)
	r.want(0, []string{"env/prod.yaml"}, "fix", "--select", "pss/allowPrivilegeEscalation", "--allow-remote", far.host)
	if data, err := os.ReadFile(filepath.Join(r.dir, "env/prod.yaml")); err != nil || string(data) != "securityContext:\n  allowPrivilegeEscalation: false\n" {
		t.Errorf("%v: env/prod.yaml holds\n%s", err, data)
	}
	r.want(0, nil, "check", "--select", "pss/allowPrivilegeEscalation", "--allow-remote", far.host)

	// A file of values of the chart's own is not the repository's of the same name.
	own := "image: x\nsecurityContext:\n  allowPrivilegeEscalation: true\n"
	r.write(r.dir, map[string]string{"env/prod.yaml": "{}\n", "production.yaml": own})
	files["/stable/own.tgz"] = packFiles(t, map[string]string{"web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 2.0.0\n", "web/production.yaml": own,
		"web/templates/pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: web\n    image: {{ .Values.image }}\n    securityContext: {{ toYaml .Values.securityContext | nindent 6 }}\n"})
	files["/stable/index.yaml"] = "apiVersion: v1\nentries: {web: [{name: web, version: 1.0.0, urls: [web.tgz]}, {name: web, version: 2.0.0, urls: [own.tgz]}]}\n"
	r.write(r.dir, map[string]string{"argocd/web.yaml": strings.ReplaceAll(strings.ReplaceAll(app, "1.0.0", "2.0.0"), ", $values/env/prod.yaml", "")})
	r.want(1, []string{"chart web 2.0.0 of " + far.URL + "/stable is not in this repository"}, "fix", "--select", "pss/allowPrivilegeEscalation", "--allow-remote", far.host)
	if data, err := os.ReadFile(filepath.Join(r.dir, "production.yaml")); err != nil || string(data) != own {
		t.Errorf("%v: production.yaml holds\n%s", err, data)
	}
	r.write(r.dir, map[string]string{"argocd/web.yaml": app})
	if err := os.Remove(filepath.Join(r.dir, "production.yaml")); err != nil {
		t.Fatal(err)
	}

	// Argo CD merges such a file, too; and what the chart renders may be Applications of this repository.
	files["/stable/web.tgz"] = packFiles(t, map[string]string{"web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n", "web/.argocd-source.yaml": "{}"})
	r.want(2, []string{"argocd/web.yaml:8: chart web 1.0.0 of " + far.URL + "/stable holds .argocd-source.yaml"}, "render", "--allow-remote", far.host)
	files["/stable/web.tgz"] = packFiles(t, map[string]string{"web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n", "web/production.yaml": "",
		"web/templates/app.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: inner}\nspec: {destination: {}, source: {repoURL: ., path: inner}}\n"})
	r.write(r.dir, map[string]string{"inner/a.yaml": remoteAccount})
	r.want(0, []string{"source inner@inner, file inner/a.yaml"}, "render", "--allow-remote", far.host)
}

func TestRemoteApplicationOCI(t *testing.T) {
	t.Parallel()
	far := serve(t, registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	for _, v := range []string{"1.2.0", "1.3.0"} {
		pushChart(t, far.URL, "charts/team/db", v, packChart(t, "db", v))
	}
	for _, c := range []struct{ repoURL, chart, version, want string }{
		{far.host + "/charts/team", "db", "1.2.0", "v1.2.0"},
		{far.host + "/charts", "team/db", "^1.2.0", "v1.3.0"},
		{"oci://" + far.host + "/charts/team", "db", "'*'", "v1.3.0"},
	} {
		r := newRemoteRepo(t, map[string]string{"argocd/data.yaml": application(c.repoURL, c.chart, c.version, "")})
		far.hits.Store(0)
		r.want(2, []string{"is not in this repository", "--allow-remote " + far.host}, "render")
		if n := far.hits.Load(); n != 0 {
			t.Fatalf("%d requests without permission", n)
		}
		r.want(0, []string{"version: " + c.want}, "render", "--allow-remote", far.host)
		r.want(0, []string{"written; 1 in use, 1 fetched"}, "vendor", "--allow-remote", far.host)
		if !strings.Contains(r.lock(), "ref: oci://"+far.host+"/charts/team\n") {
			t.Errorf("the lock:\n%s", r.lock())
		}
		n := far.hits.Load()
		r.want(0, []string{"version: " + c.want}, "render")
		if far.hits.Load() != n {
			t.Error("a locked render from the cache asked the network")
		}
	}
}
