package render

import (
	"fmt"
	"path"
	"regexp"

	"github.com/gobwas/glob"
)

// renderDirectory reads a directory of manifests as Argo CD does (argo-cd: reposerver/repository/repository.go
// findManifests). Files without objects are passed over, Jsonnet is refused.
func renderDirectory(t *Tree, src Source, opts Options, b *budget) (objects []Object, empty int, err error) {
	if !t.IsDir(src.Path) {
		return nil, 0, &Error{File: src.Path, Msg: "is no directory", Hint: "correct the path that the Application names"}
	}
	files, err := directoryFiles(t, src.Path, src.Directory)
	if err != nil {
		return nil, 0, err
	}
	for _, f := range files {
		if path.Ext(f) == ".jsonnet" {
			return nil, 0, &Error{File: f, Msg: "Jsonnet is not evaluated", Hint: "exclude it in the Application's directory, or commit what it gives"}
		}
		more, blank, _, err := renderPlain(t, Source{ID: src.ID, Path: f, Kind: KindPlain}, opts, b)
		if err != nil {
			return nil, 0, err
		}
		objects, empty = append(objects, more...), empty+blank
	}
	return objects, empty, nil
}

// directoryManifest is what files of a directory are called (manifestFile).
var directoryManifest = regexp.MustCompile(`^.*\.(yaml|yml|json|jsonnet)$`)

// directoryFiles are the files of a directory that an Application would apply, in the order of their names. Linked
// directories are not entered.
func directoryFiles(t *Tree, dir string, o DirectoryOptions) ([]string, error) {
	include, err := compileGlob("include", dir, o.Include)
	if err != nil {
		return nil, err
	}
	exclude, err := compileGlob("exclude", dir, o.Exclude)
	if err != nil {
		return nil, err
	}
	var out []string
	var walk func(rel string) error
	walk = func(rel string) error {
		entries, err := t.ReadDir(path.Join(dir, rel))
		if err != nil {
			return err
		}
		for _, e := range entries {
			name := path.Join(rel, e.Name)
			switch {
			case e.Dir && !e.Link && o.Recurse:
				if err := walk(name); err != nil {
					return err
				}
			case e.Dir || !directoryManifest.MatchString(e.Name):
			case exclude != nil && exclude.Match(name) || include != nil && !include.Match(name):
			default:
				out = append(out, path.Join(dir, name))
			}
		}
		return nil
	}
	return out, walk("")
}

func compileGlob(field, dir, pattern string) (glob.Glob, error) {
	if pattern == "" {
		return nil, nil
	}
	g, err := glob.Compile(pattern)
	if err != nil {
		return nil, &Error{File: dir, Msg: fmt.Sprintf("directory.%s %q: %v", field, pattern, err),
			Hint: "correct the pattern in the Application"}
	}
	return g, nil
}
