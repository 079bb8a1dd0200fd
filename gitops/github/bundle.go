package github

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"

	"github.com/syncgate/syncgate/fix"
)

// Unpack makes a bundle's patches and what they rest on ready for Open: the commit that they were made from must be one
// of the repository, and edited files are read as they are there. Base, Branch and the like of the Request are left to
// the caller; its Scope is the bundle's, so that the branch is the one that would have been without a bundle.
func (c *Client) Unpack(ctx context.Context, b *fix.Bundle) (*fix.Verified, *Request, error) {
	commit := b.Base.Commit
	at, err := c.baseAt(ctx, commit[:12], commit)
	if status(err) == http.StatusNotFound {
		return nil, nil, c.withoutToken(fmt.Errorf("the bundle was made from the commit %s, which %s/%s does not have, or the token may not see",
			commit, c.owner, c.name))
	}
	if err != nil {
		return nil, nil, err
	}
	v, err := b.Verified(func(name string) ([]byte, error) { return c.read(ctx, at, name) })
	if err != nil {
		return nil, nil, err
	}
	r := &Request{Scope: b.Base.Scope, Basis: map[string]string{}, Listed: map[string][]string{}}
	for _, name := range b.Base.Reads {
		got, err := c.find(ctx, at, name)
		if err != nil {
			return nil, nil, err
		}
		r.Basis[name] = got.id
	}
	for _, dir := range b.Base.Listed {
		if _, err := c.find(ctx, at, strings.TrimPrefix(dir+"/.", "/")); err != nil { // the directory is known from now on
			return nil, nil, err
		}
		r.Listed[dir] = []string{}
		for name := range at.dirs[dir] {
			r.Listed[dir] = append(r.Listed[dir], name)
		}
	}
	return v, r, nil
}

// read reads a regular file of a commit.
func (c *Client) read(ctx context.Context, at *base, name string) ([]byte, error) {
	file, err := c.find(ctx, at, name)
	switch {
	case err != nil:
		return nil, err
	case file.mode != "100644" && file.mode != "100755":
		return nil, fmt.Errorf("the bundle edits %s, which is no regular file at %s", name, at.branch)
	}
	blob, _, err := c.api.Git.GetBlob(ctx, c.owner, c.name, file.id)
	if err != nil {
		return nil, c.explain("reading "+name, err)
	}
	data := []byte(blob.GetContent())
	if blob.GetEncoding() == "base64" {
		if data, err = base64.StdEncoding.DecodeString(strings.ReplaceAll(blob.GetContent(), "\n", "")); err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
	}
	if BlobID(data) != file.id {
		return nil, fmt.Errorf("reading %s: GitHub answered something else than %s", name, file.id)
	}
	return data, nil
}
