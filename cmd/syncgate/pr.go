package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/syncgate/syncgate/fix"
	"github.com/syncgate/syncgate/gitops/github"
	"github.com/syncgate/syncgate/render"
)

type prCommand struct {
	fixCommand
	repo, base, branch string
	from, bundleDigest string
	tokenFile, apiURL  string
	labels             []string
	draft, dryRun      bool

	result *github.Result // of the last run
}

func newPR(std stdio) *cobra.Command {
	c := &prCommand{fixCommand: fixCommand{checkCommand: checkCommand{stdio: std}}}
	cmd := &cobra.Command{
		Use:   "pr [PATH...]",
		Short: "Fix on a branch and open or update a pull request on GitHub",
		Long: `Find what would make PATH pass, prove it by rendering again, and put it into one pull request on GitHub. Nothing is
written to the work tree.

There is one branch and one pull request for each PATH and base branch. A second run changes nothing, or adds a commit
when there is something else to fix. A branch that a person pushed to is left to them, and a pull request that a person
closed stays closed until there is something else to fix.

The files that were rendered must be on the base branch as they are in the work tree. The token is read from --token-file,
or from GITHUB_TOKEN; it needs the permissions contents: write and pull-requests: write.

With --from, the patches are those of a bundle that ` + "`syncgate fix --bundle`" + ` made elsewhere, without a token; no work tree is
needed here, and nothing of the repository is rendered. What they rest on must be on the base branch as it was in the commit
that the bundle names; edits of anything but existing files and files to be made, and of .github, are refused. The bundle's
digest shows that it is whole; who could replace the bundle could replace that, too, so pass the digest that was printed
when the bundle was made another way, and name it with --digest.

Exit codes: 0 the pull request is as it should be, or there is nothing to fix; 1 findings stay that this command cannot
fix; 2 the job could not be done.`,
		Example: `  syncgate pr --dry-run
  syncgate pr --only safe --labels security apps/
  syncgate pr --repo acme/shop --base main --token-file token.txt
  syncgate fix --bundle fixes.json && syncgate pr --from fixes.json`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args) },
	}
	c.register(cmd.Flags())
	return cmd
}

func (c *prCommand) register(fs *pflag.FlagSet) {
	c.sourceFlags.register(fs)
	c.policyFlags.register(fs)
	c.secretFlags.register(fs)
	fs.StringVar(&c.only, "only", "", "only fixes that are `safe`")
	fs.StringVar(&c.repo, "repo", "", "the repository as `OWNER/NAME` (default: GITHUB_REPOSITORY, or where the remote origin is)")
	fs.StringVar(&c.from, "from", "", "take the patches from a bundle, a `FILE` that fix --bundle wrote")
	fs.StringVar(&c.bundleDigest, "digest", "", "with --from: the `DIGEST` that the bundle must have")
	fs.StringVar(&c.base, "base", "", "the `BRANCH` to ask to be pulled into (default: the repository's default branch)")
	fs.StringVar(&c.branch, "branch", "", "the `BRANCH` to put fixes on (default: one named after PATH and the base branch)")
	fs.StringVar(&c.tokenFile, "token-file", "", "a `FILE` that holds the token (default: the environment's GITHUB_TOKEN)")
	fs.StringVar(&c.apiURL, "api-url", "", "the API's `URL` (default: GITHUB_API_URL, or "+github.DefaultAPIURL+")")
	fs.StringSliceVar(&c.labels, "labels", nil, "labels for a pull request that is opened")
	fs.BoolVar(&c.draft, "draft", false, "open it as a draft")
	fs.BoolVar(&c.dryRun, "dry-run", false, "say what would be done, and do nothing")
}

func (c *prCommand) run(ctx context.Context, args []string) error {
	switch {
	case c.from != "":
		return c.runFrom(ctx, args)
	case c.bundleDigest != "":
		return errors.New("--digest is for the bundle of --from; name one")
	}
	if c.only != "" && c.only != "safe" {
		return fmt.Errorf("--only %q: expected safe", c.only)
	}
	token, err := c.token()
	if err != nil {
		return err
	}
	o, ws, err := c.options(ctx, args)
	if err != nil {
		return err
	}
	defer ws.tree.Close()
	if err := fix.Interrupted(ws.tree); err != nil {
		return err
	}
	sealer, err := c.secretFlags.apply(&o, ws, c.revision, c.stdin)
	if err != nil {
		return err
	}
	head, err := openRevision(ctx, ws.tree.Dir(), "", "HEAD")
	if err != nil {
		return fmt.Errorf("%s is no git work tree with a commit; pr works on one that is checked out", ws.tree.Dir())
	}
	client, err := c.client(ctx, head, token)
	if err != nil {
		return err
	}
	progress := newProgress(c.Err, c.quiet)
	o.Progress = progress.update
	v, err := fix.Fix(ctx, ws.tree, fix.Options{Check: o, OnlySafe: c.only == "safe", Sealer: sealer})
	progress.clear()
	if err != nil {
		return err
	}
	request, err := requestOf(ctx, ws, head, c.only, v)
	if err != nil {
		return err
	}
	c.into(request)
	if err := c.open(ctx, client, v, request); err != nil {
		return err
	}
	return c.outcome(v)
}

// open opens or updates the pull request, and says what it holds.
func (c *prCommand) open(ctx context.Context, client *github.Client, v *fix.Verified, r *github.Request) error {
	c.diff = true // the summary says "can fix": the work tree stays as it is
	if err := c.summarize(c.Out, v); err != nil {
		return err
	}
	res, err := client.Open(ctx, v, *r)
	if c.result = res; res != nil {
		c.say(c.Out, res)
	}
	return err
}

// outcome is the exit status: the pull request stands for what it fixes, so only what stays counts.
func (c *prCommand) outcome(v *fix.Verified) error {
	f := c.fixCommand
	f.diff = false
	return f.outcome(v)
}

// token reads the token; no message shows any of it. Workers get none: they inherit no environment.
func (c *prCommand) token() (string, error) {
	token := os.Getenv("GITHUB_TOKEN")
	if c.tokenFile != "" {
		data, err := os.ReadFile(c.tokenFile)
		if err != nil {
			return "", fmt.Errorf("--token-file %s: %w", c.tokenFile, unwrapPath(err))
		}
		if token = strings.TrimSpace(string(data)); token == "" {
			return "", fmt.Errorf("--token-file %s: the file is empty", c.tokenFile)
		}
	}
	if token = strings.TrimSpace(token); token == "" && !c.dryRun {
		return "", errors.New("no token: set GITHUB_TOKEN or name a file with --token-file; --dry-run reads a public repository without one")
	}
	return token, nil
}

func (c *prCommand) client(ctx context.Context, head *revision, token string) (*github.Client, error) {
	o := github.Options{Repository: c.repo, Token: token, APIURL: c.apiURL}
	if o.APIURL == "" {
		o.APIURL = os.Getenv("GITHUB_API_URL")
	}
	if o.Repository == "" {
		o.Repository = os.Getenv("GITHUB_REPOSITORY")
	}
	if o.Repository == "" && head != nil {
		out, err := head.git(ctx, nil, "config", "--get", "remote.origin.url")
		if err == nil {
			o.Repository = repositoryOf(strings.TrimSpace(string(out)))
		}
	}
	if o.Repository == "" {
		return nil, errors.New("which repository? name it with --repo OWNER/NAME; the remote origin does not tell")
	}
	if !c.quiet {
		o.Notice = func(s string) { fmt.Fprintf(c.Err, "syncgate: %s\n", s) }
	}
	return github.New(o)
}

// repositoryOf takes owner/name from a remote's URL: https://host/owner/name.git, ssh://git@host/owner/name or
// git@host:owner/name; "" for others, such as a path. What may stand in front of the host is a credential.
func repositoryOf(remote string) string {
	_, rest, ok := strings.Cut(remote, "://")
	if ok {
		_, rest, ok = strings.Cut(rest, "/")
	} else {
		_, rest, ok = strings.Cut(remote, ":")
	}
	rest = strings.TrimSuffix(strings.Trim(rest, "/"), ".git")
	if !ok || !github.ValidRepository(rest) {
		return ""
	}
	return rest
}

// say says what became of the pull request.
func (c *prCommand) say(out io.Writer, r *github.Result) {
	pull := fmt.Sprintf("#%d %s", r.Number, printable(r.URL))
	into := fmt.Sprintf("%s from %s into %s", count(len(r.Files), "file"), printable(r.Branch), printable(r.Base))
	would := ""
	if c.dryRun {
		would = "dry run, nothing was done; would be "
	}
	switch r.Action {
	case github.Nothing:
		fmt.Fprintf(out, "no pull request: there is nothing to put into one\n")
	case github.Opened:
		if c.dryRun {
			pull = "a new one"
		}
		fmt.Fprintf(out, "pull request: %sopened: %s (%s)\n", would, pull, into)
	case github.Updated:
		fmt.Fprintf(out, "pull request: %supdated: %s (%s)\n", would, pull, into)
	case github.Unchanged:
		fmt.Fprintf(out, "pull request: is up to date: %s (%s)\n", pull, into)
	case github.Declined:
		fmt.Fprintf(out, "pull request: left alone, since somebody closed it: %s; it is asked again when there is something else to fix\n", pull)
	case github.Pushed:
		if r.Number == 0 {
			pull = "delete that branch, or name another with --branch"
		}
		fmt.Fprintf(out, "pull request: left alone, since somebody pushed to %s: %s\n", printable(r.Branch), pull)
	}
}

// requestOf says where patches belong in the repository, and what they rest on.
func requestOf(ctx context.Context, ws *workspace, head *revision, only string, v *fix.Verified) (*github.Request, error) {
	prefix, err := head.prefix(ctx)
	if err != nil {
		return nil, err
	}
	r := &github.Request{Scope: []string{"only " + only, "in " + prefix}, Basis: map[string]string{}, Listed: map[string][]string{}}
	for _, p := range ws.paths {
		r.Scope = append(r.Scope, "path "+p)
	}
	r.Path = func(name string) (string, error) {
		real, err := ws.tree.Resolve(name)
		return prefix + real, err
	}
	for _, s := range v.Before().Sources {
		if err := basis(r.Basis, ws, prefix, s.Read); err != nil {
			return nil, err
		}
		if err := listed(r.Listed, ws, prefix, s.Read); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// listed fills in the directories that a source's rendering listed, with the names in them.
func listed(into map[string][]string, ws *workspace, prefix string, read render.ReadSet) error {
	for _, name := range read.Dirs {
		dir := path.Join(prefix, name)
		if dir == "." {
			dir = ""
		}
		if into[dir] != nil {
			continue
		}
		entries, err := os.ReadDir(filepath.Join(ws.tree.Dir(), filepath.FromSlash(name)))
		if err != nil {
			return fmt.Errorf("listing %s: %w", name, unwrapPath(err))
		}
		into[dir] = []string{}
		for _, e := range entries {
			into[dir] = append(into[dir], e.Name())
		}
	}
	return nil
}

// basis fills in what a source was rendered from, as it is in the work tree: files, links, and names looked for in vain.
func basis(into map[string]string, ws *workspace, prefix string, read render.ReadSet) error {
	for _, name := range read.Files {
		if _, ok := into[prefix+name]; ok {
			continue
		}
		data, err := ws.tree.ReadFile(name)
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		into[prefix+name] = github.BlobID(data)
	}
	for _, name := range read.Links {
		to, err := os.Readlink(filepath.Join(ws.tree.Dir(), filepath.FromSlash(name)))
		if err != nil {
			return fmt.Errorf("reading the link %s: %w", name, unwrapPath(err))
		}
		into[prefix+name] = github.BlobID([]byte(to))
	}
	for _, name := range read.Missing {
		into[prefix+name] = ""
	}
	return nil
}
