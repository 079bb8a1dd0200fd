package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/check/config"
)

// loadedConfig is the config in force and what is to be said about how it was found.
type loadedConfig struct {
	*config.Config
	notices []check.Notice
}

// loadConfig reads the config: --config, or else the file nearest to the named paths, up to the root. With a revision,
// a file inside the repository is read as it was there; one outside is the administrator's.
func (f *sourceFlags) loadConfig(ws *workspace, rev *revision) (*loadedConfig, error) {
	if f.given != nil {
		return &loadedConfig{Config: f.given}, nil
	}
	if f.configFile != "" {
		return f.namedConfig(ws, rev)
	}
	here, data, err := findConfig(ws.paths, ws.tree.ReadFile)
	if err != nil {
		return nil, err
	}
	if rev == nil {
		return parseConfig(here, data)
	}
	there, base, err := findConfig(ws.paths, rev.readFile)
	if err != nil {
		return nil, err
	}
	out, err := parseConfig(there, base)
	if err != nil {
		return nil, fmt.Errorf("at %s: %w", rev.name, err)
	}
	if here != there || !bytes.Equal(data, base) {
		out.notices = append(out.notices, notHonoured(here, there, rev))
	}
	return out, nil
}

// notHonoured says that the work tree's file is another than the revision's.
func notHonoured(here, there string, rev *revision) check.Notice {
	n := check.Notice{Kind: check.NoticeNotHonoured, File: here}
	switch {
	case there == "":
		n.Text = fmt.Sprintf("is not honoured: %s has no %s", rev.name, path.Base(here))
	case here == "":
		n.File, n.Text = there, fmt.Sprintf("is gone in the work tree; that of %s applies", rev.name)
	default:
		n.Text = fmt.Sprintf("differs from that of %s, which applies", rev.name)
	}
	return n
}

func (f *sourceFlags) namedConfig(ws *workspace, rev *revision) (*loadedConfig, error) {
	if rel, ok := ws.inRepository(f.configFile); rev != nil && ok {
		data, err := rev.readFile(rel)
		if err != nil {
			return nil, fmt.Errorf("--config: %s at %s: %w; a file outside of the repository is read as it is", rel, rev.name, unwrapPath(err))
		}
		return parseConfig(rel, data)
	}
	data, err := readSmall(f.configFile, config.MaxSize)
	if err != nil {
		return nil, fmt.Errorf("--config %s: %w", f.configFile, unwrapPath(err))
	}
	return parseConfig(filepath.ToSlash(f.configFile), data)
}

func parseConfig(file string, data []byte) (*loadedConfig, error) {
	if file == "" {
		return &loadedConfig{Config: &config.Config{}}, nil
	}
	c, err := config.Parse(file, data)
	return &loadedConfig{Config: c}, err
}

// findConfig looks for the config from the folder that holds all paths up to the root. The name is "" when there is none.
func findConfig(paths []string, read func(string) ([]byte, error)) (name string, data []byte, err error) {
	for dir := commonDir(paths); ; dir = path.Dir(dir) {
		name := path.Join(dir, config.FileName)
		data, err := read(name)
		switch {
		case err == nil:
			return name, data, nil
		case !errors.Is(err, fs.ErrNotExist) && !strings.Contains(err.Error(), "not a directory"):
			return "", nil, fmt.Errorf("%s: %w", name, unwrapPath(err))
		case dir == ".":
			return "", nil, nil
		}
	}
}

// commonDir is the deepest path that all paths are or stand below; for one path it is that path, even when it is a file.
func commonDir(paths []string) string {
	if len(paths) == 0 {
		return "."
	}
	common := paths[0]
	for _, p := range paths[1:] {
		for common != "." && p != common && !strings.HasPrefix(p, common+"/") {
			common = path.Dir(common)
		}
	}
	return common
}

// inRepository is the name in the repository of a path that the user gave. A path that is written as one inside stays one
// even when a link in it leads out: the link may be part of the change that is judged.
func (ws *workspace) inRepository(name string) (rel string, ok bool) {
	abs := name
	if !filepath.IsAbs(name) {
		cwd, err := os.Getwd()
		if err == nil {
			cwd, err = filepath.EvalSymlinks(cwd)
		}
		if err != nil {
			return "", false
		}
		abs = filepath.Join(cwd, name)
	}
	if inside(filepath.Clean(abs), ws.tree.Dir()) {
		rel, err := filepath.Rel(ws.tree.Dir(), abs)
		return filepath.ToSlash(rel), err == nil
	}
	rel, err := ws.rootPath(name)
	return rel, err == nil
}

// readSmall reads a file that has at most max bytes.
func readSmall(name string, max int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, max+1))
	if err == nil && int64(len(data)) > max {
		err = fmt.Errorf("has more than the %d KB that are read", max>>10)
	}
	return data, err
}
