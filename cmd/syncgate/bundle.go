package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/syncgate/syncgate/fix"
	"github.com/syncgate/syncgate/gitops/github"
)

// writeBundle writes proven patches, and what they were made from: the commit that is checked out. Everything that the
// proof rests on must be in that commit.
func (c *fixCommand) writeBundle(ctx context.Context, ws *workspace, head *revision, v *fix.Verified) error {
	r, err := requestOf(ctx, ws, head, c.only, v)
	if err != nil {
		return err
	}
	if err := unlike(ctx, head, r, v); err != nil {
		return err
	}
	b := fix.Base{Commit: head.commit, Scope: r.Scope, Reads: slices.Sorted(maps.Keys(r.Basis)), Listed: slices.Sorted(maps.Keys(r.Listed))}
	data, digest, err := v.Bundle(b, r.Path)
	if err != nil {
		return fmt.Errorf("--bundle %s: %w", c.bundle, err)
	}
	if err := os.WriteFile(c.bundle, data, 0o644); err != nil {
		return fmt.Errorf("--bundle %s: %w", c.bundle, unwrapPath(err))
	}
	c.digest = digest
	return nil
}

// unlike finds what the proof rests on and is not in the commit as it is in the work tree.
func unlike(ctx context.Context, head *revision, r *github.Request, v *fix.Verified) error {
	list, err := head.list(ctx, "-r", "-t", head.commit)
	if err != nil {
		return err
	}
	ids, names := map[string]string{}, map[string][]string{}
	for _, e := range list {
		ids[e.name] = e.object
		dir, base := path.Split(e.name)
		names[strings.TrimSuffix(dir, "/")] = append(names[strings.TrimSuffix(dir, "/")], base)
	}
	differ := map[string]bool{}
	for name, id := range r.Basis {
		if ids[name] != id {
			differ[name] = true
		}
	}
	for dir, here := range r.Listed {
		for _, name := range names[dir] {
			if !slices.Contains(here, name) {
				differ[path.Join(dir, name)] = true
			}
		}
	}
	for _, f := range v.Files() {
		name, err := r.Path(f.Name)
		if err != nil {
			return err
		}
		if f.Before != nil && ids[name] != github.BlobID(f.Before) || f.Before == nil && ids[name] != "" {
			differ[name] = true
		}
	}
	if all := sorted(differ); len(all) > 0 {
		more := ""
		if len(all) > 5 {
			all, more = all[:5], fmt.Sprintf(" and %d more", len(all)-5)
		}
		return fmt.Errorf("--bundle: the patches rest on what is not in the commit that is checked out, %s: %s%s; commit that first",
			head.commit[:12], printable(strings.Join(all, ", ")), more)
	}
	return nil
}

// fromFlags are the flags of pr that go with --from: the others are about making patches.
var fromFlags = []string{"from", "digest", "repo", "base", "branch", "token-file", "api-url", "labels", "draft", "dry-run", "quiet", "verbose",
	"no-color"}

// openBundle reads the bundle of --from.
func (c *prCommand) openBundle(args []string) (*fix.Bundle, error) {
	var wrong string
	c.fs.Visit(func(f *pflag.Flag) {
		if !slices.Contains(fromFlags, f.Name) && wrong == "" {
			wrong = f.Name
		}
	})
	switch {
	case len(args) > 0:
		return nil, errors.New("--from and PATH do not go together: the bundle holds what was found in the paths that it was made for")
	case wrong != "":
		return nil, fmt.Errorf("--from and --%s do not go together: it is for `syncgate fix --bundle`, which makes the patches", wrong)
	}
	data, err := readSmall(c.from, fix.MaxBundle)
	if err != nil {
		return nil, fmt.Errorf("--from %s: %w", c.from, unwrapPath(err))
	}
	b, err := fix.ReadBundle(data)
	if err != nil {
		return nil, fmt.Errorf("--from %s: it %w; make another one with `syncgate fix --bundle`", c.from, err)
	}
	if c.bundleDigest != "" && c.bundleDigest != b.Digest {
		return nil, fmt.Errorf("--from %s: it is another bundle than the one to be opened: its digest is %s", c.from, b.Digest)
	}
	return b, nil
}

// runFrom opens or updates a pull request with what a bundle holds.
func (c *prCommand) runFrom(ctx context.Context, args []string) error {
	b, err := c.openBundle(args)
	if err != nil {
		return err
	}
	token, err := c.token()
	if err != nil {
		return err
	}
	head, err := openRevision(ctx, ".", "", "HEAD")
	if err != nil {
		head = nil // no work tree is needed
	}
	client, err := c.client(ctx, head, token)
	if err != nil {
		return err
	}
	v, request, err := client.Unpack(ctx, b)
	if err != nil {
		return fmt.Errorf("--from %s: %w", c.from, err)
	}
	c.into(request)
	return c.open(ctx, client, v, request)
}

// into fills in what the flags say of a pull request.
func (c *prCommand) into(r *github.Request) {
	r.Base, r.Branch, r.Draft, r.Labels, r.DryRun = c.base, c.branch, c.draft, c.labels, c.dryRun
}

var errBundleAndDiff = errors.New("--bundle and --diff do not go together: both write nothing to the work tree, and one output is enough")
