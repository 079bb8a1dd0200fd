package helm4

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/creack/pty"
	"sigs.k8s.io/yaml"
)

// helmCommand is Helm at the version that this module requires. The folder of syncgate, as `make build` left it, is on PATH.
var helmCommand string

func TestMain(m *testing.M) { os.Exit(setUp(m)) }

func setUp(m *testing.M) int {
	work, err := os.MkdirTemp("", "syncgate-helm4-")
	if err == nil {
		defer os.RemoveAll(work)
		helmCommand = filepath.Join(work, "helm4")
		var out []byte
		if out, err = exec.Command("go", "build", "-o", helmCommand, "helm.sh/helm/v4/cmd/helm").CombinedOutput(); err != nil {
			err = fmt.Errorf("building helm: %w\n%s", err, out)
		}
	}
	if err == nil {
		err = usePlugin(work)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// usePlugin installs the plugin into a Helm that knows nothing else.
func usePlugin(work string) error {
	bin, err := filepath.Abs("../../bin")
	if err == nil {
		_, err = os.Stat(filepath.Join(bin, "syncgate"))
	}
	if err != nil {
		return fmt.Errorf("%w; run `make build` first", err)
	}
	os.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	for _, what := range []string{"DATA", "CACHE", "CONFIG"} {
		os.Setenv("HELM_"+what+"_HOME", filepath.Join(work, what))
	}
	init := exec.Command("syncgate", "init", "--helm", work)
	if out, err := init.CombinedOutput(); err != nil {
		return fmt.Errorf("writing the plugin: %w\n%s", err, out)
	}
	if out, err := exec.Command(helmCommand, "plugin", "install", filepath.Join(work, "helm", "syncgate")).CombinedOutput(); err != nil {
		return fmt.Errorf("installing the plugin: %w\n%s", err, out)
	}
	return nil
}

// newChart is a chart with a pod and a hook that can be fixed, and a Secret.
func newChart(t *testing.T, pod string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "web")
	if err := os.MkdirAll(filepath.Join(dir, "templates"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"Chart.yaml":            "apiVersion: v2\nname: web\nversion: 1.0.0\n",
		"templates/secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: hunter2-9c1d}\n",
		"templates/web.yaml":    "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: " + pod + "\n",
		"templates/hook.yaml":   "apiVersion: v1\nkind: Pod\nmetadata: {name: hook, annotations: {helm.sh/hook: pre-install}}\nspec: " + pod + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const pod = "{containers: [{name: web, image: web:1}]}"

// template is helm template through the plugin.
func template(chart string, args ...string) *exec.Cmd {
	all := []string{"template", "web", chart, "--post-renderer", "syncgate"}
	for _, a := range args {
		all = append(all, "--post-renderer-args="+a)
	}
	return exec.Command(helmCommand, all...)
}

// ended runs a command.
func ended(t *testing.T, cmd *exec.Cmd) (code int, stdout, stderr string) {
	t.Helper()
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	if _, exit := err.(*exec.ExitError); err != nil && !exit {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), said.String()
}

// objects are those in manifests, by kind and name.
func objects(t *testing.T, manifests string) map[string]any {
	t.Helper()
	out := map[string]any{}
	for _, doc := range strings.Split("\n"+manifests, "\n---") {
		var o struct {
			Kind     string
			Metadata struct{ Name string }
		}
		var all map[string]any
		if err := yaml.Unmarshal([]byte(doc), &o); err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal([]byte(doc), &all); err != nil {
			t.Fatal(err)
		}
		if o.Kind != "" {
			out[o.Kind+" "+o.Metadata.Name] = all
		}
	}
	return out
}

func TestGate(t *testing.T) {
	chart := newChart(t, pod)
	report := filepath.Join(t.TempDir(), "report.txt")
	code, out, said := ended(t, template(chart, "--report", "text="+report))
	if code == 0 || out != "" {
		t.Errorf("what does not pass is rendered (%d):\n%s", code, out)
	}
	if strings.Contains(said, "runAsNonRoot") {
		t.Errorf("Helm 4 shows what post-renderers say now; say so in the help:\n%s", said)
	}
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"web/templates/web.yaml  Pod web", "web/templates/hook.yaml  Pod hook", "pss/runAsNonRoot"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the report does not hold %q:\n%s", want, text)
		}
	}
	if strings.Contains(string(text)+said, "hunter2") {
		t.Errorf("a secret value is shown:\n%s%s", text, said)
	}
	_, without, _ := ended(t, exec.Command(helmCommand, "template", "web", chart))
	code, out, said = ended(t, template(chart, "--level=privileged", "--ignore=workload"))
	want := objects(t, without)
	if got := objects(t, out); code != 0 || len(got) != 3 || !reflect.DeepEqual(got, want) {
		t.Errorf("what passes is rendered in another way (%d):\n%s%s\nwant\n%s", code, out, said, without)
	}
}

func TestFixer(t *testing.T) {
	code, out, said := ended(t, template(newChart(t, pod), "--fix", "--select=pss/runAsNonRoot"))
	if code != 0 {
		t.Fatalf("it is not fixed (%d):\n%s", code, said)
	}
	const fixed = "{containers: [{name: web, image: web:1}], securityContext: {runAsNonRoot: true}}"
	_, without, _ := ended(t, exec.Command(helmCommand, "template", "web", newChart(t, fixed)))
	want := objects(t, without)
	if got := objects(t, out); len(got) != 3 || !reflect.DeepEqual(got, want) {
		t.Errorf("what is fixed is\n%s\nwant\n%s", out, without)
	}
	code, out, _ = ended(t, template(newChart(t, "{hostNetwork: true, containers: []}"), "--fix"))
	if code == 0 || out != "" {
		t.Errorf("what cannot be fixed is rendered (%d):\n%s", code, out)
	}
}

// TestTerminal wants a person to see why Helm stops.
func TestTerminal(t *testing.T) {
	chart := newChart(t, pod)
	for want, args := range map[string][]string{
		"web/templates/web.yaml  Pod web":                         {"--select=pss/runAsNonRoot"},
		`syncgate: level "x": expected privileged`:                {"--level=x"},
		"syncgate: unknown flag: --fixx":                          {"--fixx"},
		`syncgate: unknown command "x" for "syncgate post-render`: {"x"},
	} {
		tty, err := pty.Start(template(chart, args...))
		if err != nil {
			t.Fatal(err)
		}
		said, _ := io.ReadAll(tty) // ends with an error when the command does
		tty.Close()
		if !strings.Contains(string(said), want) {
			t.Errorf("%v: the terminal does not show %q:\n%s", args, want, said)
		}
	}
}
