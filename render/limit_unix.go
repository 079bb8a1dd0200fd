//go:build unix && !race && !darwin

package render

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
)

// limitMemory bounds the process's address space to what it uses now and n bytes more. Go's runtime reserves address
// space in advance, so the bound is relative; going over it is a fatal error that ends the worker. A watchdog looks at
// what is in use besides.
func limitMemory(n int64) error {
	if n <= 0 {
		return nil
	}
	debug.SetMemoryLimit(n)
	used := int64(0)
	if statm, err := os.ReadFile("/proc/self/statm"); err == nil {
		pages, _ := strconv.ParseInt(strings.Fields(string(statm))[0], 10, 64)
		used = pages * int64(os.Getpagesize())
	} else {
		used = 1536 << 20
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_AS, &limit); err != nil {
		return err
	}
	limit.Max = min(limit.Max, uint64(used+n)) // a bound that holds already can only be lowered
	limit.Cur = limit.Max
	return syscall.Setrlimit(syscall.RLIMIT_AS, &limit)
}
