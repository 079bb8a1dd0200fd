package main

import "github.com/syncgate/syncgate/check/report"

// printable makes text from the repository harmless for a terminal.
func printable(s string) string { return report.Printable(s) }
