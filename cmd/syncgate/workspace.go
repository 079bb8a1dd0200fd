package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/syncgate/syncgate/render"
	"github.com/syncgate/syncgate/render/remote"
)

// workspace is the repository a command works on and the paths in it that the user named.
type workspace struct {
	tree  *render.Tree
	paths []string      // relative to the root; empty means all of it
	store *remote.Store // of what is remote, nil before remoteFlags.attach
}

// openWorkspace finds the repository around the named paths: --root, else the git work tree, else the current
// directory, else the path itself.
func openWorkspace(root string, args []string) (*workspace, error) {
	if len(args) == 0 {
		args = []string{"."}
	}
	abs := make([]string, len(args))
	for i, a := range args {
		p, err := filepath.Abs(a)
		if err == nil {
			_, err = os.Lstat(p)
		}
		if err != nil {
			return nil, fmt.Errorf("looking at %s: %w", a, unwrapPath(err))
		}
		if p, err = resolveDir(p); err != nil {
			return nil, fmt.Errorf("looking at %s: %w", a, unwrapPath(err))
		}
		abs[i] = p
	}
	if root == "" {
		root = findRoot(abs)
	}
	tree, err := render.OpenTree(root)
	if err != nil {
		return nil, err
	}
	ws := &workspace{tree: tree}
	for i, p := range abs {
		rel, err := filepath.Rel(tree.Dir(), p)
		if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			return nil, fmt.Errorf("%s is outside the repository %s; name the root that holds all paths with --root", args[i], tree.Dir())
		}
		ws.paths = append(ws.paths, filepath.ToSlash(rel))
	}
	return ws, nil
}

// resolveDir follows links in the directory part of a path; the last part stays as it is unless it is a directory.
func resolveDir(p string) (string, error) {
	if info, err := os.Stat(p); err == nil && info.IsDir() {
		return filepath.EvalSymlinks(p)
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(p))
	return filepath.Join(dir, filepath.Base(p)), err
}

func unwrapPath(err error) error {
	if pe, ok := err.(*os.PathError); ok {
		return pe.Err
	}
	return err
}

func findRoot(abs []string) string {
	first := abs[0]
	if info, err := os.Stat(first); err != nil || !info.IsDir() {
		first = filepath.Dir(first)
	}
	for d := first; ; d = filepath.Dir(d) {
		if _, err := os.Lstat(filepath.Join(d, ".git")); err == nil {
			return d
		}
		if d == filepath.Dir(d) {
			break
		}
	}
	root := first
	if cwd, err := os.Getwd(); err == nil {
		if cwd, err = filepath.EvalSymlinks(cwd); err == nil && inside(first, cwd) {
			root = cwd
		}
	}
	for _, p := range abs {
		for !inside(p, root) {
			root = filepath.Dir(root)
		}
	}
	return root
}

func inside(p, dir string) bool {
	return p == dir || strings.HasPrefix(p, strings.TrimSuffix(dir, string(filepath.Separator))+string(filepath.Separator))
}

// rootPath turns a path the user gave, relative to the current directory, into one relative to the root.
func (ws *workspace) rootPath(p string) (string, error) {
	abs, err := filepath.Abs(p)
	if err != nil {
		return "", err
	}
	if abs, err = resolveDir(abs); err != nil {
		return "", fmt.Errorf("looking at %s: %w", p, unwrapPath(err))
	}
	rel, err := filepath.Rel(ws.tree.Dir(), abs)
	if err != nil || strings.HasPrefix(rel, "..") {
		return "", fmt.Errorf("%s is outside the repository %s", p, ws.tree.Dir())
	}
	return filepath.ToSlash(rel), nil
}
