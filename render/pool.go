package render

import (
	"context"
	"fmt"
	"sync"
)

// Pool renders sources in worker processes of this executable: bounded in time, memory and output, without
// credentials in their environment, replaced when they die. Close it to end the workers.
type Pool struct {
	dir    string
	opts   Options
	limits Limits

	slots chan struct{} // one for each worker that may work

	mu    sync.Mutex
	first chan *worker // on its way, nil in it when it failed to start; nil once it was asked for
	idle  []*worker
}

// NewPool makes a pool for the tree below t's directory. One worker starts right away: make the pool before looking for
// sources. The executable's main must call RunIfWorker.
func NewPool(t *Tree, opts Options, limits Limits) *Pool {
	first := make(chan *worker, 1)
	p := &Pool{dir: t.Dir(), opts: opts, limits: limits.withDefaults(), first: first}
	p.slots = make(chan struct{}, p.limits.Workers)
	go func() {
		w, err := p.start()
		if err != nil {
			w = nil // whoever needs a worker tries again and says why
		}
		first <- w
	}()
	return p
}

// Render renders sources of t, which must stand on the pool's directory, and hands each Result to each, from several
// goroutines at once and in no order. It returns ctx's error when ctx ends before all are done. Several calls at a time
// share the workers.
func (p *Pool) Render(ctx context.Context, t *Tree, sources []Source, each func(Result)) error {
	return p.renderWhile(ctx, t, sources, func(Source) bool { return true }, each)
}

// renderWhile is Render for as many sources, one after the other, as begin returns true for.
func (p *Pool) renderWhile(ctx context.Context, t *Tree, sources []Source, begin func(Source) bool, each func(Result)) error {
	workers := min(p.limits.Workers, len(sources))
	todo := make(chan Source)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for src := range todo {
				each(p.complete(ctx, t, src))
			}
		})
	}
	defer wg.Wait()
	defer close(todo)
	feed := func(sources []Source) (more bool, err error) {
		for _, src := range sources {
			if !begin(src) {
				return false, nil
			}
			select {
			case todo <- src:
			case <-ctx.Done():
				return false, ctx.Err()
			}
		}
		return true, nil
	}
	// The workers, which may have to be started, get something to do before the rest is weighed.
	more, err := feed(sources[:workers])
	if rest := sources[workers:]; more && len(rest) > 0 {
		if workers > 1 {
			rest = heaviestFirst(t, rest)
		}
		_, err = feed(rest)
	}
	return err
}

// Close ends all workers and removes their directories.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.first != nil {
		if w := <-p.first; w != nil {
			w.Stop()
		}
		p.first = nil
	}
	for _, w := range p.idle {
		w.Stop()
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
	first := p.first
	p.first = nil
	p.mu.Unlock()
	if first != nil {
		if w := <-first; w != nil {
			return w, nil
		}
	}
	return p.start()
}

func (p *Pool) start() (*worker, error) {
	return startWorker(workerConfig{Dir: p.dir, Limits: p.limits, Opts: p.opts})
}

func (p *Pool) one(ctx context.Context, t *Tree, src Source) Result {
	fail := func(e *Error) Result {
		e.Source, e.File = src.ID, src.Path
		return Result{Source: src, Err: e}
	}
	p.slots <- struct{}{}
	defer func() { <-p.slots }()
	w, err := p.take()
	if err != nil {
		return fail(&Error{Msg: fmt.Sprintf("starting a render worker: %v", err)})
	}
	var res Result
	if err := w.do(ctx, w.request(t, src), &res); err != nil {
		cause := w.Stop()
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
