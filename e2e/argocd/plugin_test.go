package argocd

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v2/reposerver/apiclient"
	"github.com/argoproj/argo-cd/v2/reposerver/repository"
	"github.com/argoproj/argo-cd/v2/util/git"
	"github.com/argoproj/argo-cd/v2/util/io"
	"k8s.io/apimachinery/pkg/api/resource"
)

// manifests asks Argo CD's repository server code for a source of a checkout, of which it gets a copy: it edits what it
// renders.
func manifests(t *testing.T, files map[string]string, source v1alpha1.ApplicationSource) ([]string, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	source.RepoURL = "https://git.example.com/team/repo"
	res, err := repository.GenerateManifests(context.Background(), filepath.Join(dir, source.Path), dir, strings.Repeat("0", 40),
		&apiclient.ManifestRequest{Repo: &v1alpha1.Repository{Repo: source.RepoURL}, AppName: "web", Namespace: "shop",
			ApplicationSource: &source, KubeVersion: "1.35.0", ApiVersions: []string{"v1", "apps/v1"}},
		true, &git.NoopCredsStore{}, resource.MustParse("0"), io.NewRandomizedTempPaths(dir))
	if err != nil {
		return nil, err
	}
	return res.Manifests, nil
}

const (
	safePod = `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  automountServiceAccountToken: false
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: web
    image: web
    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
---
apiVersion: v1
kind: Secret
metadata: {name: token}
stringData: {token: changeme}
`
	unsafePod = `apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {containers: [{name: web, image: web, securityContext: {privileged: true}}]}
`
	loose = "level: privileged\nfailOn: never\nignore: [pss]\n"
)

func text(s string) *string { return &s }

func TestPluginServer(t *testing.T) {
	level := v1alpha1.ApplicationSourcePluginParameters{{Name: "level", String_: text("privileged")}}
	env := v1alpha1.Env{{Name: "SYNCGATE_LEVEL", Value: "privileged"}}
	for _, c := range []struct {
		name   string
		files  map[string]string
		params v1alpha1.ApplicationSourcePluginParameters
		env    v1alpha1.Env
		want   string // in a manifest
		refuse string // in the error
	}{
		{name: "safe", files: map[string]string{"app/pod.yaml": safePod}, want: `"token":"changeme"`},
		{name: "unsafe", files: map[string]string{"app/pod.yaml": unsafePod},
			refuse: "syncgate refuses web: 5 errors by the administrator's policy (restricted:v1.35)"},
		{name: "loosened by env", files: map[string]string{"app/pod.yaml": unsafePod}, env: env, refuse: "by the administrator's policy"},
		{name: "loosened by a parameter", files: map[string]string{"app/pod.yaml": unsafePod}, params: level, refuse: "by the administrator's policy"},
		{name: "loosened by the repository", files: map[string]string{"app/pod.yaml": unsafePod, ".syncgate.yaml": loose, "app/.syncgate.yaml": loose},
			refuse: "by the administrator's policy"},
		{name: "loosened by .argocd-source.yaml", refuse: "by the administrator's policy", files: map[string]string{"app/pod.yaml": unsafePod,
			"app/.argocd-source.yaml": "plugin:\n  name: syncgate\n  env: [{name: SYNCGATE_LEVEL, value: privileged}]\n  parameters: [{name: level, string: privileged}]\n"}},
		{name: "helm in .argocd-source.yaml", refuse: "multiple application sources defined",
			files: map[string]string{"app/pod.yaml": unsafePod, "app/.argocd-source.yaml": "helm: {releaseName: a}\n"}},
		// What is merged is read over what was there: null takes nothing away.
		{name: "taken away by .argocd-source.yaml", refuse: "by the administrator's policy",
			files: map[string]string{"app/pod.yaml": unsafePod, "app/.argocd-source.yaml": "plugin: null\n", "app/.argocd-source-web.yaml": "plugin: {name: null}\n"}},
		{name: "exchanged by .argocd-source.yaml", refuse: `couldn't find cmp-server plugin with name "other"`,
			files: map[string]string{"app/pod.yaml": unsafePod, "app/.argocd-source.yaml": "plugin: {name: other}\n"}},
		{name: "raised by the repository", files: map[string]string{"app/pod.yaml": safePod, ".syncgate.yaml": "failOn: warning\n"},
			refuse: "warnings by .syncgate.yaml"},
		{name: "empty", files: map[string]string{"app/notes.yaml": "just: notes\n"}, refuse: "syncgate refuses web: it renders no object"},
		{name: "chart with parameters", want: `"name":"given-1"`,
			files: map[string]string{"app/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "app/more.yaml": "count: 1\n",
				"app/templates/cm.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"{{ .Release.Name }}-{{ .Values.count }}\"}\n"},
			params: v1alpha1.ApplicationSourcePluginParameters{{Name: "release-name", String_: text("given")},
				{Name: "values-files", OptionalArray: &v1alpha1.OptionalArray{Array: []string{"more.yaml"}}}}},
		{name: "no such parameter", files: map[string]string{"app/pod.yaml": safePod}, refuse: `there is no parameter "valueFiles"`,
			params: v1alpha1.ApplicationSourcePluginParameters{{Name: "valueFiles", String_: text("a")}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := manifests(t, c.files, v1alpha1.ApplicationSource{Path: "app",
				Plugin: &v1alpha1.ApplicationSourcePlugin{Name: "syncgate", Parameters: c.params, Env: c.env}})
			switch all := strings.Join(got, "\n"); {
			case c.refuse == "" && err != nil:
				t.Error(err)
			case c.refuse == "" && !strings.Contains(all, c.want):
				t.Errorf("the manifests hold no %s:\n%s", c.want, all)
			case c.refuse != "" && err == nil:
				t.Errorf("it gave %d manifests", len(got))
			case c.refuse != "" && !strings.Contains(err.Error(), c.refuse):
				t.Errorf("the error says nothing of %q:\n%v", c.refuse, err)
			}
		})
	}
}
