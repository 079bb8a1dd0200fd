package actions

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
)

// commitID is the name of a commit in the events' payloads.
var commitID = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// pullRequestEvents are the events whose payload holds a pull request that changes code.
var pullRequestEvents = []string{"pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment"}

// PullRequest reports whether the event is about a pull request.
func (e *Environment) PullRequest() bool { return slices.Contains(pullRequestEvents, e.Event) }

// Base is the commit that the event's change is held against: the one that a pull request or a merge group starts from,
// "" for events that are no proposal. It is taken from the event and not from what is checked out, which the author of
// the change has a hand in.
func (e *Environment) Base() (string, error) {
	if !e.PullRequest() && e.Event != "merge_group" {
		return "", nil
	}
	data, err := os.ReadFile(e.payload)
	if err != nil {
		return "", fmt.Errorf("reading the event's payload: %w", err)
	}
	var p struct {
		PullRequest struct{ Base struct{ SHA string } } `json:"pull_request"`
		MergeGroup  struct {
			BaseSHA string `json:"base_sha"`
		} `json:"merge_group"`
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return "", fmt.Errorf("reading the event's payload: %w", err)
	}
	base := p.PullRequest.Base.SHA
	if e.Event == "merge_group" {
		base = p.MergeGroup.BaseSHA
	}
	if !commitID.MatchString(base) {
		return "", fmt.Errorf("the payload of the event %s does not say which commit the change starts from; name it with the input policy-ref", e.Event)
	}
	return base, nil
}
