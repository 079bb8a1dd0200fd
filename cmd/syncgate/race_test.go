//go:build race

package main

import "time"

// The race detector makes everything several times slower and larger.
const (
	raceEnabled  = true
	slowness     = 6
	testTimeout  = 2 * time.Second
	parentMemory = 2 << 30
)
