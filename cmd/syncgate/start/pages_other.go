//go:build !linux

package start

func largePages() {}
