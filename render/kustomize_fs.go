package render

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// treeFS serves a Tree to krusty, at the path the Tree has on disk so that messages read as the command's do. krusty
// asks for CleanedAbs and ReadFile only (api/internal/loader); everything that writes is refused.
//
// Every file is looked at before krusty sees it. What must not happen at all (leaving the root, network, bombs) is
// kept as fault, which fails the render even where krusty would carry on.
type treeFS struct {
	t     *Tree
	entry string // directory of the entry kustomization, relative to the root
	trace bool   // have the entry kustomization ask for origin annotations
	edit  KustomizeOptions

	fault  error // the first refusal
	schema bool  // a kustomization names an OpenAPI schema

	opened  map[string]bool // directories whose kustomization file krusty looks for next
	asked   krustyFile      // what krusty asked for last
	aliases aliasMeter

	loaded    []*kustomization
	manifests map[string]bool // what kustomizations call their manifests
	read      []readFile      // in order
	inflated  []objectOrigin  // what the charts of helmCharts made

	copies map[string]*shownCopy // of remote files and bases, by the name of their directory
	pulled map[string]Remote     // charts of helmCharts that were fetched, by their directory
}

// krustyFile is a file that krusty has asked for and not read yet.
type krustyFile struct {
	name, real string
	manifest   bool
	dir        string // the directory that it is the kustomization of, "" for other files
}

// readFile is a file that krusty has read.
type readFile struct {
	name     string
	data     []byte
	manifest bool
}

func newTreeFS(t *Tree, entry string, trace bool) *treeFS {
	return &treeFS{t: t, entry: path.Clean(entry), trace: trace, opened: map[string]bool{}, manifests: map[string]bool{},
		aliases: aliasMeter{maxAliased}}
}

// refuse keeps the first reason why the render must fail.
func (f *treeFS) refuse(err error) error {
	if f.fault == nil {
		f.fault = err
	}
	return err
}

// name is the name relative to the root of a path that krusty uses, and an error when that is outside.
func (f *treeFS) name(p string) (string, error) {
	rel, err := filepath.Rel(f.t.Dir(), p)
	if err != nil {
		return p, err
	}
	rel = filepath.ToSlash(rel)
	if leaves(rel) {
		return rel, &LeavesRootError{Name: rel}
	}
	return rel, nil
}

func leaves(name string) bool { return name == ".." || strings.HasPrefix(name, "../") }

func (f *treeFS) abs(name string) string { return filepath.Join(f.t.Dir(), filepath.FromSlash(name)) }

// CleanedAbs follows links and splits a path into directory and file, as filesys.fsOnDisk does, with its messages.
func (f *treeFS) CleanedAbs(p string) (filesys.ConfirmedDir, string, error) {
	name, err := f.name(p)
	if err != nil {
		return "", "", f.refuse(f.locate(name, err))
	}
	if path.Base(name) == lastKustomizationName {
		defer delete(f.opened, path.Dir(name))
	}
	t, inner, dir := f.in(name)
	inside, err := t.Resolve(inner)
	if _, edited := t.Edits()[inside]; err == nil && edited && !t.Exists(inside) {
		err = fs.ErrNotExist
	}
	err = full(dir, err)
	real := path.Join(dir, inside)
	var leaving *LeavesRootError
	switch {
	case errors.As(err, &leaving):
		return "", "", f.refuse(f.locate(name, err))
	case err != nil:
		at := p
		var pe *fs.PathError
		if errors.As(err, &pe) { // names the first part of the path that is not there
			at, err = f.abs(pe.Path), pe.Err
		}
		return "", "", fmt.Errorf("evalsymlink failure on '%s' : %w", p, &fs.PathError{Op: "lstat", Path: at, Err: err})
	case t.IsDir(inside):
		f.opened[real] = true
		return filesys.ConfirmedDir(f.abs(real)), "", nil
	}
	f.asked = krustyFile{name: name, real: real, manifest: f.manifests[name]}
	if dir := path.Dir(name); f.opened[dir] && slices.Contains(konfig.RecognizedKustomizationFileNames(), path.Base(name)) {
		f.asked.dir = dir
	}
	return filesys.ConfirmedDir(filepath.Dir(f.abs(real))), path.Base(real), nil
}

// lastKustomizationName is the last of the names that krusty tries, in order, right after it has opened a directory
// (target.LoadKustFile). At any other time a kustomization file is read as data.
var lastKustomizationName = func() string {
	names := konfig.RecognizedKustomizationFileNames()
	return names[len(names)-1]
}()

// ReadFile returns a file after looking at it. A kustomization may come back changed: see serve.
func (f *treeFS) ReadFile(p string) ([]byte, error) {
	name, err := f.name(p)
	if err != nil {
		return nil, f.refuse(f.locate(name, err))
	}
	t, inner, dir := f.in(name)
	data, err := t.ReadFile(inner)
	if err != nil {
		return nil, f.refuse(f.locate(name, full(dir, err)))
	}
	if err := f.aliases.check(name, data); err != nil {
		return nil, f.refuse(err)
	}
	asked := f.asked
	f.asked = krustyFile{}
	if asked.real != name {
		asked = krustyFile{}
	}
	f.read = append(f.read, readFile{name, data, asked.manifest})
	if asked.dir != "" {
		return f.serve(asked.dir, name, data)
	}
	if err := f.checkPluginConfig(name, data); err != nil {
		return nil, f.refuse(err)
	}
	return data, nil
}

// Exists is true if the path exists in the tree.
func (f *treeFS) Exists(p string) bool {
	name, err := f.name(p)
	t, inner, _ := f.in(name)
	return err == nil && t.Exists(inner)
}

// IsDir is true if the path is a directory in the tree.
func (f *treeFS) IsDir(p string) bool {
	name, err := f.name(p)
	t, inner, _ := f.in(name)
	return err == nil && t.IsDir(inner)
}

var (
	errReadOnly = errors.New("the repository is never written while rendering")
	errUnused   = errors.New("not offered to kustomize")
)

// The rest of filesys.FileSystem, which krusty has no use for.

func (f *treeFS) Create(string) (filesys.File, error)  { return nil, errReadOnly }
func (f *treeFS) Mkdir(string) error                   { return errReadOnly }
func (f *treeFS) MkdirAll(string) error                { return errReadOnly }
func (f *treeFS) RemoveAll(string) error               { return errReadOnly }
func (f *treeFS) WriteFile(string, []byte) error       { return errReadOnly }
func (f *treeFS) Open(string) (filesys.File, error)    { return nil, errUnused }
func (f *treeFS) ReadDir(string) ([]string, error)     { return nil, errUnused }
func (f *treeFS) Glob(string) ([]string, error)        { return nil, errUnused }
func (f *treeFS) Walk(string, filepath.WalkFunc) error { return errUnused }
