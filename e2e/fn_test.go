package e2e

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// functionFiles are a kustomization, with what runs syncgate as a function in a field such as transformers.
func functionFiles(t *testing.T, field, spec string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	write(t, filepath.Join(dir, "kustomization.yaml"), "namespace: shop\nresources: [web.yaml]\n"+field+": [gate.yaml]\n")
	write(t, filepath.Join(dir, "web.yaml"), `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      # the only one
      - name: web
        image: web:1
---
apiVersion: v1
kind: Secret
metadata: {name: db}
stringData: {password: hunter2-9c1d}
`)
	write(t, filepath.Join(dir, "gate.yaml"), `apiVersion: syncgate.io/v1alpha1
kind: Syncgate
metadata:
  name: gate
  annotations:
    config.kubernetes.io/function: |
      exec: {path: `+commands.syncgate+`, args: [fn]}
spec: `+spec+"\n")
	return dir
}

// built is what kustomize builds with functions.
func built(t *testing.T, dir string) (code int, stdout, stderr string) {
	t.Helper()
	return runApart(t, dir, commands.kustomize, "build", "--enable-alpha-plugins", "--enable-exec", ".")
}

// TestFnInKustomize runs syncgate as a function of kustomize build.
func TestFnInKustomize(t *testing.T) {
	plain := functionFiles(t, "configurations", "{}")
	write(t, filepath.Join(plain, "kustomization.yaml"), "namespace: shop\nresources: [web.yaml]\n")
	_, without, _ := built(t, plain)

	code, out, said := built(t, functionFiles(t, "transformers", "{select: [pss, secret]}"))
	if code == 0 || out != "" {
		t.Errorf("what does not pass is built (%d):\n%s", code, out)
	}
	for _, want := range []string{"Deployment shop/web", "runAsNonRoot", `Secret "db" must not have its values in git`} {
		if !strings.Contains(said, want) {
			t.Errorf("kustomize does not show %q:\n%s", want, said)
		}
	}
	if strings.Contains(said, "hunter2") {
		t.Errorf("a secret value is shown:\n%s", said)
	}

	if code, out, said := built(t, functionFiles(t, "transformers", "{select: [pss], level: privileged}")); code != 0 || out != without || said != "" {
		t.Errorf("what passes is built in another way (%d):\n%s%s\nwant\n%s", code, out, said, without)
	}

	code, out, said = built(t, functionFiles(t, "transformers", "{select: [pss], mode: fix}"))
	if code != 0 || !strings.Contains(said, "fixed 4 findings") {
		t.Fatalf("it is not fixed (%d):\n%s", code, said)
	}
	write(t, filepath.Join(plain, "built.yaml"), without)
	run(t, plain, commands.syncgate, "fix", "--select", "pss", "built.yaml")
	write(t, filepath.Join(plain, "fixed.yaml"), out)
	want, _ := render("cat", filepath.Join(plain, "built.yaml"))
	got, _ := render("cat", filepath.Join(plain, "fixed.yaml"))
	if len(got) != 2 || !reflect.DeepEqual(got, want) {
		t.Errorf("the function makes\n%v\nwant\n%v", got, want)
	}
}

// TestKustomizeRefusesValidators holds what `syncgate fn --help` says of kustomize: a function that gives back what it got is
// refused as a validator.
func TestKustomizeRefusesValidators(t *testing.T) {
	dir := functionFiles(t, "validators", "{}")
	write(t, filepath.Join(dir, "gate.yaml"), "apiVersion: example.com/v1\nkind: Same\nmetadata:\n  name: same\n  annotations:\n"+
		"    config.kubernetes.io/function: 'exec: {path: cat}'\n")
	if code, _, said := built(t, dir); code == 0 || !strings.Contains(said, "validator shouldn't modify the resource map") {
		t.Errorf("kustomize takes validators now (%d); say so in the help and the README:\n%s", code, said)
	}
}

// TestFnRun runs syncgate as a function of kustomize fn run, which works on files.
func TestFnRun(t *testing.T) {
	dir := functionFiles(t, "transformers", "{select: [pss]}")
	if err := os.Remove(filepath.Join(dir, "kustomization.yaml")); err != nil {
		t.Fatal(err)
	}
	before := read(t, filepath.Join(dir, "web.yaml"))
	results := t.TempDir()
	code, out := run(t, dir, commands.kustomize, "fn", "run", "--enable-exec", "--results-dir", results, ".")
	if code == 0 || read(t, filepath.Join(dir, "web.yaml")) != before {
		t.Errorf("the gate passes, or changes files (%d):\n%s", code, out)
	}
	found := read(t, filepath.Join(results, "results-0.yaml"))
	for _, want := range []string{"path: web.yaml", "severity: error", "rule: pss/runAsNonRoot", "path: spec.template.spec.containers[0].securityContext.runAsNonRoot"} {
		if !strings.Contains(found, want) {
			t.Errorf("the results do not hold %q:\n%s", want, found)
		}
	}
	wrapped, _, said := runApart(t, dir, "sh", "-c", commands.kustomize+" cfg cat --annotate --wrap-kind ResourceList --wrap-version config.kubernetes.io/v1 . | "+
		commands.syncgate+" fn --select pss")
	if wrapped != 1 || !strings.Contains(said, "web.yaml  Deployment web") {
		t.Errorf("a pipe ends with %d:\n%s", wrapped, said)
	}
	gate := read(t, filepath.Join(dir, "gate.yaml"))
	write(t, filepath.Join(dir, "gate.yaml"), strings.Replace(gate, "{select: [pss]}", "{select: [pss], mode: fix}", 1))
	if code, out := run(t, dir, commands.kustomize, "fn", "run", "--enable-exec", "."); code != 0 {
		t.Fatalf("it is not fixed (%d):\n%s", code, out)
	}
	after := read(t, filepath.Join(dir, "web.yaml"))
	if !strings.Contains(after, "# the only one") || !strings.Contains(after, "hunter2") || !strings.Contains(after, "runAsNonRoot: true") {
		t.Errorf("the file is now\n%s", after)
	}
	if code, out := run(t, dir, commands.syncgate, "check", "--select", "pss", "web.yaml"); code != 0 {
		t.Errorf("it does not pass (%d):\n%s", code, out)
	}
}
