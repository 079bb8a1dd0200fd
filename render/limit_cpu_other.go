//go:build !unix

package render

import "time"

// cpuTime stands in for the processor time with the time since the process started.
func cpuTime() time.Duration { return time.Since(processStart) }
