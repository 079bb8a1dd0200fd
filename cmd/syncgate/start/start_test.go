package start_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	_ "github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	_ "github.com/syncgate/syncgate/cmd/syncgate/start"
)

// TestOrder runs this test's own binary and looks when packages were initialized.
func TestOrder(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.run=^$")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ours := strings.Index(string(out), "init github.com/syncgate/syncgate/cmd/syncgate/start ")
	theirs := strings.Index(string(out), "init k8s.io/kubectl/pkg/cmd/apiresources ")
	if ours < 0 || theirs < ours {
		t.Errorf("kubectl's commands are initialized before package start, or not at all:\n%s", out)
	}
}
