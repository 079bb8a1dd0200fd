// Package spawn starts this executable once more, as a process that renders. It needs only the standard library, so that
// package start can have a first one started while the other packages are still being initialized.
package spawn

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"sync"
)

// Env marks a process as a child; its value is the directory that the child has for itself.
const Env = "SYNCGATE_RENDER_WORKER"

// Process is a child. It reads from In and writes to Out.
type Process struct {
	In   io.WriteCloser
	Out  io.Reader
	Temp string // its own directory

	cmd    *exec.Cmd
	stderr head
}

// Start starts a child in a directory of its own, which knows nothing of the environment: no PATH to run anything from, no
// credentials, a home of its own.
func Start() (*Process, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	temp, err := os.MkdirTemp("", "syncgate-render-")
	if err != nil {
		return nil, err
	}
	p := &Process{cmd: exec.Command(exe), Temp: temp}
	p.cmd.Env, p.cmd.Dir, p.cmd.Stderr = environ(temp), temp, &p.stderr
	if p.In, err = p.cmd.StdinPipe(); err == nil {
		p.Out, err = p.cmd.StdoutPipe()
	}
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		os.RemoveAll(temp)
		return nil, err
	}
	return p, nil
}

func environ(temp string) []string {
	env := []string{Env + "=" + temp, "HOME=" + temp, "TMPDIR=" + temp, "TMP=" + temp, "TEMP=" + temp, "PATH=",
		"GIT_ALLOW_PROTOCOL=none", "GOTRACEBACK=single", "GOGC=400"} // nothing to collect while packages are initialized
	for _, k := range []string{"SystemRoot", "GORACE", "GOCOVERDIR"} {
		if v := os.Getenv(k); v != "" {
			env = append(env, k+"="+v)
		}
	}
	return env
}

// Kill ends a child, now.
func (p *Process) Kill() { p.cmd.Process.Kill() }

// Stop ends a child, removes its directory and returns how it ended.
func (p *Process) Stop() error {
	p.In.Close()
	p.Kill()
	err := p.cmd.Wait()
	os.RemoveAll(p.Temp)
	return err
}

// Said is the beginning of what a child has written to its standard error, from a Go program's "fatal error" on when there is
// one.
func (p *Process) Said() string { return p.stderr.String() }

var (
	first sync.Mutex
	ready chan *Process // nil when none was started early, or somebody has it
)

// StartEarly starts the child that the first Take returns, in the background.
func StartEarly() {
	c := make(chan *Process, 1)
	first.Lock()
	ready = c
	first.Unlock()
	go func() {
		p, err := Start()
		if err != nil {
			p = nil // whoever needs one tries again and says why
		}
		c <- p
	}()
}

// Take returns the child that was started early, or starts one.
func Take() (*Process, error) {
	if p := early(); p != nil {
		return p, nil
	}
	return Start()
}

// StopEarly ends the child that was started early, if nobody took it.
func StopEarly() {
	if p := early(); p != nil {
		p.Stop()
	}
}

func early() *Process {
	first.Lock()
	c := ready
	ready = nil
	first.Unlock()
	if c == nil {
		return nil
	}
	return <-c
}

// head keeps the first bytes written to it, from "fatal error" on when there is one.
type head struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

const headSize = 8 << 10

func (h *head) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if i := bytes.Index(p, []byte("fatal error:")); i >= 0 {
		h.buf.Reset()
		h.buf.Write(p[i:min(len(p), i+headSize)])
	} else if room := headSize - h.buf.Len(); room > 0 {
		h.buf.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (h *head) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.buf.String()
}
