package github

import (
	"encoding/json"
	"regexp"
	"strings"
)

// marker is what the bot remembers in a pull request's body, where no reader sees it.
type marker struct {
	Fingerprint string   `json:"fingerprint"`      // of the content
	Head        string   `json:"head"`             // the last commit that the bot put on the branch
	Pending     []string `json:"labels,omitempty"` // labels yet to be set
}

var markerLine = regexp.MustCompile(`<!-- syncgate:pr ({[^\n]*}) -->`)

func (m marker) String() string {
	data, err := json.Marshal(m) // escapes < and >, so that a label cannot end the comment
	if err != nil {
		panic(err) // strings only
	}
	return "<!-- syncgate:pr " + string(data) + " -->"
}

// readMarker finds the marker in a body; the zero value when a person took it out.
func readMarker(body string) marker {
	var m marker
	if found := markerLine.FindStringSubmatch(body); found != nil && json.Unmarshal([]byte(found[1]), &m) != nil {
		return marker{}
	}
	return m
}

// trailers stand at the end of the bot's commit messages. A commit whose tree is the one that its trailers name is the
// bot's: whoever adds a commit, or amends this one's files, has another tree. So a run that was cut off between the branch
// and the pull request is told from a person's push.
type trailers struct{ fingerprint, base, tree string }

func (t trailers) String() string {
	return "Syncgate-Fingerprint: " + t.fingerprint + "\nSyncgate-Base: " + t.base + "\nSyncgate-Tree: " + t.tree + "\n"
}

func readTrailers(message string) trailers {
	var t trailers
	lines := strings.Split(strings.TrimSpace(message), "\n")
	if n := len(lines); n > 3 {
		lines = lines[n-3:]
	}
	for _, line := range lines {
		key, value, _ := strings.Cut(line, ": ")
		switch key {
		case "Syncgate-Fingerprint":
			t.fingerprint = value
		case "Syncgate-Base":
			t.base = value
		case "Syncgate-Tree":
			t.tree = value
		}
	}
	return t
}

// pushedMarker marks the comment that says a person pushed, so that it is made once.
const pushedMarker = "<!-- syncgate:pushed -->"
