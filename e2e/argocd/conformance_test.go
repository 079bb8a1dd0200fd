package argocd

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v2/reposerver/apiclient"
	"github.com/argoproj/argo-cd/v2/reposerver/repository"
	"github.com/argoproj/argo-cd/v2/util/git"
	"github.com/argoproj/argo-cd/v2/util/io"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"
)

// TestConformance renders the Applications of the scripts' repositories with Argo CD's repository server code, which runs
// helm and kustomize, and with syncgate.
func TestConformance(t *testing.T) {
	buildTools(t)
	for _, script := range []string{"applications", "applications_more", "application_override"} {
		t.Run(script, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "repo")
			extract(t, "../../testdata/script/"+script+".txtar", dir)
			ours := rendered(t, dir)
			apps := applications(t, filepath.Join(dir, "argocd"))
			if len(apps) == 0 {
				t.Fatal("the script holds no Application")
			}
			for _, app := range apps {
				want, err := theirs(t, dir, app)
				if err != nil {
					t.Errorf("%s: Argo CD: %v", app.Name, err)
					continue
				}
				got := ours[app.Name]
				if got == nil { // another Application has its name
					got = ours[app.Name+"("+app.Annotations[fileAnnotation]+")"]
				}
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%s: syncgate renders\n%s\nArgo CD renders\n%s", app.Name, show(got), show(want))
				}
			}
		})
	}
}

// buildTools puts helm and kustomize, of the module around this one, in front of the PATH.
func buildTools(t *testing.T) {
	t.Helper()
	tools := filepath.Join(programs.bin, "e2e")
	cmd := exec.Command("go", "build", "-o", tools+string(filepath.Separator), "helm.sh/helm/v3/cmd/helm", "sigs.k8s.io/kustomize/kustomize/v5")
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building helm and kustomize: %v\n%s", err, out)
	}
	t.Setenv("PATH", tools+string(os.PathListSeparator)+os.Getenv("PATH"))
}

var fileHeader = regexp.MustCompile(`(?m)^-- (.*) --\n`)

// extract writes the files of a script.
func extract(t *testing.T, script, dir string) {
	t.Helper()
	text, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	at := fileHeader.FindAllSubmatchIndex(text, -1)
	for i, m := range at {
		end := len(text)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		name := filepath.Join(dir, string(text[m[2]:m[3]]))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, text[m[1]:end], 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// rendered are the objects that syncgate renders for each Application.
func rendered(t *testing.T, dir string) map[string][]any {
	t.Helper()
	cmd := exec.Command(programs.syncgate, "render", "--format", "json", "--show-secrets", "--allow-unresolved")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("syncgate render: %v", err)
	}
	objects := map[string][]any{}
	for line := range bytes.Lines(out) {
		var o struct {
			Source string
			Object any
		}
		if err := json.Unmarshal(line, &o); err != nil {
			t.Fatal(err)
		}
		_, app, ok := strings.Cut(o.Source, "@")
		app, _, _ = strings.Cut(app, "#")
		if ok {
			objects[app] = append(objects[app], o.Object)
		}
	}
	for app := range objects {
		order(objects[app])
	}
	return objects
}

func order(list []any) {
	sort.Slice(list, func(i, j int) bool { return fmt.Sprint(list[i]) < fmt.Sprint(list[j]) })
}

func show(list []any) string {
	text, _ := json.MarshalIndent(list, "", " ")
	return string(text)
}

// fileAnnotation says which file an Application is from.
const fileAnnotation = "file"

// applications are the Applications in a directory of single documents.
func applications(t *testing.T, dir string) (out []v1alpha1.Application) {
	t.Helper()
	err := filepath.Walk(dir, func(name string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		var app v1alpha1.Application
		if err := yaml.Unmarshal(text, &app); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if app.Kind == "Application" {
			app.Annotations = map[string]string{fileAnnotation: "argocd/" + filepath.Base(name)}
			out = append(out, app)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// theirs is what Argo CD renders for an Application, each source on a copy of the checkout.
func theirs(t *testing.T, dir string, app v1alpha1.Application) (out []any, err error) {
	t.Helper()
	refs := map[string]*v1alpha1.RefTarget{}
	for _, s := range app.Spec.GetSources() {
		if s.Ref != "" {
			refs["$"+s.Ref] = &v1alpha1.RefTarget{Repo: v1alpha1.Repository{Repo: s.RepoURL}}
		}
	}
	for _, s := range app.Spec.GetSources() {
		if s.Ref != "" && s.Path == "" {
			continue
		}
		copied := filepath.Join(t.TempDir(), "repo")
		if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
			return nil, err
		}
		paths := io.NewRandomizedTempPaths(copied)
		paths.Add(git.NormalizeGitURL(s.RepoURL), copied)
		res, err := repository.GenerateManifests(context.Background(), filepath.Join(copied, s.Path), copied, strings.Repeat("0", 40),
			&apiclient.ManifestRequest{Repo: &v1alpha1.Repository{Repo: s.RepoURL}, AppName: app.Name, Namespace: app.Spec.Destination.Namespace,
				ApplicationSource: &s, KubeVersion: "1.35.0", HasMultipleSources: app.Spec.HasMultipleSources(), RefSources: refs},
			true, &git.NoopCredsStore{}, resource.MustParse("0"), paths)
		if err != nil {
			return nil, err
		}
		for _, m := range res.Manifests {
			var o any
			if err := json.Unmarshal([]byte(m), &o); err != nil {
				return nil, err
			}
			out = append(out, o)
		}
	}
	order(out)
	return out, nil
}
