//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
)

func makePipe(p string) error { return syscall.Mkfifo(p, 0o644) }

// peakMemory is the largest resident size that the process has had, in bytes. Rusage counts what it was before exec,
// the parent's size then; /proc does not.
func peakMemory() int64 {
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		_, line, _ := bytes.Cut(status, []byte("VmHWM:"))
		var kb int64
		fmt.Sscan(string(line[:min(len(line), 40)]), &kb)
		return kb << 10
	}
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return int64(u.Maxrss)
}
