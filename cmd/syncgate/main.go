// Syncgate judges what a repository would send to a Kubernetes cluster, and mends the sources.
package main

import (
	"math"
	"os"
	"runtime/debug"

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
