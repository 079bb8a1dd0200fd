package render

import (
	"fmt"
	"os"
	"runtime/metrics"
	"sync"
	"time"
)

// How a worker ends that its own watchdog stops. Go's runtime exits with 2, a signal gives none.
const (
	exitTime   = 80
	exitMemory = 81
)

var processStart = time.Now()

// watchdogPeriod is how often a worker looks at what it uses.
const watchdogPeriod = 50 * time.Millisecond

// watchdog ends a worker whose render takes more processor time or memory than it may. A template cannot be
// cancelled in any other way.
type watchdog struct {
	limits Limits
	exit   func(code int, why string)

	mu    sync.Mutex
	armed bool
	until time.Duration // processor time of the process
}

func newWatchdog(l Limits) *watchdog {
	return &watchdog{limits: l, exit: func(code int, why string) {
		fmt.Fprintln(os.Stderr, "render worker:", why)
		os.Exit(code)
	}}
}

// watch looks at the process on each tick.
func (w *watchdog) watch(ticks <-chan time.Time) {
	used := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	for range ticks {
		w.mu.Lock()
		armed, until := w.armed, w.until
		w.mu.Unlock()
		if !armed {
			continue
		}
		if cpuTime() > until {
			w.exit(exitTime, "out of time")
		}
		metrics.Read(used)
		if int64(used[0].Value.Uint64()-used[1].Value.Uint64()) > w.limits.Memory {
			w.exit(exitMemory, "out of memory")
		}
	}
}

// arm gives the render that begins now its share.
func (w *watchdog) arm() {
	w.mu.Lock()
	w.armed, w.until = true, cpuTime()+w.limits.Time
	w.mu.Unlock()
}

// disarm lets the process be until the next render.
func (w *watchdog) disarm() {
	w.mu.Lock()
	w.armed = false
	w.mu.Unlock()
}
