package apiserver

import "syscall"

// endsWithParent makes the kernel end a program when the test is killed, by `go test -timeout` for one.
func endsWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
