package e2e

import (
	"debug/elf"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"golang.org/x/mod/modfile"
	"sigs.k8s.io/yaml"
)

const installDir = "../gitops/argocd/install"

// TestImage goes through the Dockerfile of Argo CD's plugin as a builder does: it is read by BuildKit's parser, its build step runs
// on a copy of what the builder would be sent, and what the image gets is looked at. Only the base images are not there.
func TestImage(t *testing.T) {
	stages, meta := dockerfile(t)
	if len(stages) != 2 || stages[0].Name != "build" || stages[1].BaseName != "scratch" || stages[0].BaseName != "$GO_IMAGE" {
		t.Fatalf("the stages are %+v", stages)
	}
	checkGoImage(t, meta)
	root, src := t.TempDir(), t.TempDir()
	sendContext(t, src)
	built, work := "", "/"
	for _, c := range stages[0].Commands {
		switch c := c.(type) {
		case *instructions.WorkdirCommand:
			work = c.Path
		case *instructions.CopyCommand:
			if !slices.Equal(c.SourcePaths, []string{"."}) || c.DestPath != "." || work != "/src" {
				t.Errorf("it copies %v to %s in %s", c.SourcePaths, c.DestPath, work)
			}
		case *instructions.RunCommand:
			cmd := exec.Command("sh", append([]string{"-c"}, c.CmdLine...)...)
			cmd.Dir = src
			cmd.Env = append(os.Environ(), "TARGETOS="+runtime.GOOS, "TARGETARCH="+runtime.GOARCH, "VERSION=v9.9.9", "MAKEFLAGS=")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %v\n%s", c.CmdLine, err, out)
			}
			built += strings.Join(c.CmdLine, " ")
		case *instructions.ArgCommand:
		default:
			t.Errorf("%s is not looked at", c.Name())
		}
	}
	if built == "" {
		t.Fatal("nothing is built")
	}
	user, path := fillImage(t, stages[1], src, root)
	checkImage(t, root, user, path)
}

func dockerfile(t *testing.T) ([]instructions.Stage, []instructions.ArgCommand) {
	t.Helper()
	f, err := os.Open(filepath.Join(installDir, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	parsed, err := parser.Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range parsed.Warnings {
		t.Errorf("line %v: %s", w.Location, w.Short)
	}
	stages, meta, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		t.Fatal(err)
	}
	return stages, meta
}

// checkGoImage wants a Go that go.mod is content with.
func checkGoImage(t *testing.T, meta []instructions.ArgCommand) {
	t.Helper()
	data, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.ParseLax("go.mod", data, nil)
	if err != nil {
		t.Fatal(err)
	}
	minor := strings.Join(strings.Split(mod.Go.Version, ".")[:2], ".")
	if len(meta) != 1 || meta[0].Args[0].Key != "GO_IMAGE" || *meta[0].Args[0].Value != "golang:"+minor {
		t.Errorf("it is built with %+v, and go.mod wants Go %s", meta, mod.Go.Version)
	}
}

// sendContext copies what a builder is sent: everything but what Dockerfile.dockerignore names, and what is no source at all.
func sendContext(t *testing.T, dir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(installDir, "Dockerfile.dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	ignored := strings.Fields(string(text))
	if !slices.Contains(ignored, ".git") {
		t.Error("the builder is sent .git, and with it all that was ever committed")
	}
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		from := filepath.Join("..", e.Name())
		if slices.Contains(ignored, e.Name()) {
			continue
		}
		if e.IsDir() {
			err = os.CopyFS(filepath.Join(dir, e.Name()), os.DirFS(from))
		} else {
			var data []byte
			if data, err = os.ReadFile(from); err == nil {
				err = os.WriteFile(filepath.Join(dir, e.Name()), data, 0o644)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// fillImage copies into the image what the last stage takes from the one that builds.
func fillImage(t *testing.T, stage instructions.Stage, src, root string) (user string, path []string) {
	t.Helper()
	for _, c := range stage.Commands {
		switch c := c.(type) {
		case *instructions.CopyCommand:
			for _, from := range c.SourcePaths {
				rel, ours := strings.CutPrefix(from, "/src/")
				if !ours { // of the base image: Debian's certificates stand there
					if from != "/etc/ssl/certs/ca-certificates.crt" || c.DestPath != "/etc/ssl/certs/" {
						t.Errorf("it copies %s to %s", from, c.DestPath)
					}
					continue
				}
				data, err := os.ReadFile(filepath.Join(src, rel))
				if err != nil {
					t.Fatal(err)
				}
				to := filepath.Join(root, c.DestPath)
				if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(to, data, 0o755); err != nil {
					t.Fatal(err)
				}
			}
		case *instructions.EnvCommand:
			for _, kv := range c.Env {
				if kv.Key == "PATH" {
					path = strings.Split(kv.Value, ":")
				}
			}
		case *instructions.UserCommand:
			user = c.User
		default:
			t.Errorf("%s is not looked at", c.Name())
		}
	}
	return user, path
}

// checkImage wants what the pod asks of the image: the plugin's command on the PATH, as a program that needs nothing beside it, and
// the user of Argo CD.
func checkImage(t *testing.T, root, user string, path []string) {
	t.Helper()
	var plugin struct {
		Spec struct{ Generate struct{ Command []string } }
	}
	var pod struct {
		Spec struct {
			Template struct {
				Spec struct {
					Containers []struct {
						Command         []string
						SecurityContext struct{ RunAsUser *int64 }
					}
				}
			}
		}
	}
	for name, into := range map[string]any{"plugin.yaml": &plugin, "repo-server.yaml": &pod} {
		data, err := os.ReadFile(filepath.Join(installDir, name))
		if err == nil {
			err = yaml.Unmarshal(data, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	c := pod.Spec.Template.Spec.Containers[0]
	if user != "999" || c.SecurityContext.RunAsUser == nil || *c.SecurityContext.RunAsUser != 999 ||
		!slices.Equal(c.Command, []string{"/var/run/argocd/argocd-cmp-server"}) {
		t.Errorf("the image's user is %s, the pod runs %v as %v", user, c.Command, c.SecurityContext.RunAsUser)
	}
	found := ""
	for _, dir := range path {
		if name := filepath.Join(root, dir, plugin.Spec.Generate.Command[0]); found == "" && exists(name) {
			found = name
		}
	}
	if found == "" {
		t.Fatalf("plugin.yaml runs %v, which is not on the PATH %v", plugin.Spec.Generate.Command, path)
	}
	if out, err := exec.Command(found, "version").CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "syncgate v9.9.9 ") {
		t.Errorf("%v: %s", err, out)
	}
	if runtime.GOOS != "linux" {
		return
	}
	exe, err := elf.Open(found)
	if err != nil {
		t.Fatal(err)
	}
	defer exe.Close()
	for _, p := range exe.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("the program needs a loader, which the image does not have")
		}
	}
}

func exists(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().Type() != fs.ModeDir
}
