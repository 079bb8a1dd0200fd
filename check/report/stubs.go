package report

import (
	"io"

	"github.com/syncgate/syncgate/check"
)

func writeSARIF(io.Writer, *check.Run, Options) error    { return nil }
func writeJUnit(io.Writer, *check.Run, Options) error    { return nil }
func writeGitHub(io.Writer, *check.Run, Options) error   { return nil }
func writeMarkdown(io.Writer, *check.Run, Options) error { return nil }
func writeHTML(io.Writer, *check.Run, Options) error     { return nil }
