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
	"runtime"
	"strings"
	"sync"
	"time"
)

// Limits bound what one source may use while it renders. Zero fields mean the defaults.
type Limits struct {
	Time    time.Duration // wall clock
	Memory  int64         // bytes a worker may allocate; not enforced on Darwin and Windows
	Output  int64         // bytes of rendered objects
	Workers int           // processes at once
}

// DefaultLimits are generous for real repositories (the slowest chart of bitnami's takes about one second) and tight
// enough that a hostile source ends within ten.
var DefaultLimits = Limits{Time: 8 * time.Second, Memory: 2 << 30, Output: 128 << 20, Workers: runtime.NumCPU()}

func (l Limits) withDefaults() Limits {
	if l.Time <= 0 {
		l.Time = DefaultLimits.Time
	}
	if l.Memory <= 0 {
		l.Memory = DefaultLimits.Memory
	}
	if l.Output <= 0 {
		l.Output = DefaultLimits.Output
	}
	if l.Workers <= 0 {
		l.Workers = DefaultLimits.Workers
	}
	return l
}

// Pool renders sources in worker processes of this executable: bounded in time, memory and output, without
// credentials in their environment, replaced when they die. Close it to end the workers.
type Pool struct {
	dir    string
	opts   Options
	limits Limits

	mu   sync.Mutex
	idle []*worker
}

// NewPool makes a pool for the tree below t's directory. The executable's main must call RunIfWorker.
func NewPool(t *Tree, opts Options, limits Limits) *Pool {
	return &Pool{dir: t.Dir(), opts: opts, limits: limits.withDefaults()}
}

// Render renders sources of t, which must stand on the pool's directory, and hands each Result to each, from several
// goroutines at once and in no order. It returns ctx's error when ctx ends before all are done.
func (p *Pool) Render(ctx context.Context, t *Tree, sources []Source, each func(Result)) error {
	todo := make(chan Source)
	var wg sync.WaitGroup
	for range min(p.limits.Workers, len(sources)) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for src := range todo {
				each(p.complete(ctx, t, src))
			}
		}()
	}
	var err error
feed:
	for _, src := range sources {
		select {
		case todo <- src:
		case <-ctx.Done():
			err = ctx.Err()
			break feed
		}
	}
	close(todo)
	wg.Wait()
	return err
}

// Close ends all workers and removes their directories.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.idle {
		w.stop()
	}
	p.idle = nil
}

func (p *Pool) take() (*worker, error) {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		w := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return w, nil
	}
	p.mu.Unlock()
	return startWorker(workerConfig{Dir: p.dir, Memory: p.limits.Memory, Opts: p.opts}, p.limits)
}

func (p *Pool) one(ctx context.Context, t *Tree, src Source) Result {
	fail := func(e *Error) Result {
		e.Source, e.File = src.ID, src.Path
		return Result{Source: src, Err: e}
	}
	w, err := p.take()
	if err != nil {
		return fail(&Error{Msg: fmt.Sprintf("starting a render worker: %v", err)})
	}
	var res Result
	if err := w.do(ctx, w.request(t, src), &res); err != nil {
		cause := w.stop()
		if ctx.Err() != nil {
			return fail(&Error{Msg: "interrupted"})
		}
		return fail(w.explain(err, cause))
	}
	p.mu.Lock()
	p.idle = append(p.idle, w)
	p.mu.Unlock()
	return res
}

// worker is one process.
type worker struct {
	cmd    *exec.Cmd
	limits Limits
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

func startWorker(cfg workerConfig, limits Limits) (*worker, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	tmp, err := os.MkdirTemp("", "syncgate-render-")
	if err != nil {
		return nil, err
	}
	w := &worker{cmd: exec.Command(exe), limits: limits, tmp: tmp, stderr: &head{}}
	w.cmd.Env = workerEnviron(tmp)
	w.cmd.Dir = tmp
	w.cmd.Stderr = w.stderr
	in, err1 := w.cmd.StdinPipe()
	out, err2 := w.cmd.StdoutPipe()
	if err := errors.Join(err1, err2, w.cmd.Start()); err != nil {
		os.RemoveAll(tmp)
		return nil, err
	}
	w.in, w.out = in, &cappedReader{r: out, left: limits.Output}
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
		"GIT_ALLOW_PROTOCOL=none", "GOTRACEBACK=single"}
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
	timer := time.NewTimer(w.limits.Time)
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
	switch {
	case errors.Is(err, errDeadline):
		return &Error{Limit: true, Msg: fmt.Sprintf("rendering took longer than %v", w.limits.Time),
			Hint: "look for endless loops in templates, or raise --render-timeout"}
	case errors.Is(err, errOutput):
		return &Error{Limit: true, Msg: fmt.Sprintf("rendered more than %d MB", w.limits.Output>>20),
			Hint: "look for ranges without end"}
	case strings.Contains(said, "stack exceeds") || strings.Contains(said, "stack overflow"):
		return &Error{Limit: true, Msg: "rendering recursed without end",
			Hint: "look for a template that includes itself, or tpl on its own output"}
	case strings.Contains(said, "out of memory") || strings.Contains(said, "cannot allocate memory"):
		return &Error{Limit: true, Msg: fmt.Sprintf("rendering needed more than %d MB of memory", w.limits.Memory>>20),
			Hint: "look for repeat, ranges or aliases that multiply, or raise --render-memory"}
	}
	first, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
	if first == "" && exit != nil {
		first = exit.Error()
	}
	return &Error{Limit: true, Msg: "the render worker died: " + first}
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
