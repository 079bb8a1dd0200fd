package fix

import (
	"slices"

	"github.com/syncgate/syncgate/check"
)

// attempts are what was tried in vain, by finding.
type attempts map[findingKey][]string

// add notes an attempt. That a rung is for other kinds of sources is none.
func (a attempts) add(f *check.Finding, what string) {
	switch k := keyOf(f); {
	case what == "" || what == fromTemplate || what == noKustomization || what == noOverlay || slices.Contains(a[k], what):
	default:
		a[k] = append(a[k], what)
	}
}

// of are the attempts for some findings, each once.
func (a attempts) of(findings []check.Finding) []string {
	var out []string
	for i := range findings {
		for _, what := range a[keyOf(&findings[i])] {
			if !slices.Contains(out, what) {
				out = append(out, what)
			}
		}
	}
	return out
}

// String says what the patch was to do, and why it was dropped.
func (d *drop) String() string {
	if d.patch.How == "" {
		return d.patch.Place.File + ": " + d.reason
	}
	return d.patch.How + ": " + d.reason
}
