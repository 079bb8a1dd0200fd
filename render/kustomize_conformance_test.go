//go:build conformance

package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/kustomize/api/konfig"
	sigsyaml "sigs.k8s.io/yaml"
)

// TestKustomizeConformance compares renderKustomize with the kustomize command on every kustomization below
// $SYNCGATE_CORPUS: the same objects in the same order; and where the command fails, the same innermost cause.
func TestKustomizeConformance(t *testing.T) {
	corpus := os.Getenv("SYNCGATE_CORPUS")
	if corpus == "" {
		t.Fatal("set SYNCGATE_CORPUS to a directory that holds kustomizations")
	}
	repos, err := os.ReadDir(corpus)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("%-36s %6s %8s %8s %7s %8s %10s %10s\n", "repository", "found", "rendered", "failed", "remote", "objects", "kustomize", "ours")
	var all kustomizeTotals
	for _, repo := range repos {
		if repo.IsDir() {
			sum := compareRepository(t, filepath.Join(corpus, repo.Name()))
			sum.print(repo.Name())
			all.add(sum)
		}
	}
	all.print("total")
}

// TestKustomizeFixtures does the same on testdata, where each option of helmCharts and each field of a kustomization
// makes a difference, and checks that the output stored there is the command's; SYNCGATE_UPDATE=1 stores it.
func TestKustomizeFixtures(t *testing.T) {
	for _, c := range kustomizeCases(t) {
		t.Run(c.name, func(t *testing.T) {
			want, failure := runKustomize(filepath.Join(c.layOut(t), c.entry))
			// Another copy: the command may have written to the first.
			got := Render(openTree(t, c.layOut(t)), Source{ID: c.name, Path: c.entry, Kind: KindKustomize}, Options{Text: true})
			switch {
			case failure != "" && got.Err != nil:
				t.Logf("kustomize: %s\nours: %v", failure, got.Err)
				return
			case failure != "" || got.Err != nil:
				t.Fatalf("kustomize: %s\nours: %v", failure, got.Err)
			}
			if problem := compareBuilt(want, got.Objects); problem != "" {
				t.Errorf("%s\nkustomize:\n%s\nours:\n%s", problem, want, joinTexts(got.Objects))
			}
			file := filepath.Join(c.dir, "want.yaml")
			if os.Getenv("SYNCGATE_UPDATE") != "" {
				if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if stored, err := os.ReadFile(file); err != nil || string(stored) != want {
				t.Errorf("%s is not what the command prints (%v)", file, err)
			}
		})
	}
}

type kustomizeTotals struct {
	found, rendered, failed, remote, objects int
	theirs, ours                             time.Duration
}

func (s *kustomizeTotals) add(o kustomizeTotals) {
	s.found += o.found
	s.rendered += o.rendered
	s.failed += o.failed
	s.remote += o.remote
	s.objects += o.objects
	s.theirs += o.theirs
	s.ours += o.ours
}

func (s *kustomizeTotals) print(name string) {
	if s.found > 0 {
		fmt.Printf("%-36s %6d %8d %8d %7d %8d %10s %10s\n", name, s.found, s.rendered, s.failed, s.remote, s.objects,
			s.theirs.Round(time.Millisecond), s.ours.Round(time.Millisecond))
	}
}

func compareRepository(t *testing.T, root string) (sum kustomizeTotals) {
	tree, err := OpenTree(root)
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	kube := helmKubeVersion(t)
	for _, dir := range kustomizationsBelow(t, root) {
		sum.found++
		start := time.Now()
		want, failure := runKustomize(filepath.Join(tree.Dir(), filepath.FromSlash(dir)))
		sum.theirs += time.Since(start)
		start = time.Now()
		got := Render(tree, Source{ID: dir, Path: dir, Kind: KindKustomize}, Options{Text: true, KubeVersion: kube})
		sum.ours += time.Since(start)
		switch {
		case got.Err != nil && strings.Contains(got.Err.Msg, "network access is off"):
			sum.remote++
		case failure != "" && got.Err != nil:
			sum.failed++
			if problem := compareKustomizeErrors(tree, failure, got.Err); problem != "" {
				t.Errorf("%s/%s: %s", root, dir, problem)
			}
			t.Logf("%s/%s: %v", filepath.Base(root), dir, got.Err)
		case failure != "":
			t.Errorf("%s/%s: the command fails, we do not: %s", root, dir, failure)
		case got.Err != nil:
			t.Errorf("%s/%s: we fail, the command does not: %v", root, dir, got.Err)
		default:
			sum.rendered++
			sum.objects += len(got.Objects)
			if problem := compareBuilt(want, got.Objects); problem != "" {
				t.Errorf("%s/%s: %s", root, dir, problem)
			}
		}
	}
	return sum
}

func kustomizationsBelow(t *testing.T, root string) []string {
	var out []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		for _, n := range konfig.RecognizedKustomizationFileNames() {
			if d.Name() == n {
				rel, err := filepath.Rel(root, filepath.Dir(p))
				if err != nil {
					return err
				}
				out = append(out, filepath.ToSlash(rel))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// runKustomize runs the command where it can reach no network, and returns its output, or what it complained about.
func runKustomize(dir string) (out, failure string) {
	cmd := exec.Command("kustomize", "build", "--enable-helm", dir)
	cmd.Env = append(os.Environ(), "GIT_ALLOW_PROTOCOL=none", "HTTP_PROXY=http://127.0.0.1:1", "HTTPS_PROXY=http://127.0.0.1:1")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", stderr.String()
	}
	return stdout.String(), ""
}

// compareBuilt compares the command's text with ours byte by byte, and what a client reads from it with our JSON.
func compareBuilt(text string, objects []Object) string {
	if joinTexts(objects) != text {
		return "the text differs"
	}
	for i, o := range objects {
		raw, err := sigsyaml.YAMLToJSON([]byte(o.Text))
		if err != nil {
			return err.Error()
		}
		var want, got any
		if err := json.Unmarshal(raw, &want); err != nil {
			return err.Error()
		}
		if err := json.Unmarshal(o.JSON, &got); err != nil {
			return err.Error()
		}
		if !reflect.DeepEqual(want, got) {
			return fmt.Sprintf("object %d (%s): want %s, got %s", i, o.ID(), raw, o.JSON)
		}
		if o.File == "" {
			return fmt.Sprintf("object %d (%s) has no origin", i, o.ID())
		}
	}
	return ""
}

// helmKubeVersion is the version of Kubernetes that the helm command renders for when nobody says one.
func helmKubeVersion(t *testing.T) string {
	dir := t.TempDir()
	for name, content := range map[string]string{"Chart.yaml": "apiVersion: v2\nname: v\nversion: 0.0.1\n",
		"templates/v.yaml": "v: {{ .Capabilities.KubeVersion.Version }}\n"} {
		if err := os.MkdirAll(filepath.Join(dir, path.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("helm", "template", dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	_, version, _ := strings.Cut(string(out), "\nv: ")
	return strings.TrimSpace(version)
}

func compareKustomizeErrors(tree *Tree, theirs string, ours *Error) string {
	plain := func(s string) string {
		s = strings.ReplaceAll(s, tree.Dir()+"/", "")
		s = strings.ReplaceAll(s, tree.Dir(), ".")
		s = plainIDs(withoutQuotes(s))
		s = strings.NewReplacer(`\n`, "\n", `\"`, `"`, `\\`, `\`).Replace(s)
		return strings.Join(strings.Fields(strings.ToLower(s)), " ")
	}
	if ours.File == "" || path.IsAbs(ours.File) || strings.Contains(ours.Msg, tree.Dir()) {
		return fmt.Sprintf("no relative place: %+v", *ours)
	}
	if !strings.Contains(plain(theirs), plain(ours.Msg)) {
		return fmt.Sprintf("causes differ:\n%s\n%+v", theirs, *ours)
	}
	return ""
}
