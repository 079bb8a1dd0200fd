package apiserver

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

// pod is a pod as it is posted and as check reads it: the very same bytes.
type pod struct {
	name string
	from string // where it, or its template, comes from
	json []byte
}

// podSet is a list of pods of which no two are the same but for their names.
type podSet struct {
	pods []*pod
	seen map[string]bool
}

// absent are names of things that the server of this test does not have; Pod Security does not look at them.
var absent = []string{"serviceAccountName", "serviceAccount", "priorityClassName", "priority", "runtimeClassName", "overhead"}

// add makes a bare pod of a pod or of a pod's template. It only changes who the pod is, drops what is absent and names
// an image where an operator would: nothing that Pod Security looks at.
func (s *podSet) add(from string, template map[string]any) error {
	meta := map[string]any{}
	if old, ok := template["metadata"].(map[string]any); ok {
		for _, key := range []string{"labels", "annotations"} {
			if old[key] != nil {
				meta[key] = old[key]
			}
		}
	}
	if spec, ok := template["spec"].(map[string]any); ok {
		for _, key := range absent {
			delete(spec, key)
		}
		nameImages(spec)
	}
	object := map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": template["spec"]}
	nameless, err := json.Marshal(object)
	if err != nil || s.seen[string(nameless)] {
		return err
	}
	if s.seen == nil {
		s.seen = map[string]bool{}
	}
	s.seen[string(nameless)] = true
	p := &pod{name: fmt.Sprintf("p%05d", len(s.pods)), from: from}
	meta["name"] = p.name
	p.json, err = json.Marshal(object)
	s.pods = append(s.pods, p)
	return err
}

func nameImages(spec map[string]any) {
	for _, list := range []string{"initContainers", "containers"} {
		containers, _ := spec[list].([]any)
		for _, c := range containers {
			if m, ok := c.(map[string]any); ok && (m["image"] == nil || m["image"] == "") {
				m["image"] = "registry.invalid/image"
			}
		}
	}
}

// addFixtures adds upstream's own pods for all versions, of the release that the server is built from.
func (s *podSet) addFixtures() error {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/pod-security-admission").Output()
	if err != nil {
		return fmt.Errorf("looking for the fixtures of k8s.io/pod-security-admission: %w; run `go mod download` in e2e/apiserver", err)
	}
	root := filepath.Join(strings.TrimSpace(string(out)), "test", "testdata")
	files, err := filepath.Glob(filepath.Join(root, "*", "v1.*", "*", "*.yaml"))
	if err != nil || len(files) < 4000 {
		return fmt.Errorf("only %d fixtures in %s (%v)", len(files), root, err)
	}
	for _, file := range files {
		if err := s.addFile(root, file); err != nil {
			return fmt.Errorf("reading the fixture %s: %w", file, err)
		}
	}
	return nil
}

func (s *podSet) addFile(root, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text, err = yaml.YAMLToJSON(text)
	if err != nil {
		return err
	}
	object, err := decode(text)
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(root, file)
	if err != nil {
		return err
	}
	return s.add(filepath.ToSlash(rel), object)
}
