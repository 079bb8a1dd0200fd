package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestUpstreamFixtures runs `check --all` over the fixtures of k8s.io/pod-security-admission, one run for each level and
// version, and compares every verdict with the folder the fixture stands in.
func TestUpstreamFixtures(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/pod-security-admission").Output()
	if err != nil {
		t.Fatalf("looking for the fixtures: %v", err)
	}
	root := filepath.Join(strings.TrimSpace(string(out)), "test", "testdata")
	dirs, err := filepath.Glob(filepath.Join(root, "*", "v1.*"))
	if err != nil || len(dirs) < 50 {
		t.Fatalf("only %d folders of fixtures in %s (%v)", len(dirs), root, err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	judged := 0
	todo := make(chan string)
	for range 2 {
		wg.Go(func() {
			for dir := range todo {
				n := checkFixtures(t, dir)
				mu.Lock()
				judged += n
				mu.Unlock()
			}
		})
	}
	for _, d := range dirs {
		todo <- d
	}
	close(todo)
	wg.Wait()
	if judged < 4000 {
		t.Errorf("only %d fixtures were judged", judged)
	}
}

// checkFixtures judges the fixtures of one level and version, and says how many there are.
func checkFixtures(t *testing.T, dir string) int {
	level, version := filepath.Base(filepath.Dir(dir)), filepath.Base(dir)
	exe, err := os.Executable()
	if err != nil {
		t.Error(err)
		return 0
	}
	cmd := exec.Command(exe, "check", "--all", "--format", "json", "--select", "pss", "--root", dir,
		"--level", level, "--level-version", version, dir)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	out, _ := cmd.Output()
	var report struct {
		Sources  []struct{ ID, Error string }
		Findings []struct{ Source string }
	}
	if err := json.Unmarshal(out, &report); err != nil {
		t.Errorf("%s %s: %v", level, version, err)
		return 0
	}
	denied := map[string]bool{}
	for _, f := range report.Findings {
		denied[f.Source] = true
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.yaml"))
	if err != nil || len(files) != len(report.Sources) {
		t.Errorf("%s %s: %d of %d fixtures were judged (%v)", level, version, len(report.Sources), len(files), err)
	}
	for _, s := range report.Sources {
		if s.Error != "" {
			t.Errorf("%s %s: %s: %s", level, version, s.ID, s.Error)
		}
		if want := strings.HasPrefix(s.ID, "fail/"); denied[s.ID] != want {
			t.Errorf("%s %s: %s: denied is %v", level, version, s.ID, denied[s.ID])
		}
	}
	return len(report.Sources)
}
