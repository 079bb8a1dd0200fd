// Package report writes the outcome of a check, one file per output format.
//
// Everything that comes from the repository (names, paths, messages, reasons) is hostile: formats made for eyes show it
// through Printable and then escape it for their own syntax; formats made for programs keep it, encoded without loss.
package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/syncgate/syncgate/check"
)

// FailNever is a value of Options.FailOn: findings never make the run fail.
const FailNever check.Severity = "never"

// Options say how to write a report. The zero value is a plain report of a run that fails on errors.
type Options struct {
	Version string // of syncgate
	Color   bool   // text: ANSI colours
	Verbose bool   // text: all that was skipped, each source, everything exempted
	Quiet   bool   // text: findings and errors only
	// FailOn is the severity from which a finding makes the run fail: error when empty, never with FailNever.
	FailOn check.Severity
	// AllowEmpty says that a run without any source is fine.
	AllowEmpty bool
	// Root is the repository's directory, for display only; paths in reports are relative to it.
	Root string
	// Paths are the arguments of the run, repeated in the commands that a report suggests.
	Paths []string
	// Width is the number of columns of the text report, 100 when 0.
	Width int
	// MaxBytes bounds the markdown report: CommentBytes when 0.
	MaxBytes int
	// Category tells SARIF runs of one commit apart, "syncgate" when empty.
	Category string
}

// Formats are the names that Write knows.
var Formats = []string{"text", "json", "sarif", "junit", "github", "markdown", "html"}

// Write writes a run in one of the Formats.
func Write(w io.Writer, format string, run *check.Run, o Options) error {
	writers := map[string]func(io.Writer, *check.Run, Options) error{
		"text": writeText, "json": writeJSON, "sarif": writeSARIF, "junit": writeJUnit,
		"github": writeGitHub, "markdown": writeMarkdown, "html": writeHTML,
	}
	write := writers[format]
	if write == nil {
		return fmt.Errorf("unknown report format %q: expected one of %s", format, strings.Join(Formats, ", "))
	}
	if err := write(w, run, o); err != nil {
		return fmt.Errorf("write the %s report: %w", format, err)
	}
	return nil
}

// ExitCode is what a run means to a shell: 0 clean, 1 findings at or above Options.FailOn, 2 something could not be
// judged, or there was nothing to judge.
func ExitCode(run *check.Run, o Options) int {
	switch {
	case run.Errors() > 0, len(run.Sources)+run.Unchanged == 0 && !o.AllowEmpty:
		return 2
	case slices.ContainsFunc(run.Findings, func(f check.Finding) bool { return fails(&f, o) }):
		return 1
	}
	return 0
}

// fails reports whether a finding makes the run fail.
func fails(f *check.Finding, o Options) bool {
	if f.Exempt != nil || o.FailOn == FailNever {
		return false
	}
	return f.Severity == check.SeverityError || o.FailOn == check.SeverityWarning
}
