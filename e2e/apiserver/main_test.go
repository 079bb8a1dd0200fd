// Package apiserver holds the verdicts of `syncgate check`, and what `syncgate fix` makes of manifests, against a real
// Kubernetes API server that enforces the Pod Security Standards by namespace labels.
package apiserver

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// The programs that run here, by path. Those of the server stay in bin, so that a second run links nothing.
var programs struct{ syncgate, etcd, apiserver string }

// server is the API server of this run.
var server *client

// startTime bounds how long etcd and the API server may take until they are ready, stopTime how long to end.
const (
	startTime = 2 * time.Minute
	stopTime  = 30 * time.Second
)

func TestMain(m *testing.M) {
	code, err := withServer(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// withServer runs f while a server runs.
func withServer(f func() int) (code int, err error) {
	if err := build(); err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "syncgate-apiserver-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	c, err := startCluster(ctx, dir)
	if err != nil {
		return 0, err
	}
	defer func() {
		if e := c.stop(); err == nil {
			err = e
		}
	}()
	server = c.client
	return f(), nil
}

// build makes the tools that go.mod names; they are up to date from the second time on.
func build() error {
	bin, err := filepath.Abs("../../bin")
	if err != nil {
		return err
	}
	programs.syncgate = filepath.Join(bin, "syncgate")
	if _, err := os.Stat(programs.syncgate); err != nil {
		return fmt.Errorf("%w; run `make build` first", err)
	}
	tools := filepath.Join(bin, "e2e") + string(filepath.Separator)
	cmd := exec.Command("go", "build", "-ldflags", "-s -w", "-o", tools, "tool")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building etcd and kube-apiserver: %w; is the module proxy reachable (go env GOPROXY)?\n%s", err, out)
	}
	programs.etcd, programs.apiserver = tools+"server", tools+"kube-apiserver"
	return nil
}
