//go:build bench

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// usage is what one run took, its children included.
type usage struct{ wall, cpu time.Duration }

// call makes a fresh command for each run.
type call func() *exec.Cmd

// syncgate is a run of the binary under test.
func (b *bench) syncgate(args ...string) call {
	return func() *exec.Cmd { return quiet(b.bin, args...) }
}

// xargs runs a command for each argument, two at a time, as one does without syncgate.
func xargs(arguments []string, command ...string) call {
	return func() *exec.Cmd {
		cmd := quiet("xargs", append([]string{"-P2", "-n1"}, command...)...)
		cmd.Stdin = strings.NewReader(strings.Join(arguments, "\n") + "\n")
		return cmd
	}
}

// quiet is a command whose output goes nowhere, and that reaches no network.
func quiet(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "GIT_ALLOW_PROTOCOL=none", "HTTP_PROXY=http://127.0.0.1:1", "HTTPS_PROXY=http://127.0.0.1:1")
	return cmd
}

// run measures one run. Exit codes other than 0 are part of the job: sources fail, findings are found.
func (b *bench) run(c call) usage {
	cmd := c()
	start := time.Now()
	err := cmd.Run()
	took := time.Since(start)
	if cmd.ProcessState == nil {
		b.Fatalf("%v: %v", cmd.Args, err)
	}
	return usage{took, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
}

// best runs the calls in turn and keeps the least of each.
func (b *bench) best(calls ...call) []usage {
	out := make([]usage, len(calls))
	for round := range benchRounds {
		for i, c := range calls {
			u := b.run(c)
			if round == 0 {
				out[i] = u
			}
			out[i] = usage{min(out[i].wall, u.wall), min(out[i].cpu, u.cpu)}
		}
	}
	return out
}

// peaks runs a command and returns the most memory that each process of it held, in MB, the largest first.
func (b *bench) peaks(cmd *exec.Cmd) ([]int, usage) {
	start := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		cmd.Wait()
		close(done)
	}()
	peak := map[int]int{}
	for {
		for _, pid := range processTree(cmd.Process.Pid) {
			if kb := highWater(pid); kb > 0 {
				peak[pid] = kb >> 10
			}
		}
		select {
		case <-done:
			var out []int
			for _, mb := range peak {
				out = append(out, mb)
			}
			slices.SortFunc(out, func(a, b int) int { return b - a })
			return out, usage{time.Since(start), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func processTree(pid int) []int {
	out := []int{pid}
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, f := range files {
		data, _ := os.ReadFile(f)
		for _, word := range strings.Fields(string(data)) {
			if child, err := strconv.Atoi(word); err == nil {
				out = append(out, processTree(child)...)
			}
		}
	}
	return out
}

// highWater is a process's largest resident set so far, in KB, 0 when it is gone.
func highWater(pid int) int {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range bytes.Lines(data) {
		if f := strings.Fields(string(line)); len(f) > 1 && f[0] == "VmHWM:" {
			kb, _ := strconv.Atoi(f[1])
			return kb
		}
	}
	return 0
}
