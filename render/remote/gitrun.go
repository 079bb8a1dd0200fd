package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/syncgate/syncgate/render"
)

// gitRunner runs git on one bare repository. The user's own configuration holds, for that is where credential helpers
// and proxies are; what could run something, ask something or reach elsewhere is turned off.
type gitRunner struct{ dir string }

var gitSettings = []string{
	"protocol.allow=never", "protocol.https.allow=always", "protocol.http.allow=always", "protocol.ssh.allow=always",
	"protocol.file.allow=never", "protocol.ext.allow=never",
	"http.followRedirects=false", // the host that was allowed is the one that answers
	"core.hooksPath=/dev/null", "core.fsmonitor=false", "gc.auto=0", "maintenance.auto=false",
	"fetch.recurseSubmodules=false", "submodule.recurse=false", "transfer.bundleURI=false",
}

func (r gitRunner) command(ctx context.Context, args ...string) *exec.Cmd {
	all := []string{"--git-dir=" + r.dir}
	for _, s := range gitSettings {
		all = append(all, "-c", s)
	}
	cmd := exec.CommandContext(ctx, "git", append(all, args...)...)
	cmd.Dir = r.dir
	cmd.Env = gitEnviron(os.Environ())
	cmd.WaitDelay = 2 * time.Second
	return cmd
}

// gitEnviron takes out what points git at another repository (git rev-parse --local-env-vars), as in a hook, and keeps
// it from asking.
func gitEnviron(env []string) []string {
	local := []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
		"GIT_COMMON_DIR", "GIT_PREFIX", "GIT_NAMESPACE", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE", "GIT_REPLACE_REF_BASE",
		"GIT_NO_REPLACE_OBJECTS", "GIT_IMPLICIT_WORK_TREE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_CEILING_DIRECTORIES",
		"GIT_ALLOW_PROTOCOL", "GIT_TRACE", "GIT_TRACE_CURL", "GIT_TRACE_PACKET", "GIT_CURL_VERBOSE", "LC_ALL", "LANGUAGE"}
	ssh := "ssh"
	var out []string
	for _, kv := range env {
		name, value, _ := strings.Cut(kv, "=")
		switch {
		case name == "GIT_SSH_COMMAND" && value != "":
			ssh = value
		case !slices.Contains(local, name):
			out = append(out, kv)
		}
	}
	return append(out, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_SSH_COMMAND="+ssh+" -o BatchMode=yes")
}

// output runs git and returns what it prints.
func (r gitRunner) output(ctx context.Context, args ...string) ([]byte, error) {
	cmd := r.command(ctx, args...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	switch {
	case err == nil:
		return out.Bytes(), nil
	case errors.Is(err, exec.ErrNotFound):
		return nil, &render.Error{Msg: "there is no git to fetch it with", Hint: "install git"}
	case context.Cause(ctx) != nil:
		return nil, context.Cause(ctx)
	}
	return nil, fmt.Errorf("git %s: %s", args[0], gitComplaint(said.String(), err))
}

// gitComplaint is the line that says what was wrong.
func gitComplaint(said string, err error) string {
	for line := range strings.Lines(said) {
		for _, mark := range []string{"fatal: ", "error: "} {
			if msg, ok := strings.CutPrefix(line, mark); ok {
				return strings.TrimSpace(msg)
			}
		}
	}
	if line := strings.TrimSpace(said); line != "" {
		return line[:min(len(line), 300)]
	}
	return err.Error()
}
