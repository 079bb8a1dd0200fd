package actions

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// step is an Environment with files of its own.
func step(t *testing.T, vars map[string]string) *Environment {
	t.Helper()
	dir := t.TempDir()
	all := map[string]string{"GITHUB_EVENT_NAME": "push", "RUNNER_TEMP": dir, "GITHUB_OUTPUT": filepath.Join(dir, "output"),
		"GITHUB_STEP_SUMMARY": filepath.Join(dir, "summary"), "GITHUB_EVENT_PATH": filepath.Join(dir, "event.json")}
	for k, v := range vars {
		all[k] = v
	}
	if err := os.WriteFile(all["GITHUB_OUTPUT"], nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(all["GITHUB_EVENT_PATH"], []byte(vars["event"]), 0o644); err != nil {
		t.Fatal(err)
	}
	e, err := Open(func(name string) string { return all[name] })
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestOutputs(t *testing.T) {
	e := step(t, nil)
	const evil = "a\nEOF\nexit-code=0\nexit-code<<EOF\n0\nEOF"
	for name, value := range map[string]string{"plain": "1", "evil": evil} {
		if err := e.SetOutput(name, value); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"a\nb", "a=b", "a<<b"} {
		if err := e.SetOutput(name, "1"); err == nil {
			t.Errorf("the output %q was set", name)
		}
	}
	data, err := os.ReadFile(e.output)
	if err != nil {
		t.Fatal(err)
	}
	// Read as the runner does (actions/runner, FileCommandManager.cs): name<<end, lines up to end.
	got := map[string]string{}
	for rest := string(data); rest != ""; {
		head, body, _ := strings.Cut(rest, "\n")
		name, end, _ := strings.Cut(head, "<<")
		value, after, ok := strings.Cut(body, "\n"+end+"\n")
		if !ok {
			t.Fatalf("no end: %q", rest)
		}
		got[name], rest = value, after
	}
	if len(got) != 2 || got["plain"] != "1" || got["evil"] != evil {
		t.Errorf("outputs: %q", got)
	}
}

func TestBase(t *testing.T) {
	sha := strings.Repeat("0a", 20)
	for _, c := range []struct{ event, payload, want, fails string }{
		{"push", `{"before": "` + sha + `"}`, "", ""},
		{"schedule", `x`, "", ""},
		{"pull_request", `{"pull_request": {"base": {"sha": "` + sha + `"}}}`, sha, ""},
		{"pull_request_target", `{"pull_request": {"base": {"sha": "` + sha + `"}}}`, sha, ""},
		{"merge_group", `{"merge_group": {"base_sha": "` + sha + `"}}`, sha, ""},
		{"pull_request", `{"pull_request": {"base": {"sha": "HEAD"}}}`, "", "name it with the input policy-ref"},
		{"pull_request", `{}`, "", "does not say which commit"},
		{"pull_request", `x`, "", "reading the event's payload"},
	} {
		got, err := step(t, map[string]string{"GITHUB_EVENT_NAME": c.event, "event": c.payload}).Base()
		if got != c.want || (err == nil) != (c.fails == "") || err != nil && !strings.Contains(err.Error(), c.fails) {
			t.Errorf("%s %s: %q, error %v", c.event, c.payload, got, err)
		}
	}
}

func TestInputs(t *testing.T) {
	e := step(t, map[string]string{"INPUT_PATHS": " a b \n\n c\n", "INPUT_CHANGED_ONLY": "yes", "INPUT_X": "true"})
	if got := fmt.Sprintf("%q", e.Lines("paths")); got != `["a b" "c"]` {
		t.Errorf("lines: %s", got)
	}
	if v, err := e.Bool("x"); !v || err != nil {
		t.Errorf("%v, %v", v, err)
	}
	if _, err := e.Bool("changed-only"); err == nil || !strings.Contains(err.Error(), `the input changed-only: "yes"`) {
		t.Errorf("error %v", err)
	}
	if _, err := Open(func(string) string { return "" }); err == nil || !strings.Contains(err.Error(), "is not set") {
		t.Errorf("error %v", err)
	}
}

func TestSummary(t *testing.T) {
	e := step(t, nil)
	fill := func(w io.Writer, max int) error { _, err := w.Write(bytes.Repeat([]byte("x"), max)); return err }
	for range 2 { // the second has no room left, and writes nothing
		if err := e.Summarize(fill); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(e.summary); err != nil || info.Size() != maxSummary {
		t.Errorf("%v bytes, error %v", info.Size(), err)
	}
	e = step(t, nil)
	if err := e.Summarize(func(w io.Writer, max int) error { return fill(w, max+1) }); err == nil {
		t.Error("more than there is room for was taken")
	}
}

func TestQuote(t *testing.T) {
	var b bytes.Buffer
	failed := errors.New("x")
	if err := Quote(&b, func(w io.Writer) error { fmt.Fprint(w, "::error::a\nno end"); return failed }); err != failed {
		t.Errorf("error %v", err)
	}
	want := regexp.MustCompile(`^::stop-commands::(syncgate-[0-9a-f]{32})\n::error::a\nno end\n::(syncgate-[0-9a-f]{32})::\n$`)
	m := want.FindStringSubmatch(b.String())
	if m == nil || m[1] != m[2] {
		t.Errorf("%q", b.String())
	}
}

// TestActionFile wants every input of action.yml to reach syncgate, nothing but fixed text to reach a shell, and the example
// workflows to use only what there is.
func TestActionFile(t *testing.T) {
	var action struct {
		Inputs  map[string]any
		Outputs map[string]struct{ Value string }
		Runs    struct {
			Steps []struct {
				Run string
				Env map[string]string
			}
		}
	}
	data, err := os.ReadFile("../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, &action); err != nil {
		t.Fatal(err)
	}
	last := action.Runs.Steps[len(action.Runs.Steps)-1]
	for name := range action.Inputs {
		variable := "INPUT_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		if want := "${{ inputs." + name + " }}"; last.Env[variable] != want && name != "token" && name != "executable" {
			t.Errorf("%s is %q, want %q", variable, last.Env[variable], want)
		}
	}
	for _, s := range action.Runs.Steps {
		if strings.Contains(s.Run, "${{") {
			t.Errorf("a shell reads %q", s.Run)
		}
	}
	for name, o := range action.Outputs {
		if want := "${{ steps.syncgate.outputs." + name + " }}"; o.Value != want {
			t.Errorf("the output %s is %q, want %q", name, o.Value, want)
		}
	}
	examples, err := filepath.Glob("examples/*.yml")
	if err != nil || len(examples) < 3 {
		t.Fatalf("examples: %v, %v", examples, err)
	}
	for _, file := range examples {
		checkExample(t, file, action.Inputs)
	}
}

func checkExample(t *testing.T, file string, inputs map[string]any) {
	t.Helper()
	var workflow struct {
		Permissions map[string]string
		Jobs        map[string]struct {
			Steps []struct {
				Uses, Run string
				With      map[string]any
			}
		}
	}
	data, err := os.ReadFile(file)
	if err == nil {
		err = yaml.Unmarshal(data, &workflow)
	}
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	used := 0
	for _, job := range workflow.Jobs {
		for _, s := range job.Steps {
			if !strings.HasPrefix(s.Uses, "syncgate/syncgate@") {
				continue
			}
			used++
			for name := range s.With {
				if _, ok := inputs[name]; !ok {
					t.Errorf("%s: the action has no input %s", file, name)
				}
			}
		}
	}
	if used == 0 || workflow.Permissions == nil {
		t.Errorf("%s: uses the action %d times, with permissions %v", file, used, workflow.Permissions)
	}
}
