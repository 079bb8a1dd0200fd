package act

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The real programs: act at the version that this module requires, and syncgate as `make build` left it.
var actCommand, syncgateCommand string

func TestMain(m *testing.M) { os.Exit(setUp(m)) }

func setUp(m *testing.M) int {
	bin, err := os.MkdirTemp("", "syncgate-act-")
	if err == nil {
		defer os.RemoveAll(bin)
		actCommand = filepath.Join(bin, "act")
		var out []byte
		if out, err = exec.Command("go", "build", "-o", actCommand, "github.com/nektos/act").CombinedOutput(); err != nil {
			err = fmt.Errorf("building act: %w\n%s", err, out)
		}
	}
	if err == nil {
		syncgateCommand, err = filepath.Abs("../../bin/syncgate")
	}
	if err == nil {
		if _, err = os.Stat(syncgateCommand); err != nil {
			err = fmt.Errorf("%w; run `make build` first", err)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// workflow runs the action, keeps what it gave, and shows that the job goes on.
const workflow = `name: w
on: [push, pull_request]
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
    - uses: actions/checkout@v4
    - id: gate
      uses: %s
      with:
%s    - if: always()
      run: |
        printf '%%s' "$OUTPUTS" >"$KEEP/outputs.json"
        if test -n "$SARIF"; then cp "$SARIF" "$KEEP/sarif.json"; fi
      env:
        OUTPUTS: ${{ toJSON(steps.gate.outputs) }}
        SARIF: ${{ steps.gate.outputs.sarif }}
`

// repo is a git repository on a branch of its own, with the action checked out in .action.
type repo struct {
	*testing.T
	dir, base string // base is the commit of main
	args      []string
	uses      string // the action
}

// actionFiles are what the action is without the sources that it can be built from.
var actionFiles = []string{"action.yml", "actions/install.sh"}

// newRepo commits files to main.
func newRepo(t *testing.T, files map[string]string) *repo {
	t.Helper()
	r := &repo{T: t, dir: filepath.Join(t.TempDir(), "repo"), uses: "./.action"}
	for _, name := range actionFiles {
		data, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		r.write(filepath.Join(".action", name), string(data))
	}
	r.git("init", "-q", "-b", "main", ".")
	for name, text := range files {
		r.write(name, text)
	}
	r.base = r.commit("base")
	return r
}

// demo is the demo repository.
func demo(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	root := os.DirFS("../../testdata/demo")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(root, name)
		files[name] = string(data)
		return err
	})
	if err != nil || len(files) < 8 {
		t.Fatalf("the demo holds %d files: %v", len(files), err)
	}
	return files
}

func (r *repo) write(name, text string) {
	r.Helper()
	name = filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		r.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		r.Fatal(err)
	}
}

func (r *repo) git(args ...string) string {
	r.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=e2e", "-c", "user.email=e2e@example.com"}, args...)...)
	cmd.Dir = r.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (r *repo) commit(message string) string {
	r.Helper()
	r.git("add", "-A")
	r.git("commit", "-q", "--allow-empty", "-m", message)
	return r.git("rev-parse", "HEAD")
}

// outcome is what a run of the workflow showed.
type outcome struct {
	ok      bool
	log     []entry
	text    string // all of the log
	said    string // what the step said
	summary string
	outputs map[string]string
	sarif   map[string]any
}

// entry is a line of act's log.
type entry struct {
	Msg     string            `json:"msg"`
	Command string            `json:"command"` // of a workflow command
	Arg     string            `json:"arg"`
	Props   map[string]string `json:"kvPairs"`
	Content string            `json:"content"` // of a summary
	Raw     bool              `json:"raw_output"`
}

// run commits the workflow with inputs and has act run it for an event.
func (r *repo) run(event string, with map[string]string) *outcome {
	r.Helper()
	keep, with := r.TempDir(), maps.Clone(with)
	if _, ok := with["executable"]; !ok {
		with["executable"] = filepath.Join(keep, "syncgate")
		script := fmt.Sprintf("#!/bin/sh\n'%s' \"$@\" >'%s/said'\ncode=$?\ncat '%s/said'\nexit $code\n", syncgateCommand, keep, keep)
		if err := os.WriteFile(filepath.Join(keep, "syncgate"), []byte(script), 0o755); err != nil {
			r.Fatal(err)
		}
	}
	var inputs strings.Builder
	for _, name := range slices.Sorted(maps.Keys(with)) {
		value, _ := json.Marshal(with[name])
		fmt.Fprintf(&inputs, "        %s: %s\n", name, value)
	}
	r.write(".github/workflows/w.yml", fmt.Sprintf(workflow, r.uses, inputs.String()))
	head := r.commit("the workflow")
	payload, _ := json.Marshal(map[string]any{"ref": "refs/heads/main", "after": head, "pull_request": map[string]any{"number": 1,
		"base": map[string]any{"ref": "main", "sha": r.base}, "head": map[string]any{"ref": "change", "sha": head}}})
	file := filepath.Join(keep, "event.json")
	if err := os.WriteFile(file, payload, 0o644); err != nil {
		r.Fatal(err)
	}
	cmd := exec.Command(actCommand, append([]string{event, "--json", "-W", ".github/workflows/w.yml", "-P", "ubuntu-latest=-self-hosted",
		"-e", file, "-s", "GITHUB_TOKEN=" + secret, "--no-cache-server", "--action-offline-mode", "--env", "KEEP=" + keep},
		r.args...)...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+r.TempDir())
	raw, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.Fatal(err)
	}
	return r.read(raw, err == nil, keep)
}

// secret is the token that the workflow has.
const secret = "ghs_0123456789abcdefSECRET"

func (r *repo) read(raw []byte, ok bool, keep string) *outcome {
	r.Helper()
	o := &outcome{ok: ok, text: string(raw)}
	if said, err := os.ReadFile(filepath.Join(keep, "said")); err == nil {
		o.said = string(said)
	}
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, 8<<20)
	for lines.Scan() {
		var e entry
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue
		}
		o.log = append(o.log, e)
		if e.Command == "summary" {
			o.summary += e.Content
		}
	}
	for name, into := range map[string]any{"outputs.json": &o.outputs, "sarif.json": &o.sarif} {
		data, err := os.ReadFile(filepath.Join(keep, name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err == nil {
			err = json.Unmarshal(data, into)
		}
		if err != nil {
			r.Fatalf("%s: %v\n%s\n%s", name, err, data, raw)
		}
	}
	if o.outputs == nil {
		r.Fatalf("the workflow did not get to its end:\n%s", raw)
	}
	return o
}

// annotations are the workflow commands of one kind in what the step said, read as GitHub's runner does (actions/runner,
// ActionCommand.cs): the message begins at the next "::", where act takes the last one. act's own log can lack the end of a step's
// output, which it reads from a terminal that closes.
func (o *outcome) annotations(kind string) []entry {
	var out []entry
	unescape := strings.NewReplacer("%25", "%", "%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",")
	stopped := ""
	for _, line := range strings.Split(o.said, "\n") {
		word, stop := strings.CutPrefix(line, "::stop-commands::")
		rest, ok := strings.CutPrefix(line, "::"+kind+" ")
		switch {
		case stopped != "":
			if line == "::"+stopped+"::" {
				stopped = ""
			}
			continue
		case stop:
			stopped = word
			continue
		case !ok:
			continue
		}
		props, text, _ := strings.Cut(rest, "::")
		e := entry{Command: kind, Arg: unescape.Replace(text), Props: map[string]string{}}
		for _, p := range strings.Split(props, ",") {
			key, value, _ := strings.Cut(p, "=")
			e.Props[key] = unescape.Replace(value)
		}
		out = append(out, e)
	}
	return out
}
