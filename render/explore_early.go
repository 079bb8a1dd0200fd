package render

import (
	"context"
	"maps"
	"slices"
	"sync"
)

// early renders entry points while it is not known yet which of them objects apply: most are none of those, and workers
// would have nothing to do. What it has begun with when that is known is worth keeping, or wasted; nothing depends on it.
type early struct {
	mu       sync.Mutex
	changed  *sync.Cond
	halted   bool // no more begin
	finished bool // all have ended
	err      error
	begun    map[string]bool   // IDs
	ended    map[string]Result // with the objects that stand for sources
}

// startEarly begins with entry points, if their results go anywhere.
func startEarly(ctx context.Context, e *explorer, sources []Source) *early {
	y := &early{begun: map[string]bool{}, ended: map[string]Result{}}
	y.changed = sync.NewCond(&y.mu)
	if e.each == nil {
		y.halted, y.finished = true, true
		return y
	}
	go func() {
		err := e.pool.renderWhile(ctx, e.tree, sources, y.begin, func(r Result) {
			r = e.hand(r)
			y.mu.Lock()
			defer y.mu.Unlock()
			y.ended[r.Source.ID] = r
			y.changed.Broadcast()
		})
		y.mu.Lock()
		defer y.mu.Unlock()
		y.err, y.finished = err, true
		y.changed.Broadcast()
	}()
	return y
}

func (y *early) begin(s Source) bool {
	y.mu.Lock()
	defer y.mu.Unlock()
	if !y.halted {
		y.begun[s.ID] = true
	}
	return !y.halted
}

// halt lets no more begin, and tells which of the sources have.
func (y *early) halt(sources []Source) (begun, rest []Source) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.halted = true
	for _, s := range sources {
		if y.begun[s.ID] {
			begun = append(begun, s)
		} else {
			rest = append(rest, s)
		}
	}
	return begun, rest
}

// results waits for sources that have begun.
func (y *early) results(begun []Source) (out []Result) {
	y.mu.Lock()
	defer y.mu.Unlock()
	for _, s := range begun {
		for !y.finished {
			if _, ok := y.ended[s.ID]; ok {
				break
			}
			y.changed.Wait()
		}
		if r, ok := y.ended[s.ID]; ok {
			out = append(out, r)
		}
	}
	return out
}

// ids are those of the sources that have begun.
func (y *early) ids() []string {
	y.mu.Lock()
	defer y.mu.Unlock()
	return slices.Collect(maps.Keys(y.begun))
}

// end waits until all that has begun has ended. Its error is that of the context.
func (y *early) end() error {
	y.mu.Lock()
	defer y.mu.Unlock()
	for y.halted = true; !y.finished; {
		y.changed.Wait()
	}
	return y.err
}
