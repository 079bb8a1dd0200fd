package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	gogithub "github.com/google/go-github/v60/github"

	"github.com/syncgate/syncgate/fix"
)

// Open makes proven patches a pull request, or brings the open one up to date. It is idempotent: a second call changes
// nothing, and one that was cut off is carried on by the next. A branch that a person pushed to, and a pull request that a
// person closed, are left alone; the Result says so.
func (c *Client) Open(ctx context.Context, v *fix.Verified, r Request) (*Result, error) {
	if len(v.Files()) == 0 {
		return &Result{Action: Nothing}, nil
	}
	for attempt := 0; ; attempt++ {
		res, err := c.attempt(ctx, v, &r)
		if !errors.Is(err, errRaced) || attempt == 4 {
			return res, err
		}
		if err := c.raced(ctx, attempt); err != nil {
			return nil, err
		}
	}
}

func (c *Client) attempt(ctx context.Context, v *fix.Verified, r *Request) (*Result, error) {
	changes, before, err := changesOf(v, r)
	if err != nil {
		return nil, err
	}
	b, err := c.openBase(ctx, r.Base)
	if err != nil {
		return nil, err
	}
	p := &plan{Request: r, verified: v, base: b, branch: r.Branch, changes: changes, fingerprint: fingerprintOf(changes, b.commit)}
	if p.branch == "" {
		p.branch = branchName(r, b.branch)
	}
	if p.branch == b.branch {
		return nil, fmt.Errorf("the branch %s is the one to pull into; name another with --branch", p.branch)
	}
	if err := c.unchanged(ctx, b, r, changes, before); err != nil {
		return nil, err
	}
	pull, err := c.newest(ctx, p)
	if err != nil {
		return nil, err
	}
	head, err := c.tipOf(ctx, p.branch)
	if err != nil {
		return nil, err
	}
	return c.settle(ctx, p, pull, head)
}

// newest is the pull request to look at: the open one, else the one made last; nil when there is none.
func (c *Client) newest(ctx context.Context, p *plan) (*gogithub.PullRequest, error) {
	list, _, err := c.api.PullRequests.List(ctx, c.owner, c.name, &gogithub.PullRequestListOptions{State: "all",
		Head: c.owner + ":" + p.branch, Base: p.base.branch, Sort: "created", Direction: "desc", ListOptions: gogithub.ListOptions{PerPage: 100}})
	if err != nil {
		return nil, c.explain("looking for the pull request", err)
	}
	var newest *gogithub.PullRequest
	for _, x := range list {
		switch {
		case x.GetState() == "open":
			return x, nil
		case newest == nil || x.GetNumber() > newest.GetNumber():
			newest = x
		}
	}
	return newest, nil
}

// settle decides by what is there.
func (c *Client) settle(ctx context.Context, p *plan, pull *gogithub.PullRequest, head tip) (*Result, error) {
	open := pull != nil && pull.GetState() == "open"
	var m marker
	if pull != nil {
		m = readMarker(pull.GetBody())
	}
	if head.commit != "" && head.commit == m.Head {
		head.bot = true
	}
	switch {
	case open && head.commit == "":
		return nil, fmt.Errorf("%w: the branch of #%d is gone", errRaced, pull.GetNumber())
	case pull != nil && !open && pull.MergedAt == nil && (m.Fingerprint == p.fingerprint || m.Fingerprint == ""):
		return p.result(Declined, pull), nil
	case head.commit != "" && !head.bot && !open:
		return p.result(Pushed, nil), nil
	case head.commit != "" && !head.bot:
		return p.result(Pushed, pull), c.sayPushed(ctx, p, pull)
	case open:
		return c.update(ctx, p, pull, m, head)
	}
	return c.open(ctx, p, head)
}

// open opens a pull request. A branch that an earlier run left behind is taken on.
func (c *Client) open(ctx context.Context, p *plan, head tip) (*Result, error) {
	if p.DryRun {
		return p.result(Opened, nil), nil
	}
	if head.fingerprint != p.fingerprint || head.base != p.base.commit {
		var err error
		if head, err = c.commit(ctx, p, head); err != nil {
			return nil, err
		}
	}
	m := marker{Fingerprint: p.fingerprint, Head: head.commit, Pending: p.Labels}
	pull, _, err := c.api.PullRequests.Create(ctx, c.owner, c.name, &gogithub.NewPullRequest{
		Title: gogithub.String(title(p.verified)), Body: gogithub.String(body(p.verified, m)),
		Head: &p.branch, Base: &p.base.branch, Draft: &p.Draft})
	if status(err) == http.StatusUnprocessableEntity && strings.Contains(err.Error(), "already exists") {
		return nil, fmt.Errorf("%w: %w", errRaced, c.explain("opening the pull request", err))
	}
	if err != nil {
		return nil, c.explain("opening the pull request", err)
	}
	return p.result(Opened, pull), c.label(ctx, p, pull, m)
}

// update brings an open pull request up to date.
func (c *Client) update(ctx context.Context, p *plan, pull *gogithub.PullRequest, m marker, head tip) (*Result, error) {
	same := head.fingerprint == p.fingerprint
	if same && m.Fingerprint == p.fingerprint && m.Head == head.commit {
		if p.DryRun {
			return p.result(Unchanged, pull), nil
		}
		return p.result(Unchanged, pull), c.label(ctx, p, pull, m)
	}
	if p.DryRun {
		return p.result(Updated, pull), nil
	}
	if !same {
		var err error
		if head, err = c.commit(ctx, p, head); err != nil {
			return nil, err
		}
	}
	m.Fingerprint, m.Head = p.fingerprint, head.commit
	if err := c.edit(ctx, p, pull, m); err != nil {
		return nil, err
	}
	return p.result(Updated, pull), c.label(ctx, p, pull, m)
}

func (c *Client) edit(ctx context.Context, p *plan, pull *gogithub.PullRequest, m marker) error {
	_, _, err := c.api.PullRequests.Edit(ctx, c.owner, c.name, pull.GetNumber(), &gogithub.PullRequest{
		Title: gogithub.String(title(p.verified)), Body: gogithub.String(body(p.verified, m))})
	if err != nil {
		return c.explain(fmt.Sprintf("editing #%d", pull.GetNumber()), err)
	}
	return nil
}

// label sets the labels that a new pull request is still to get. They are set once: a person may take them off.
func (c *Client) label(ctx context.Context, p *plan, pull *gogithub.PullRequest, m marker) error {
	if len(m.Pending) == 0 {
		return nil
	}
	if _, _, err := c.api.Issues.AddLabelsToIssue(ctx, c.owner, c.name, pull.GetNumber(), m.Pending); err != nil {
		return c.explain(fmt.Sprintf("labelling #%d", pull.GetNumber()), err)
	}
	m.Pending = nil
	return c.edit(ctx, p, pull, m)
}

// sayPushed says in the pull request, once, that it is left to the person who pushed.
func (c *Client) sayPushed(ctx context.Context, p *plan, pull *gogithub.PullRequest) error {
	if p.DryRun {
		return nil
	}
	o := &gogithub.IssueListCommentsOptions{ListOptions: gogithub.ListOptions{PerPage: 100}}
	for {
		list, resp, err := c.api.Issues.ListComments(ctx, c.owner, c.name, pull.GetNumber(), o)
		if err != nil {
			return c.explain(fmt.Sprintf("reading the comments of #%d", pull.GetNumber()), err)
		}
		for _, x := range list {
			if strings.Contains(x.GetBody(), pushedMarker) {
				return nil
			}
		}
		if o.Page = resp.NextPage; o.Page == 0 {
			break
		}
	}
	text := pushedMarker + "\nSomebody pushed to this branch, so syncgate leaves it alone from now on. " +
		"To have it kept up to date again, close this pull request and delete the branch.\n"
	if _, _, err := c.api.Issues.CreateComment(ctx, c.owner, c.name, pull.GetNumber(), &gogithub.IssueComment{Body: &text}); err != nil {
		return c.explain(fmt.Sprintf("commenting on #%d", pull.GetNumber()), err)
	}
	return nil
}

func (p *plan) result(a Action, pull *gogithub.PullRequest) *Result {
	r := &Result{Action: a, Branch: p.branch, Base: p.base.branch}
	if pull != nil {
		r.Number, r.URL = pull.GetNumber(), pull.GetHTMLURL()
	}
	for _, x := range p.changes {
		r.Files = append(r.Files, x.path)
	}
	return r
}
