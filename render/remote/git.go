package remote

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/kustomize/api/resource"

	"github.com/syncgate/syncgate/render"
)

// gitSource is a directory of a git repository at one commit. All of the commit is fetched: a base may use others.
// Submodules are not.
type gitSource struct {
	clone string // what git is told, with credentials that the reference may hold
	at    address
	ref   string // branch, tag or commit, "HEAD" for the default branch
	base  string // directory
}

var (
	scpAddress = regexp.MustCompile(`^([A-Za-z0-9._-]+@)?([A-Za-z0-9][A-Za-z0-9.-]*):([^-:][^\x00-\x20]*)$`)
	gitRefName = regexp.MustCompile(`^[A-Za-z0-9_.][A-Za-z0-9_./@+#%=-]*$`)
)

// gitSourceOf reads a reference as kustomize does: Origin.Append asks its api/internal/git. The address that git gets
// is written anew from its parts, so that git and the list of allowed hosts cannot read it in two ways.
func gitSourceOf(ref string) (*gitSource, error) {
	bad := &render.Error{Msg: render.PublicURL(ref) + " is not the address of a git repository that can be fetched",
		Hint: "expected https://HOST/REPOSITORY//PATH?ref=REVISION or git@HOST:REPOSITORY//PATH?ref=REVISION"}
	if len(ref) > len("git::") && strings.EqualFold(ref[:len("git::")], "git::") {
		ref = ref[len("git::"):] // as kustomize does, with a warning
	}
	o := (&resource.Origin{}).Append(ref)
	g := &gitSource{ref: o.Ref, base: path.Clean(o.Path)}
	if g.ref == "" {
		g.ref = "HEAD"
	}
	if g.base == "notCloned" { // the repository's root: Append has cut the wrong part of the path
		g.base = "."
	}
	if !gitRefName.MatchString(g.ref) || strings.Contains(g.ref, "..") || g.base != "." && !filepath.IsLocal(g.base) {
		return nil, bad
	}
	if m := scpAddress.FindStringSubmatch(o.Repo); m != nil && !strings.Contains(o.Repo, "://") {
		g.clone, g.at = m[1]+m[2]+":"+m[3], addressOf(&url.URL{Scheme: "ssh", Host: m[2]})
		return g, nil
	}
	u, err := url.Parse(o.Repo)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" && u.Scheme != "ssh" || !hostName.MatchString(u.Host) ||
		u.RawQuery != "" || u.Fragment != "" {
		return nil, bad
	}
	g.clone = (&url.URL{Scheme: u.Scheme, User: u.User, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
	g.at = addressOf(u)
	return g, nil
}

func (g *gitSource) url() address { return g.at }

func (g *gitSource) identity(Entry) string { return "git " + render.PublicURL(g.clone) + " " + g.ref }

func (g *gitSource) copy(dir string, _ Entry) render.RemoteCopy {
	return render.RemoteCopy{Dir: dir, Base: g.base}
}

const gitTimeout = 2 * time.Minute

// fetch takes the files of the commit from git's objects. There is no work tree, so that no filter, hook or attribute
// has a say.
func (g *gitSource) fetch(ctx context.Context, dir string, _ Entry) (Entry, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, gitTimeout, fmt.Errorf("git took longer than %v", gitTimeout))
	defer cancel()
	store, err := os.MkdirTemp("", "syncgate-git-")
	if err != nil {
		return Entry{}, err
	}
	defer os.RemoveAll(store)
	run := gitRunner{dir: store}
	if _, err := run.output(ctx, "init", "-q", "--bare", "--template=", store); err != nil {
		return Entry{}, err
	}
	if err := g.transfer(ctx, run); err != nil {
		return Entry{}, err
	}
	out, err := run.output(ctx, "rev-parse", "--verify", "FETCH_HEAD^{commit}")
	if err != nil {
		return Entry{}, err
	}
	list, err := run.output(ctx, "ls-tree", "-r", "-z", "-l", "--full-tree", "FETCH_HEAD")
	if err != nil {
		return Entry{}, err
	}
	blobs, err := parseTree(list)
	if err != nil {
		return Entry{}, err
	}
	return Entry{Kind: render.RemoteBase, Commit: strings.TrimSpace(string(out))}, run.write(ctx, blobs, dir)
}

// transfer fetches the commit, and stops when that takes too much room.
func (g *gitSource) transfer(ctx context.Context, run gitRunner) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() {
		for tick := time.Tick(200 * time.Millisecond); ; {
			select {
			case <-ctx.Done():
				return
			case <-tick:
				if size(run.dir) > maxPack {
					stop(errRepositoryTooLarge)
				}
			}
		}
	}()
	_, err := run.output(ctx, "fetch", "-q", "--depth=1", "--no-tags", "--no-recurse-submodules", "--", g.clone, g.ref)
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

var errRepositoryTooLarge = &render.Error{Msg: fmt.Sprintf("the repository is larger than the %d MB that are fetched", maxTree>>20),
	Hint: "vendor the part of it that is needed"}

// size is how many bytes the files below a directory have.
func size(dir string) (n int64) {
	filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				n += info.Size()
			}
		}
		return nil
	})
	return n
}

// blob is a file of a commit.
type blob struct {
	id, name string
	link     bool
}

// parseTree reads what `git ls-tree -r -z -l` prints. Names come from strangers: the plumbing checks none.
func parseTree(list []byte) ([]blob, error) {
	var out []blob
	total := int64(0)
	for entry := range bytes.SplitSeq(bytes.TrimSuffix(list, []byte{0}), []byte{0}) {
		head, name, ok := strings.Cut(string(entry), "\t")
		fields := strings.Fields(head)
		if !ok || len(fields) != 4 || fields[1] != "blob" {
			continue // a submodule
		}
		n, err := strconv.ParseInt(fields[3], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("reading git's list of files: %w", err)
		}
		if !filepath.IsLocal(name) || path.Clean(name) != name {
			return nil, fmt.Errorf("the repository holds a file with the name %q", name)
		}
		if total += n; total > maxTree || len(out) >= maxFiles {
			return nil, errRepositoryTooLarge
		}
		out = append(out, blob{fields[2], name, fields[0] == "120000"})
	}
	return out, nil
}

// write puts the files of a commit below a directory.
func (r gitRunner) write(ctx context.Context, blobs []blob, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	var ids strings.Builder
	for _, b := range blobs {
		ids.WriteString(b.id + "\n")
	}
	cmd := r.command(ctx, "cat-file", "--batch")
	cmd.Stdin = strings.NewReader(ids.String())
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	in := bufio.NewReader(pipe)
	for _, b := range blobs {
		if err = b.write(in, root); err != nil {
			break
		}
	}
	if err != nil {
		cmd.Process.Kill()
		cmd.Wait()
		return fmt.Errorf("reading the repository's files: %w", err)
	}
	return cmd.Wait()
}

// write reads one answer of `git cat-file --batch`: "ID blob SIZE", content, newline.
func (b blob) write(in *bufio.Reader, root *os.Root) error {
	head, err := in.ReadString('\n')
	fields := strings.Fields(head)
	if err != nil || len(fields) != 3 {
		return errors.Join(err, fmt.Errorf("git has no %s", b.name))
	}
	n, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil || n < 0 || n > maxTree {
		return fmt.Errorf("git says that %s has %s bytes", b.name, fields[2])
	}
	data := make([]byte, n+1)
	if _, err := io.ReadFull(in, data); err != nil {
		return err
	}
	data = data[:n]
	name := filepath.FromSlash(b.name)
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if b.link {
		return root.Symlink(string(data), name)
	}
	return root.WriteFile(name, data, 0o644)
}
