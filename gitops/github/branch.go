package github

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	gogithub "github.com/google/go-github/v60/github"
)

// errRaced says that somebody else was faster: the state must be looked at again.
var errRaced = errors.New("another run is at work on the same branch")

// tip is the last commit of the bot's branch.
type tip struct {
	commit string // "" when there is no such branch
	trailers
	bot bool // made by the bot
}

// tipOf looks at the branch.
func (c *Client) tipOf(ctx context.Context, branch string) (tip, error) {
	ref, _, err := c.api.Git.GetRef(ctx, c.owner, c.name, "heads/"+branch)
	if status(err) == http.StatusNotFound {
		return tip{}, nil
	}
	if err != nil {
		return tip{}, c.explain("asking for the branch "+branch, err)
	}
	t := tip{commit: ref.GetObject().GetSHA()}
	commit, _, err := c.api.Git.GetCommit(ctx, c.owner, c.name, t.commit)
	if err != nil {
		return tip{}, c.explain("asking for the commit "+t.commit, err)
	}
	t.trailers = readTrailers(commit.GetMessage())
	t.bot = t.tree != "" && t.tree == commit.GetTree().GetSHA()
	return t, nil
}

// commit puts the changes on the base's tree and moves the branch there, creating it if need be; it returns the new tip.
// The commit follows the branch's last one, and the base too where that has moved on since: the branch is never rewritten,
// and differs from the base in the changes alone. It names no author, so that GitHub signs it as the token's bot
// (docs.github.com, "Commit signature verification for bots").
func (c *Client) commit(ctx context.Context, p *plan, old tip) (tip, error) {
	entries, err := c.entries(ctx, p.changes)
	if err != nil {
		return tip{}, err
	}
	tree, _, err := c.api.Git.CreateTree(ctx, c.owner, c.name, p.base.tree, entries)
	if err != nil {
		return tip{}, c.explain("writing the files", err)
	}
	t := trailers{p.fingerprint, p.base.commit, tree.GetSHA()}
	made, _, err := c.api.Git.CreateCommit(ctx, c.owner, c.name, &gogithub.Commit{
		Message: gogithub.String(commitMessage(p.verified) + "\n" + t.String()),
		Tree:    &gogithub.Tree{SHA: tree.SHA},
		Parents: parents(p, old),
	}, nil)
	if err != nil {
		return tip{}, c.explain("writing the commit", err)
	}
	ref := &gogithub.Reference{Ref: gogithub.String("refs/heads/" + p.branch), Object: &gogithub.GitObject{SHA: made.SHA}}
	if old.commit == "" {
		_, _, err = c.api.Git.CreateRef(ctx, c.owner, c.name, ref)
	} else {
		_, _, err = c.api.Git.UpdateRef(ctx, c.owner, c.name, ref, false)
	}
	if moved(err) {
		return tip{}, fmt.Errorf("%w: %w", errRaced, c.explain("moving the branch "+p.branch, err))
	}
	if err != nil {
		return tip{}, c.explain("moving the branch "+p.branch, err)
	}
	return tip{made.GetSHA(), t, true}, nil
}

// moved reports whether a branch could not be moved since it exists, is gone, or has moved on. Other refusals, such as
// that of a name that is no branch's, stay what they are.
func moved(err error) bool {
	if status(err) != http.StatusUnprocessableEntity {
		return false
	}
	said := err.Error()
	return strings.Contains(said, "already exists") || strings.Contains(said, "does not exist") || strings.Contains(said, "fast forward")
}

func parents(p *plan, old tip) []*gogithub.Commit {
	var out []*gogithub.Commit
	if old.commit != "" {
		out = append(out, &gogithub.Commit{SHA: gogithub.String(old.commit)})
	}
	if old.base != p.base.commit {
		out = append(out, &gogithub.Commit{SHA: gogithub.String(p.base.commit)})
	}
	return out
}

// entries are the changed files for a tree. What is no UTF-8 cannot stand in JSON: it becomes a blob first.
func (c *Client) entries(ctx context.Context, changes []change) ([]*gogithub.TreeEntry, error) {
	var out []*gogithub.TreeEntry
	for _, x := range changes {
		e := &gogithub.TreeEntry{Path: gogithub.String(x.path), Mode: gogithub.String(x.mode), Type: gogithub.String("blob")}
		if utf8.Valid(x.data) {
			e.Content = gogithub.String(string(x.data))
		} else {
			blob, _, err := c.api.Git.CreateBlob(ctx, c.owner, c.name, &gogithub.Blob{
				Content: gogithub.String(base64.StdEncoding.EncodeToString(x.data)), Encoding: gogithub.String("base64")})
			if err != nil {
				return nil, c.explain("writing "+x.path, err)
			}
			e.SHA = blob.SHA
		}
		out = append(out, e)
	}
	return out, nil
}
