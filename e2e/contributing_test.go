package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")

// TestContributing follows CONTRIBUTING.md to the letter: the rule that it shows, a bad and a good object, and nothing
// else.
func TestContributing(t *testing.T) {
	text, err := os.ReadFile("../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	block := goBlock.FindSubmatch(text)
	if block == nil {
		t.Fatal("CONTRIBUTING.md shows no rule")
	}
	work := filepath.Join(t.TempDir(), "syncgate")
	for _, dir := range []string{"check", "render", "testdata/rules"} {
		copyWritable(t, filepath.Join("..", dir), filepath.Join(work, dir))
	}
	for _, file := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join("..", file))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(work, file), string(data))
	}
	write(t, filepath.Join(work, "check/workload_imagetag.go"), strings.ReplaceAll("\n"+string(block[1]), "\n   ", "\n")[1:])
	rules := filepath.Join(work, "testdata/rules/workload/imageTag")
	const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: web\n    image: "
	write(t, filepath.Join(rules, "bad.yaml"), pod+"nginx\n")
	write(t, filepath.Join(rules, "good.yaml"), pod+"nginx:1.27.3\n")

	if code, out := run(t, work, "go", "test", "./check", "-run", "Rule", "-update"); code != 0 {
		t.Fatalf("the rule of CONTRIBUTING.md fails:\n%s", out)
	}
	want, err := os.ReadFile(filepath.Join(rules, "want.yaml"))
	if err != nil || !strings.Contains(string(want), "must name the tag or digest of its image") {
		t.Errorf("want.yaml holds (%v):\n%s", err, want)
	}
	if code, out := run(t, work, "go", "test", "./check", "-run", "Rule"); code != 0 {
		t.Errorf("the tests fail with the written want.yaml:\n%s", out)
	}
	if code, out := run(t, work, "gofmt", "-l", "check/workload_imagetag.go"); code != 0 || out != "" {
		t.Errorf("the rule is not formatted: %s", out)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
