package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

// revision is a commit of the repository that holds a directory. Reading it runs git, which neither fetches, nor runs
// hooks, filters or monitors that the repository configures.
type revision struct {
	dir    string
	name   string // as the user gave it
	commit string
}

// openRevision finds the commit that a name stands for, which a flag gave.
func openRevision(ctx context.Context, dir, flag, name string) (*revision, error) {
	r := &revision{dir: dir, name: name}
	out, err := r.git(ctx, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
	if err != nil {
		return nil, fmt.Errorf("%s %q names no commit that is here: %w; fetch it first (in CI: fetch-depth: 0)", flag, name, err)
	}
	r.commit = strings.TrimSpace(string(out))
	return r, nil
}

// git runs git without anything that the repository could make it run.
func (r *revision) git(ctx context.Context, stdin []byte, args ...string) ([]byte, error) {
	safe := []string{"-c", "core.fsmonitor=", "-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never", "--no-pager",
		"--no-optional-locks", "--no-replace-objects", "--literal-pathspecs", "-C", r.dir}
	cmd := exec.CommandContext(ctx, "git", append(safe, args...)...)
	cmd.Env = append(os.Environ(), "GIT_TERMINAL_PROMPT=0", "GIT_ALLOW_PROTOCOL=none", "GIT_NO_LAZY_FETCH=1", "GIT_OPTIONAL_LOCKS=0",
		"LC_ALL=C")
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		if said, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n"); said != "" {
			return nil, fmt.Errorf("git: %s", said)
		}
		return nil, fmt.Errorf("git %s: %w", args[0], err)
	}
	return out, nil
}

// entry is one file of a revision.
type entry struct {
	mode, object, name string
	size               int64 // -1 unless it was asked for
}

// list lists the files below the directory, or one of them; names are relative to it.
func (r *revision) list(ctx context.Context, args ...string) ([]entry, error) {
	out, err := r.git(ctx, nil, append([]string{"ls-tree", "-z", "--full-tree"}, args...)...)
	if err != nil {
		return nil, err
	}
	var list []entry
	for _, line := range strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		head, name, ok := strings.Cut(line, "\t")
		if f := strings.Fields(head); ok && len(f) >= 3 {
			e := entry{mode: f[0], object: f[2], name: name, size: -1}
			if len(f) == 4 {
				if n, err := strconv.ParseInt(f[3], 10, 64); err == nil {
					e.size = n
				}
			}
			list = append(list, e)
		}
	}
	return list, nil
}

// prefix is the directory's place in the work tree, "" at its top.
func (r *revision) prefix(ctx context.Context) (string, error) {
	out, err := r.git(ctx, nil, "rev-parse", "--show-prefix")
	return strings.TrimSuffix(string(out), "\n"), err
}

// readFile reads a file as it is in the revision: fs.ErrNotExist when it has none.
func (r *revision) readFile(name string) ([]byte, error) {
	ctx := context.Background()
	prefix, err := r.prefix(ctx)
	if err != nil {
		return nil, err
	}
	list, err := r.list(ctx, r.commit, "--", path.Join(prefix, name))
	switch {
	case err != nil:
		return nil, err
	case len(list) == 0:
		return nil, fs.ErrNotExist
	case !strings.HasPrefix(list[0].mode, "100"):
		return nil, fmt.Errorf("is no regular file at %s", r.name)
	}
	return r.git(ctx, nil, "cat-file", "blob", list[0].object)
}

// declared renders the revision for what it declares: namespaces with their labels, and annotations. It is laid out in a
// directory of its own, which is removed again.
func (r *revision) declared(ctx context.Context, o check.Options) (*check.Declared, error) {
	if !o.NeedsBase() {
		return &check.Declared{}, nil
	}
	dir, err := os.MkdirTemp("", "syncgate-policy-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := r.checkout(ctx, dir); err != nil {
		return nil, fmt.Errorf("laying out %s: %w", r.name, err)
	}
	tree, err := render.OpenTree(dir)
	if err != nil {
		return nil, err
	}
	defer tree.Close()
	discover := o.Discover
	discover.Paths = nil
	pool := render.NewPool(tree, o.Render, o.Limits)
	defer pool.Close()
	found, err := render.Explore(ctx, tree, pool, discover, nil)
	if err != nil {
		return nil, fmt.Errorf("looking through %s: %w", r.name, err)
	}
	return check.Declare(ctx, tree, pool, found.Sources)
}

// checkout writes the revision's files and links below a directory. Submodules are left out.
func (r *revision) checkout(ctx context.Context, dir string) error {
	prefix, err := r.prefix(ctx)
	if err != nil {
		return err
	}
	args := []string{"-r", r.commit}
	if prefix != "" {
		args = append(args, "--", prefix)
	}
	list, err := r.list(ctx, args...)
	if err != nil {
		return err
	}
	files := slices.DeleteFunc(list, func(e entry) bool { return e.mode == "160000" })
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return r.blobs(ctx, files, func(e entry, data []byte) error {
		return writeEntry(root, strings.TrimPrefix(e.name, prefix), e.mode, data)
	})
}

// blobs hands out the contents of files of the revision.
func (r *revision) blobs(ctx context.Context, files []entry, each func(entry, []byte) error) error {
	var ask bytes.Buffer
	for _, e := range files {
		ask.WriteString(e.object + "\n")
	}
	out, err := r.git(ctx, ask.Bytes(), "cat-file", "--batch")
	if err != nil {
		return err
	}
	for _, e := range files {
		var data []byte
		if data, out, err = nextBlob(out); err != nil {
			return err
		}
		if err := each(e, data); err != nil {
			return err
		}
	}
	return nil
}

// nextBlob takes one answer of cat-file --batch: "<object> blob <size>", a newline, the content, a newline.
func nextBlob(out []byte) (data, rest []byte, err error) {
	head, body, ok := bytes.Cut(out, []byte("\n"))
	var object, kind string
	var size int
	if _, err := fmt.Sscanf(string(head), "%s %s %d", &object, &kind, &size); !ok || err != nil || size < 0 || size >= len(body) {
		return nil, nil, fmt.Errorf("git cat-file answered %q", head)
	}
	return body[:size], body[size+1:], nil
}

// writeEntry writes a file or link inside a directory; links are written as they are, and never followed.
func writeEntry(root *os.Root, name, mode string, data []byte) error {
	name = filepath.FromSlash(name)
	if err := makeDirs(root, filepath.Dir(name)); err != nil {
		return err
	}
	if mode == "120000" {
		return root.Symlink(string(data), name)
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

func makeDirs(root *os.Root, dir string) error {
	if dir == "." {
		return nil
	}
	if info, err := root.Lstat(dir); err == nil && info.IsDir() {
		return nil
	}
	if err := makeDirs(root, filepath.Dir(dir)); err != nil {
		return err
	}
	return root.Mkdir(dir, 0o700)
}
