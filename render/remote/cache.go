package remote

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/syncgate/syncgate/render"
)

// cache keeps what was fetched, one directory for each thing and digest. What was fetched from one place is never found
// under another, whatever a lock says: a lock is written by whoever writes the repository.
type cache struct {
	dir        string // DefaultCacheDir when empty
	repository string // which the cache must not lie in
	verified   map[string]bool
}

// path is the cache's directory.
func (c *cache) path() (string, error) {
	if c.dir == "" {
		dir, err := DefaultCacheDir()
		if err != nil {
			return "", err
		}
		c.dir = dir
	}
	abs, err := filepath.Abs(c.dir)
	if err != nil {
		return "", err
	}
	if rel, err := filepath.Rel(c.repository, abs); err == nil && filepath.IsLocal(rel) {
		return "", &render.Error{Msg: "the cache of remote bases and charts, " + abs + ", lies inside the repository",
			Hint: "set XDG_CACHE_HOME to a directory outside of it"}
	}
	c.dir = abs
	return abs, nil
}

func (c *cache) entry(identity string, e Entry) (string, error) {
	dir, err := c.path()
	sum := sha256.Sum256([]byte(identity + "\x00" + e.Digest))
	return filepath.Join(dir, hex.EncodeToString(sum[:])), err
}

// get gives the directory of something that was fetched before, after looking whether it is still what it was.
func (c *cache) get(identity string, e Entry) (dir string, ok bool, err error) {
	if dir, err = c.entry(identity, e); err != nil {
		return "", false, err
	}
	if c.verified[dir] {
		return dir, true, nil
	}
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	found, err := digest(dir, e.Kind)
	if err != nil || found != e.Digest {
		return "", false, &render.Error{Msg: fmt.Sprintf("the copy in the cache is damaged: %s", dir), Hint: "remove that directory, and fetch again"}
	}
	c.verified[dir] = true
	return dir, true, nil
}

// temp makes a directory that put can take.
func (c *cache) temp() (string, error) {
	dir, err := c.path()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return os.MkdirTemp(dir, "tmp-")
}

// put moves a directory of temp's into the cache.
func (c *cache) put(identity string, e Entry, tmp string) (string, error) {
	dir, err := c.entry(identity, e)
	if err != nil {
		return "", err
	}
	if err := os.Rename(tmp, dir); err != nil {
		if _, ok, err := c.get(identity, e); err != nil || !ok { // there before, or by another process
			return "", errors.Join(err, fmt.Errorf("writing to the cache %s failed", c.dir))
		}
	}
	c.verified[dir] = true
	return dir, nil
}

// digest is what a lock says of a fetched thing: the SHA-256 of its file, or for a directory that of the list of its
// files, with their digests.
func digest(dir string, kind render.RemoteKind) (string, error) {
	sum := sha256.New()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", err
	}
	defer root.Close()
	if kind == render.RemoteBase {
		err = digestTree(sum, root)
	} else {
		err = digestFile(sum, root, fileName)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), err
}

func digestFile(sum hash.Hash, root *os.Root, name string) error {
	info, err := root.Lstat(name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file", name)
	}
	f, err := root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(sum, f)
	return err
}

// digestTree writes a line for each file, in the order of names: its kind, digest and name.
func digestTree(sum hash.Hash, root *os.Root) error {
	return fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		one := sha256.New()
		kind := "file"
		if d.Type()&fs.ModeSymlink != 0 {
			target, err := root.Readlink(filepath.FromSlash(name))
			if err != nil {
				return err
			}
			kind = "link"
			io.WriteString(one, target)
		} else if err := digestFile(one, root, filepath.FromSlash(name)); err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s %x %s\n", kind, one.Sum(nil), strings.ReplaceAll(name, "\n", "\\n"))
		return nil
	})
}
