// Package argocd holds the plugin, and how Applications are rendered, against Argo CD itself.
package argocd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// The programs that run here, by path. Argo CD's stays in bin, so that a second run links nothing.
var programs struct{ bin, syncgate, argocd string }

// sockets is the directory in which Argo CD looks for plugins.
var sockets string

// startTime bounds how long the plugin's server may take until it listens.
const startTime = time.Minute

func TestMain(m *testing.M) {
	code, err := withPluginServer(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// build makes the tools that go.mod names; they are up to date from the second time on.
func build() error {
	bin, err := filepath.Abs("../../bin")
	if err != nil {
		return err
	}
	programs.bin, programs.syncgate = bin, filepath.Join(bin, "syncgate")
	if _, err := os.Stat(programs.syncgate); err != nil {
		return fmt.Errorf("%w; run `make build` first", err)
	}
	programs.argocd = filepath.Join(bin, "e2e", "argocd")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", programs.argocd, "github.com/argoproj/argo-cd/v2/cmd")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building Argo CD: %w; is the module proxy reachable (go env GOPROXY)?\n%s", err, out)
	}
	return nil
}

// withPluginServer runs f while Argo CD's plugin server runs with the plugin.yaml that is installed, and a policy of the tests
// in the administrator's place.
func withPluginServer(f func() int) (code int, err error) {
	if err := build(); err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "syncgate-argocd-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	if sockets, err = os.MkdirTemp("", "cmp-"); err != nil { // its own: a socket's path is short
		return 0, err
	}
	defer os.RemoveAll(sockets)
	if err := installPlugin(dir); err != nil {
		return 0, err
	}
	stop, err := startPluginServer(dir)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	os.Setenv("ARGOCD_PLUGINSOCKFILEPATH", sockets)
	return f(), nil
}

// installPlugin writes plugin.yaml as it is installed, but for where the policy stands.
func installPlugin(dir string) error {
	text, err := os.ReadFile("../../gitops/argocd/install/plugin.yaml")
	if err != nil {
		return err
	}
	policy := filepath.Join(dir, "policy.yaml")
	changed := bytes.Replace(text, []byte("/etc/syncgate/policy.yaml"), []byte(policy), 1)
	if bytes.Equal(text, changed) {
		return errors.New("plugin.yaml names no policy")
	}
	return errors.Join(os.WriteFile(filepath.Join(dir, "plugin.yaml"), changed, 0o644),
		os.WriteFile(policy, []byte("level: restricted\n"), 0o644))
}

func startPluginServer(dir string) (stop func() error, err error) {
	logFile := filepath.Join(dir, "cmp-server.log")
	out, err := os.Create(logFile)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd := exec.Command(programs.argocd, "--config-dir-path", dir)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Env = []string{"ARGOCD_BINARY_NAME=argocd-cmp-server", "ARGOCD_PLUGINSOCKFILEPATH=" + sockets, "ARGOCD_CMP_WORKDIR=" + filepath.Join(dir, "work"),
		"HOME=" + dir, "TMPDIR=" + dir, "PATH=" + programs.bin}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting argocd-cmp-server: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	said := func() []byte { text, _ := os.ReadFile(logFile); return text[max(0, len(text)-4000):] }
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := os.Stat(filepath.Join(sockets, "syncgate.sock")); err == nil {
			break
		}
		select {
		case err := <-ended:
			return nil, fmt.Errorf("argocd-cmp-server ended (%w); it last said:\n%s", err, said())
		case <-ctx.Done():
			cmd.Process.Kill()
			return nil, fmt.Errorf("argocd-cmp-server made no socket within %v; it last said:\n%s", startTime, said())
		case <-tick.C:
		}
	}
	return func() error { // it ends on no signal but this one
		if err := cmd.Process.Kill(); err != nil {
			return fmt.Errorf("argocd-cmp-server had ended before; it last said:\n%s", said())
		}
		<-ended
		return nil
	}, nil
}
