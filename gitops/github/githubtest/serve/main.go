// Serve runs the stand-in for GitHub's API as a process: it prints its URL and its bare repository's directory, serves until
// its input ends, and exits with 1 if a request or an answer was none of GitHub's.
package main

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/syncgate/syncgate/gitops/github/githubtest"
	"github.com/syncgate/syncgate/gitops/github/githubtest/openapi"
)

// process is a test that is a process.
type process struct {
	failed atomic.Bool
	ends   []func()
}

func (p *process) Helper()          {}
func (p *process) Cleanup(f func()) { p.ends = append(p.ends, f) }

func (p *process) TempDir() string {
	dir, err := os.MkdirTemp("", "githubtest-")
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (p *process) Errorf(format string, args ...any) {
	p.failed.Store(true)
	fmt.Fprintf(os.Stderr, format+"\n", args...)
}

func (p *process) Fatal(args ...any) {
	fmt.Fprintln(os.Stderr, args...)
	os.Exit(1)
}

func main() {
	if os.Getenv(openapi.Variable) != "" {
		githubtest.Observe = openapi.Observe
	}
	p := &process{}
	s := githubtest.New(p)
	fmt.Println(s.URL)
	fmt.Println(s.Dir)
	io.Copy(io.Discard, os.Stdin)
	for i := len(p.ends) - 1; i >= 0; i-- {
		p.ends[i]()
	}
	if p.failed.Load() {
		os.Exit(1)
	}
}
