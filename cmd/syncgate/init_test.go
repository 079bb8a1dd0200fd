package main

import (
	"os"
	"regexp"
	"testing"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/syncgate/syncgate/check/config"
)

// TestStarterConfig wants the starter config to be valid, and with all its examples taken up as well.
func TestStarterConfig(t *testing.T) {
	if _, err := config.Parse("starter", starterConfig); err != nil {
		t.Error(err)
	}
	all := regexp.MustCompile(`(?m)^#([^ \n])|^#(  )`).ReplaceAll(starterConfig, []byte("$1$2"))
	c, err := config.Parse("starter with examples", all)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Policies) != 1 || len(c.Exemptions) != 1 || len(c.Sources) != 1 || len(c.Fix.Users) != 1 || c.Floor != "restricted" {
		t.Errorf("examples are missing: %+v", c)
	}
}

// TestReadmeConfig wants the configs that the README shows to be valid.
func TestReadmeConfig(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile("(?s)```yaml\n(# .syncgate.yaml\n.*?)```").FindAllSubmatch(text, -1)
	if len(shown) == 0 {
		t.Error("the README shows no config")
	}
	for _, m := range shown {
		if _, err := config.Parse("README", m[1]); err != nil {
			t.Error(err)
		}
	}
}

// TestStarterWorkflow wants the workflow that init writes to be the example of the action.
func TestStarterWorkflow(t *testing.T) {
	example, err := os.ReadFile("../../actions/examples/check.yml")
	if err != nil || string(example) != string(starterWorkflow) {
		t.Errorf("actions/examples/check.yml is another workflow than starter/workflow.yaml: %v", err)
	}
}

// TestReadmeFunction wants the functionConfigs that the README and the help show to be valid.
func TestReadmeFunction(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	help := regexp.MustCompile(`(?m)^  `).ReplaceAllString(newFn(stdio{}).Long, "")
	shown := regexp.MustCompile(`(?m)^apiVersion: syncgate\.io/.*\n(?:[a-zA-Z ].*\n)+`).FindAllString(string(readme)+"\n"+help, -1)
	if len(shown) != 2 {
		t.Fatalf("the README and the help show %d functionConfigs", len(shown))
	}
	for _, text := range shown {
		if f, err := config.ParseFunction(yaml.MustParse(text).YNode()); err != nil || f.Level != "baseline" {
			t.Errorf("%v: %s", err, text)
		}
	}
}
