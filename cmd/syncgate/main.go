// Syncgate judges what a repository would send to a Kubernetes cluster, and mends the sources.
package main

import (
	"os"

	"github.com/syncgate/syncgate/render"
)

func main() {
	render.RunIfWorker()
	os.Exit(run(os.Args[1:], stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
