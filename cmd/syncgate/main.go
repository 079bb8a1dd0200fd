// Syncgate judges what a repository would send to a Kubernetes cluster, and mends the sources.
package main

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"

	"github.com/syncgate/syncgate/cmd/syncgate/start"
	"github.com/syncgate/syncgate/render"
	"github.com/syncgate/syncgate/render/spawn"
)

func main() {
	render.RunIfWorker()
	boundMemory()
	code := run(os.Args[1:], stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	spawn.StopEarly()
	os.Exit(code)
}

// softMemory is where the collector starts to work harder, so that reports of some hundred thousand findings stay below
// 400 MB; a run that needs more gets it, and takes up to twice as long. Below it there is no need to work often.
const softMemory = 270 << 20

// boundMemory sets softMemory unless GOMEMLIMIT or GOGC say otherwise.
func boundMemory() {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 && os.Getenv("GOGC") == "" {
		debug.SetMemoryLimit(softMemory)
		debug.SetGCPercent(start.GCPercent)
	}
}

// roomForLive lets a run have twice what it keeps: fix holds on to all findings, and with less room than that the collector
// would take most of its time. It looks after each collection, and leaves other limits than softMemory alone.
func roomForLive() {
	if debug.SetMemoryLimit(-1) == softMemory {
		look(softMemory)
	}
}

// look adapts the limit, which it has set to last, after the next collection.
func look(last int64) {
	runtime.AddCleanup(new([32]byte), func(last int64) {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		if debug.SetMemoryLimit(-1) != last {
			return
		}
		limit := max(softMemory, 2*int64(live[0].Value.Uint64()))
		debug.SetMemoryLimit(limit)
		look(limit)
	}, last)
}
