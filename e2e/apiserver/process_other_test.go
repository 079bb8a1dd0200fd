//go:build !linux

package apiserver

import "syscall"

// endsWithParent: elsewhere a program outlives a killed test.
func endsWithParent() *syscall.SysProcAttr { return nil }
