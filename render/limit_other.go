//go:build !unix || race || darwin

package render

import "runtime/debug"

// limitMemory can only make the collector work harder here: the race detector needs the whole address space, and
// Darwin and Windows have no bound on it. The worker's watchdog remains.
func limitMemory(n int64) error {
	if n > 0 {
		debug.SetMemoryLimit(n)
	}
	return nil
}
