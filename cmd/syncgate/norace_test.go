//go:build !race

package main

import "time"

const (
	raceEnabled  = false
	slowness     = 1
	testTimeout  = time.Second // processor time, for cases that use all they get
	parentMemory = 500 << 20
)
