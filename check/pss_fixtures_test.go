package check

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestUpstreamFixtures judges upstream's own pods: testdata/<level>/<version>/<pass|fail>/*.yaml.
func TestUpstreamFixtures(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/pod-security-admission").Output()
	if err != nil {
		t.Fatalf("finding upstream's module: %v", err)
	}
	dirs, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "test", "testdata", "*", "v1.*", "*"))
	if err != nil || len(dirs) < 100 {
		t.Fatalf("%d directories of fixtures, %v", len(dirs), err)
	}
	rules := ofGroup("pss")
	for _, dir := range dirs {
		parts := strings.Split(filepath.ToSlash(dir), "/")
		parts = parts[len(parts)-3:]
		t.Run(strings.Join(parts, "/"), func(t *testing.T) {
			t.Parallel()
			files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
			if err != nil || len(files) == 0 {
				t.Fatalf("%d fixtures, %v", len(files), err)
			}
			for _, file := range files {
				checkFixture(t, file, Policy{Level: parts[0], Version: parts[1]}, parts[2] == "fail", rules)
			}
		})
	}
}

// checkFixture wants findings in a bad pod, each of them more exact than a pod or a container, and none in a good one.
func checkFixture(t *testing.T, file string, pol Policy, bad bool, rules []*Rule) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	o := objectOf(t, text)
	found := judge(t, pol, rules, o)
	if bad != (len(found) > 0) {
		t.Errorf("%s: %d findings", filepath.Base(file), len(found))
	}
	for _, f := range found {
		if len(f.Path) < 2 || strings.HasSuffix(strings.TrimRight(f.Path.String(), "0123456789]"), "ontainers[") {
			t.Errorf("%s: %s: %s says only %q", filepath.Base(file), f.Rule.ID, f.Message, f.Path)
		}
	}
	checkFixes(t, o, pol, rules)
}
