package act

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A pull request against the demo repository: what the action shows of it, everywhere that it shows something.
func TestPullRequest(t *testing.T) {
	r := newRepo(t, demo(t))
	r.git("checkout", "-q", "-b", "change")
	// The change would switch the gate off. What counts is the base, which says nothing.
	r.write(".syncgate.yaml", "level: privileged\n")
	o := r.run("pull_request", map[string]string{"paths": "apps\nmanifests"})

	if o.ok {
		t.Error("the job passes")
	}
	wantOutputs(t, o, map[string]string{"exit-code": "1", "findings": "24", "errors": "12", "warnings": "12", "exempted": "0",
		"sources": "4", "failed-sources": "0"})
	if n := len(o.annotations("error")); n != 8 { // twelve findings, some with one cause
		t.Errorf("%d annotations that are errors", n)
	}
	first := o.annotations("error")[0]
	if first.Props["file"] != "apps/api/base/deployment.yaml" || first.Props["line"] != "17" ||
		!strings.HasPrefix(first.Arg, `container "api" must set securityContext.`) {
		t.Errorf("the first annotation: %+v", first)
	}
	notices := o.annotations("notice")
	if len(notices) != 1 || !strings.Contains(notices[0].Arg, "is not honoured") || notices[0].Props["file"] != ".syncgate.yaml" {
		t.Errorf("notices: %+v", notices)
	}
	for _, want := range []string{"syncgate failed: 12 errors and 12 warnings", "is not honoured", "apps/api/base/deployment.yaml"} {
		if !strings.Contains(o.summary, want) {
			t.Errorf("the summary does not say %q:\n%s", want, o.summary)
		}
	}
	runs, _ := o.sarif["runs"].([]any)
	if len(runs) != 1 || len(runs[0].(map[string]any)["results"].([]any)) != 24 {
		t.Errorf("SARIF: %d runs", len(runs))
	}
	if strings.Contains(o.text, secret) || strings.Contains(o.text, "***") {
		t.Error("the token was near a check")
	}
}

func wantOutputs(t *testing.T, o *outcome, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if o.outputs[name] != value {
			t.Errorf("the output %s is %q, want %q\n%s", name, o.outputs[name], value, o.text)
		}
	}
}

const goodPod = `apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  automountServiceAccountToken: false
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: web
    image: registry.example.com/web:1
    resources: {limits: {cpu: 1, memory: 1Gi}}
    securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
`

// A clean push passes. The inputs go to the flags of their names.
func TestPush(t *testing.T) {
	r := newRepo(t, map[string]string{"pod.yaml": goodPod})
	o := r.run("push", map[string]string{"fail-on": "warning", "level": "restricted", "level-version": "v1.30", "select": "pss,workload"})
	if !o.ok {
		t.Errorf("the job fails:\n%s", o.text)
	}
	wantOutputs(t, o, map[string]string{"exit-code": "0", "findings": "0", "sources": "1"})
	if !strings.Contains(o.summary, "syncgate passed") || !strings.Contains(o.summary, "restricted v1.30") {
		t.Errorf("the summary:\n%s", o.summary)
	}
}

// Names, values and inputs that look like commands, markup, outputs or shell are text.
func TestHostile(t *testing.T) {
	const evil = "x\n::error::pwned\n::set-output name=sarif::/etc/passwd\n##[error]pwned"
	quoted := `"x\n::error::pwned\n::set-output name=exit-code::0\n##[error]pwned $(touch pwned)"`
	files := map[string]string{
		"::error::pwned/pod.yaml":      strings.Replace(goodPod, "name: web\n", "name: "+quoted+"\n", 1) + "    stdin: &a [*a]\n",
		"a\n::warning::pwned\nb.yaml":  "apiVersion: v1\nkind: Pod\nmetadata: {name: " + quoted + "}\nspec: {hostNetwork: true, containers: [{name: " + quoted + ", image: x}]}\n",
		"$(touch pwned)/`id`/pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostPID: true, containers: [{name: a, image: x}]}\n",
		".syncgate.yaml":               "level: baseline\n" + quoted + ": true\n",
	}
	r := newRepo(t, files)
	o := r.run("pull_request", map[string]string{})
	wantOutputs(t, o, map[string]string{"exit-code": "2"}) // the config has an unknown key
	r.write(".syncgate.yaml", "level: baseline\n")
	r.base = r.commit("config")
	for _, inputs := range []map[string]string{{}, {"paths": ".\n$(touch pwned)"}, {"select": evil}, {"level": "\"; touch pwned; \""}} {
		o := r.run("pull_request", inputs)
		if o.ok || o.outputs["exit-code"] == "0" || strings.Contains(o.outputs["sarif"], "passwd") {
			t.Errorf("outputs: %v", o.outputs)
		}
		for _, kind := range []string{"error", "warning", "notice"} {
			for _, e := range o.annotations(kind) {
				if !strings.HasPrefix(e.Props["title"], "syncgate") {
					t.Errorf("somebody else's annotation: %+v", e)
				}
			}
		}
		for _, e := range o.log {
			if e.Raw && (strings.HasPrefix(e.Msg, "::") || strings.Contains(e.Msg, "##[")) {
				t.Errorf("the log holds %q", e.Msg)
			}
		}
	}
	if found, err := filepath.Glob(filepath.Join(r.dir, "pwned*")); err != nil || len(found) > 0 {
		t.Errorf("a shell took a name for a command: %v %v", found, err)
	}
}

// A pull request whose base is not there is an error that says what to do, not a check without a policy.
func TestShallow(t *testing.T) {
	r := newRepo(t, map[string]string{"pod.yaml": goodPod})
	r.base = strings.Repeat("1", 40)
	o := r.run("pull_request", map[string]string{})
	errs := o.annotations("error")
	if o.ok || o.outputs["exit-code"] != "2" || len(errs) != 1 || !strings.Contains(errs[0].Arg, "fetch-depth: 0") {
		t.Errorf("outputs %v, errors %+v", o.outputs, errs)
	}
}

// copySources copies what syncgate is built from.
func copySources(t *testing.T, dir string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(dir, "actions")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Makefile", "go.mod", "go.sum", "actions", "check", "cmd", "fix", "gitops", "render"} {
		from, to := filepath.Join("../..", name), filepath.Join(dir, name)
		var err error
		if info, e := os.Stat(from); e == nil && info.IsDir() {
			err = os.CopyFS(to, os.DirFS(from))
		} else {
			data, e := os.ReadFile(from)
			if err = e; err == nil {
				err = os.WriteFile(to, data, 0o644)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Without a binary the action builds one from its own checkout.
func TestBuildsItself(t *testing.T) {
	r := newRepo(t, map[string]string{"pod.yaml": goodPod})
	copySources(t, filepath.Join(r.dir, ".action"))
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} {
		out, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		r.args = append(r.args, "--env", name+"="+strings.TrimSpace(string(out)))
	}
	o := r.run("push", map[string]string{"paths": "pod.yaml", "executable": ""})
	if !o.ok {
		t.Fatalf("the job fails:\n%s", o.text)
	}
	wantOutputs(t, o, map[string]string{"exit-code": "0", "sources": "1"})
}
