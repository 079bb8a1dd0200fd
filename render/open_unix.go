//go:build unix

package render

import (
	"os"
	"syscall"
)

// readOnly opens a file without waiting for anybody, should it be a pipe, and spares the four system calls with which
// package os finds out that it cannot poll a regular file.
const readOnly = os.O_RDONLY | syscall.O_NONBLOCK
