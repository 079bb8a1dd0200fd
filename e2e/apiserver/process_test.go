package apiserver

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// process is a running program whose output goes to a file.
type process struct {
	name  string
	log   string
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has ended
	err   error         // how it ended; only after ended
}

func startProcess(dir, program string, args ...string) (*process, error) {
	return startAs(dir, filepath.Base(program), nil, program, args...)
}

// startAs starts a program under a name of its own, with more in its environment.
func startAs(dir, name string, env []string, program string, args ...string) (*process, error) {
	p := &process{name: name, log: filepath.Join(dir, name+".log"), cmd: exec.Command(program, args...), ended: make(chan struct{})}
	out, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	// Its own environment: no proxy, no kubeconfig, nothing of the caller.
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr, p.cmd.Env = dir, out, out, append([]string{"HOME=" + dir, "TMPDIR=" + dir}, env...)
	p.cmd.SysProcAttr = endsWithParent()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", program, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// stop asks the program to end, and kills it when it takes too long, which is an error.
func (p *process) stop() error {
	select {
	case <-p.ended:
		return fmt.Errorf("%s ended on its own (%v); it last said:\n%s", p.name, p.err, p.tail())
	default:
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stopping %s: %w", p.name, err)
	}
	select {
	case <-p.ended:
		return nil
	case <-time.After(stopTime):
	}
	err := p.cmd.Process.Kill()
	<-p.ended
	return fmt.Errorf("%s did not end within %v and was killed (%v); it last said:\n%s", p.name, stopTime, err, p.tail())
}

// tail is the end of what the program wrote.
func (p *process) tail() []byte {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return []byte(err.Error())
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-20):], nil)
}
