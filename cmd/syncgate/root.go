package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes are a contract: scripts depend on them.
const (
	exitClean    = 0
	exitFindings = 1 // findings at or above --fail-on, or a non-empty --diff
	exitFailed   = 2 // the job could not be done
)

// stdio is where a command reads and writes: stdout is the report, stderr is talk.
type stdio struct {
	In       io.Reader
	Out, Err io.Writer
}

// errFindings ends a command that worked and found something.
var errFindings = errors.New("findings")

// errReported ends a command that could not do its whole job and has said so in its report.
var errReported = errors.New("failed")

// run executes the command line and returns the exit code.
func run(args []string, std stdio) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := newRoot(std)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitClean
	case errors.Is(err, errFindings):
		return exitFindings
	case errors.Is(err, errReported):
		return exitFailed
	}
	fmt.Fprintf(std.Err, "syncgate: %v\n", err)
	return exitFailed
}

func newRoot(std stdio) *cobra.Command {
	root := &cobra.Command{
		Use:   "syncgate",
		Short: "Judge what a repository would send to a Kubernetes cluster, and mend the sources",
		Long: `syncgate renders Helm charts, Kustomize overlays and plain manifests, judges the result against a Pod Security
Standards level, and writes the smallest patch to the sources that makes them pass.

Exit codes: 0 clean, 1 findings (or a non-empty --diff), 2 the job could not be done.`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(std.In)
	root.SetOut(std.Out)
	root.SetErr(std.Err)
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(newCheck(std), newFix(std), newPR(std), newRender(std), newVendor(std), newPlugin(std), newFn(std),
		newPostRender(std), newRules(std),
		newInit(std), newAction(std), newVersion(std))
	return root
}

// flagError says where the flags are explained.
func flagError(c *cobra.Command, err error) error {
	return fmt.Errorf("%w\nrun `%s --help` for the flags", err, c.CommandPath())
}
