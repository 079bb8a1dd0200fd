package check

import (
	"cmp"
	"slices"
	"strings"
)

// Notice is something that a run has to say about its own inputs: an exemption that expired, one that nothing needs, an
// input that is not honoured, an image that could not be looked up. It never makes a run fail.
type Notice struct {
	Kind NoticeKind `json:"kind"`
	File string     `json:"file"` // where the input is written, "" when it is no file
	Line int        `json:"line"` // 0 when unknown
	Text string     `json:"message"`
}

// NoticeKind says what a Notice is about.
type NoticeKind string

// The kinds of notices.
const (
	NoticeExpired     NoticeKind = "expiredExemption"
	NoticeUnused      NoticeKind = "unusedExemption"
	NoticeNotHonoured NoticeKind = "notHonoured"
	NoticeBaseline    NoticeKind = "staleBaseline"
	NoticeImage       NoticeKind = "unknownImage"
	NoticeUnchanged   NoticeKind = "unchangedFailure" // with Options.Since, what fails as it did
)

func sortNotices(ns []Notice) {
	slices.SortFunc(ns, func(a, b Notice) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, strings.Compare(string(a.Kind), string(b.Kind)),
			strings.Compare(a.Text, b.Text))
	})
}
