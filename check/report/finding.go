package report

import (
	"io"

	"github.com/syncgate/syncgate/check"
)

// Finding is a finding as the JSON report has it, for other reports that hold findings.
type Finding = jsonFinding

// Tool says what made a report.
type Tool = jsonTool

// FindingOf is a finding as the JSON report has it.
func FindingOf(f *check.Finding) Finding { return jsonFindingOf(f) }

// EncodeJSON writes a value indented, with nothing in it that a terminal or a runner would obey.
func EncodeJSON(w io.Writer, v any) error { return encodeJSON(w, v) }
