package render

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// worker is one process.
type worker struct {
	cmd    *exec.Cmd
	limits Limits
	clock  time.Duration // how long one render may take
	tmp    string
	in     io.WriteCloser
	enc    *gob.Encoder
	dec    *gob.Decoder
	out    *cappedReader
	stderr *head
	layer  int64 // of the edits that it has
	copies int   // how many copies of remote things it knows
}

// request asks for a render, with the tree's edits unless the worker has them.
func (w *worker) request(t *Tree, src Source) request {
	req := request{Source: src, Layer: t.layer}
	if w.layer != t.layer {
		req.Edits, w.layer = t.edits, t.layer
	}
	req.Fetched, w.copies = t.remotes.since(w.copies)
	return req
}

func startWorker(cfg workerConfig) (*worker, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	tmp, err := os.MkdirTemp("", "syncgate-render-")
	if err != nil {
		return nil, err
	}
	cfg.Temp = tmp
	w := &worker{cmd: exec.Command(exe), limits: cfg.Limits, clock: cfg.Limits.clock(), tmp: tmp, stderr: &head{}}
	w.cmd.Env = workerEnviron(tmp)
	w.cmd.Dir = tmp
	w.cmd.Stderr = w.stderr
	in, err1 := w.cmd.StdinPipe()
	out, err2 := w.cmd.StdoutPipe()
	if err := errors.Join(err1, err2, w.cmd.Start()); err != nil {
		os.RemoveAll(tmp)
		return nil, err
	}
	w.in, w.out = in, &cappedReader{r: out, left: cfg.Limits.Output}
	w.enc, w.dec = gob.NewEncoder(in), gob.NewDecoder(w.out)
	if err := w.enc.Encode(cfg); err != nil {
		w.stop()
		return nil, err
	}
	return w, nil
}

// workerEnviron is all that a worker knows of the environment: no PATH to run anything from, no credentials, a home of
// its own.
func workerEnviron(tmp string) []string {
	env := []string{workerEnv + "=1", "HOME=" + tmp, "TMPDIR=" + tmp, "TMP=" + tmp, "TEMP=" + tmp, "PATH=",
		"GIT_ALLOW_PROTOCOL=none", "GOTRACEBACK=single", "GOGC=400"} // nothing to collect while packages are initialized
	for _, k := range []string{"SystemRoot", "GORACE", "GOCOVERDIR"} {
		if v := os.Getenv(k); v != "" {
			env = append(env, k+"="+v)
		}
	}
	return env
}

// errDeadline is what do returns when a source took too long.
var errDeadline = errors.New("deadline exceeded")

// do renders one source. After an error the worker is of no use.
func (w *worker) do(ctx context.Context, req request, res *Result) error {
	w.out.left = w.limits.Output
	done := make(chan error, 1)
	go func() {
		if err := w.enc.Encode(req); err != nil {
			done <- err
			return
		}
		done <- w.dec.Decode(res)
	}()
	timer := time.NewTimer(w.clock)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		w.cmd.Process.Kill()
		<-done
		return ctx.Err()
	case <-timer.C:
		w.cmd.Process.Kill()
		<-done
		return errDeadline
	}
}

// stop ends the process and returns how it ended.
func (w *worker) stop() error {
	w.in.Close()
	w.cmd.Process.Kill()
	err := w.cmd.Wait()
	os.RemoveAll(w.tmp)
	return err
}

// explain says why a worker died.
func (w *worker) explain(err, exit error) *Error {
	said := w.stderr.String()
	var status *exec.ExitError
	code := 0
	if errors.As(exit, &status) {
		code = status.ExitCode()
	}
	switch {
	case errors.Is(err, errDeadline):
		return &Error{Limit: true, Msg: fmt.Sprintf("rendering took longer than %v by the clock", w.clock),
			Hint: "look for what it waits for, or raise --render-timeout"}
	case code == exitTime:
		return &Error{Limit: true, Msg: fmt.Sprintf("rendering took more than %v of processor time", w.limits.Time),
			Hint: "look for endless loops in templates, or raise --render-timeout"}
	case errors.Is(err, errOutput):
		return &Error{Limit: true, Msg: fmt.Sprintf("rendered more than %d MiB", w.limits.Output>>20),
			Hint: "look for ranges without end, or raise --max-output"}
	case strings.Contains(said, "stack exceeds") || strings.Contains(said, "stack overflow"):
		return &Error{Limit: true, Msg: "rendering recursed without end",
			Hint: "look for a template that includes itself, or tpl on its own output"}
	case code == exitMemory || strings.Contains(said, "out of memory") || strings.Contains(said, "cannot allocate memory"):
		return &Error{Limit: true, Msg: fmt.Sprintf("rendering needed more than %d MiB of memory", w.limits.Memory>>20),
			Hint: "look for repeat, ranges or aliases that multiply, or raise --render-memory"}
	}
	first, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
	if first == "" && exit != nil {
		first = exit.Error()
	}
	return &Error{Limit: true, Msg: "the render worker died: " + first,
		Hint: "render the source on its own to see whether it does so again"}
}

// errOutput is returned by a cappedReader that has given all it may.
var errOutput = errors.New("output limit reached")

// cappedReader ends with errOutput after left bytes.
type cappedReader struct {
	r    io.Reader
	left int64
}

func (c *cappedReader) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errOutput
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.r.Read(p)
	c.left -= int64(n)
	return n, err
}

// head keeps the first bytes written to it, from a Go program's "fatal error" on when there is one.
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
