package render

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/syncgate/syncgate/render/spawn"
)

// worker is one process.
type worker struct {
	*spawn.Process
	limits Limits
	clock  time.Duration // how long one render may take
	enc    *gob.Encoder
	dec    *gob.Decoder
	out    *cappedReader
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
	p, err := spawn.Take()
	if err != nil {
		return nil, err
	}
	w := &worker{Process: p, limits: cfg.Limits, clock: cfg.Limits.clock(), out: &cappedReader{r: p.Out, left: cfg.Limits.Output}}
	w.enc, w.dec = gob.NewEncoder(p.In), gob.NewDecoder(w.out)
	if err := w.enc.Encode(cfg); err != nil {
		p.Stop()
		return nil, err
	}
	return w, nil
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
		w.Kill()
		<-done
		return ctx.Err()
	case <-timer.C:
		w.Kill()
		<-done
		return errDeadline
	}
}

// explain says why a worker died.
func (w *worker) explain(err, exit error) *Error { return w.cause(err, exit, w.Said()) }

// cause says why a worker died that has written said.
func (w *worker) cause(err, exit error, said string) *Error {
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
