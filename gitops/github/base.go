package github

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"slices"
	"sort"
	"strings"

	gogithub "github.com/google/go-github/v60/github"
)

// BlobID is the name git gives to a file's content.
func BlobID(data []byte) string {
	h := sha1.New()
	fmt.Fprintf(h, "blob %d\x00", len(data))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

// base is the commit that patches are put on.
type base struct {
	branch, commit, tree string
	dirs                 map[string]map[string]leaf // by directory, "" for the root; nil for one that is known to be none
	ids                  map[string]string          // of the trees of directories not looked at yet
}

// leaf is an entry of a directory.
type leaf struct{ mode, id string }

// openBase finds a branch, the default one for "", and what it holds.
func (c *Client) openBase(ctx context.Context, branch string) (*base, error) {
	if branch == "" {
		repo, _, err := c.api.Repositories.Get(ctx, c.owner, c.name)
		if err != nil {
			return nil, c.explain("asking for the default branch", err)
		}
		branch = repo.GetDefaultBranch()
	}
	ref, _, err := c.api.Git.GetRef(ctx, c.owner, c.name, "heads/"+branch)
	if status(err) == http.StatusNotFound {
		return nil, c.withoutToken(fmt.Errorf("%s/%s has no branch %s that the token may see; name one with --base", c.owner, c.name, branch))
	}
	if err != nil {
		return nil, c.explain("asking for the branch "+branch, err)
	}
	return c.baseAt(ctx, branch, ref.GetObject().GetSHA())
}

// baseAt is a commit, called branch in messages, and what it holds.
func (c *Client) baseAt(ctx context.Context, branch, id string) (*base, error) {
	b := &base{branch: branch, commit: id, dirs: map[string]map[string]leaf{}, ids: map[string]string{}}
	commit, _, err := c.api.Git.GetCommit(ctx, c.owner, c.name, b.commit)
	if err != nil {
		return nil, c.explain("asking for the commit "+b.commit, err)
	}
	b.tree = commit.GetTree().GetSHA()
	return b, c.list(ctx, b)
}

// list lists the whole tree; of one that is too large for an answer only the top, the rest when it is asked for.
// (docs.github.com, "Get a tree": truncated is true when there are more than 100,000 entries or 7 MB.)
func (c *Client) list(ctx context.Context, b *base) error {
	tree, _, err := c.api.Git.GetTree(ctx, c.owner, c.name, b.tree, true)
	if err != nil {
		return c.explain("listing the files of "+b.branch, err)
	}
	if tree.GetTruncated() {
		b.ids[""] = b.tree
		return nil
	}
	b.dirs[""] = map[string]leaf{}
	for _, e := range tree.Entries {
		b.add(e.GetPath(), e)
	}
	return nil
}

func (b *base) add(name string, e *gogithub.TreeEntry) {
	dir, file := path.Split(name)
	dir = strings.TrimSuffix(dir, "/")
	if b.dirs[dir] == nil {
		b.dirs[dir] = map[string]leaf{}
	}
	b.dirs[dir][file] = leaf{e.GetMode(), e.GetSHA()}
}

// find finds a file; its id is "" when the base has none.
func (c *Client) find(ctx context.Context, b *base, name string) (leaf, error) {
	dir, file := path.Split(name)
	dir = strings.TrimSuffix(dir, "/")
	if entries, ok := b.dirs[dir]; ok {
		return entries[file], nil
	}
	id := b.ids[dir]
	if dir != "" && id == "" {
		up, err := c.find(ctx, b, dir)
		if err != nil || up.mode != "040000" {
			b.dirs[dir] = nil
			return leaf{}, err
		}
		id = up.id
	}
	if _, whole := b.ids[""]; !whole { // all of it is known, and this directory is not there
		return leaf{}, nil
	}
	tree, _, err := c.api.Git.GetTree(ctx, c.owner, c.name, id, false)
	if err != nil {
		return leaf{}, c.explain("listing "+dir+" at "+b.branch, err)
	}
	b.dirs[dir] = map[string]leaf{}
	for _, e := range tree.Entries {
		b.dirs[dir][e.GetPath()] = leaf{e.GetMode(), e.GetSHA()}
	}
	return b.dirs[dir][file], nil
}

// change is one file to be written into the base's tree.
type change struct {
	path, mode, id string // mode is "" until it is known
	data           []byte
}

// StaleError names files that are not at the base as they were when the patches were proven.
type StaleError struct {
	Branch string
	Files  []string
}

func (e *StaleError) Error() string {
	shown, more := e.Files, ""
	if len(shown) > 5 {
		more = fmt.Sprintf(" and %d more", len(shown)-5)
		shown = shown[:5]
	}
	return fmt.Sprintf("the patches were not made from what is on %s now: %s%s differ; commit and push what is not there, or check out %s, and run again",
		e.Branch, strings.Join(shown, ", "), more, e.Branch)
}

// appeared are files at the base, in directories that were listed, that were not there then.
func (c *Client) appeared(ctx context.Context, b *base, listed map[string][]string) ([]string, error) {
	var out []string
	for dir, names := range listed {
		if _, err := c.find(ctx, b, strings.TrimPrefix(dir+"/.", "/")); err != nil { // the directory is known from now on
			return nil, err
		}
		for name := range b.dirs[dir] {
			if !slices.Contains(names, name) {
				out = append(out, path.Join(dir, name))
			}
		}
	}
	return out, nil
}

// unchanged checks that everything the proof rests on is at the base as it was, and gives changes their modes.
func (c *Client) unchanged(ctx context.Context, b *base, r *Request, changes []change, before map[string]string) error {
	want := map[string]string{}
	for name, id := range r.Basis {
		want[name] = id
	}
	for name, id := range before {
		want[name] = id
	}
	stale := &StaleError{Branch: b.branch}
	for name, id := range want {
		got, err := c.find(ctx, b, name)
		if err != nil {
			return err
		}
		if got.id != id {
			stale.Files = append(stale.Files, name)
		}
	}
	more, err := c.appeared(ctx, b, r.Listed)
	if err != nil {
		return err
	}
	if stale.Files = append(stale.Files, more...); len(stale.Files) > 0 {
		sort.Strings(stale.Files)
		return stale
	}
	for i := range changes {
		if changes[i].mode != "" {
			continue // it is made
		}
		got, err := c.find(ctx, b, changes[i].path)
		if err != nil {
			return err
		}
		if got.mode != "100644" && got.mode != "100755" {
			return fmt.Errorf("%s is no regular file on %s, but has the mode %s", changes[i].path, b.branch, got.mode)
		}
		changes[i].mode = got.mode
	}
	return nil
}
