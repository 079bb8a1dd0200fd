package report

// Printable makes text that comes from a repository harmless for a terminal or a log: control and bidirectional
// characters, invalid UTF-8 and what could start a workflow command are shown instead of done.
func Printable(s string) string { return printable(s) }
