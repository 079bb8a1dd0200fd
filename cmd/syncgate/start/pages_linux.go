package start

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// arena is what Go's heap grows by on 64-bit systems, aligned to its size (runtime/malloc.go heapArenaBytes).
const arena = 64 << 20

// largePages asks for large pages in the first arena of the heap, where the system gives them to those who ask: a run touches
// most of it, and to get it in small pages takes a twentieth of a short run's time. It does not matter when that fails.
func largePages() {
	if unsafe.Sizeof(uintptr(0)) < 8 {
		return
	}
	inside := uintptr(unsafe.Pointer(new([1 << 10]byte)))
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, inside&^(arena-1), arena, unix.MADV_HUGEPAGE)
}
