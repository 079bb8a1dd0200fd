package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/pflag"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/check/config"
	"github.com/syncgate/syncgate/gitops/github"
	"github.com/syncgate/syncgate/render"
)

// sinceFlags say what has to be looked at by what has changed.
type sinceFlags struct {
	ref string
}

func (f *sinceFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.ref, "changed-since", "", "only sources that may render something else than at this git `REVISION`: what is in the work tree "+
		"counts, untracked files too")
}

// maxChanged is how many files may have changed before every source counts: with more, finding out costs more than it saves.
const maxChanged = 2000

// open compares the work tree with the revision; nil when nobody asked. Changes of the files that inputs names, of a config and of
// the lock concern every source.
func (f *sinceFlags) open(ctx context.Context, ws *workspace, inputs ...string) (*check.Since, error) {
	if f.ref == "" {
		return nil, nil
	}
	rev, err := openRevision(ctx, ws.tree.Dir(), "--changed-since", f.ref)
	if err != nil {
		return nil, err
	}
	since := &check.Since{Name: rev.name}
	compared := make(chan error, 1)
	go func() { compared <- f.compare(ctx, since, rev, ws, inputs) }() // while sources are looked for
	since.Compared = sync.OnceValue(func() error { return <-compared })
	return since, nil
}

// compare finds out what has changed.
func (f *sinceFlags) compare(ctx context.Context, since *check.Since, rev *revision, ws *workspace, inputs []string) error {
	d, err := rev.differences(ctx, ws.tree.Dir())
	if err != nil {
		return fmt.Errorf("--changed-since %s: comparing the work tree with it: %w", f.ref, err)
	}
	since.Changed = d.names
	for _, name := range inputs {
		if rel, ok := ws.inRepository(name); ok && name != "" && slices.Contains(d.names, rel) {
			since.All = rel + " has changed"
		}
	}
	for _, name := range d.names {
		switch {
		case path.Base(name) == config.FileName || name == render.LockFile:
			since.All = name + " has changed"
		case d.links[name]:
			since.All = "the link " + name + " has changed"
		}
	}
	if len(d.names) > maxChanged {
		since.All = fmt.Sprintf("%d files have changed", len(d.names))
	}
	if since.All != "" {
		return nil
	}
	edits := map[string][]byte{}
	for _, name := range d.names {
		edits[name] = nil
	}
	err = rev.blobs(ctx, d.old, func(e entry, data []byte) error {
		edits[strings.TrimPrefix(e.name, d.prefix)] = append([]byte{}, data...)
		return nil
	})
	if err != nil {
		return fmt.Errorf("--changed-since %s: reading what has changed: %w", f.ref, err)
	}
	since.Before = ws.tree.With(edits)
	return nil
}

// differences are the files in which a work tree differs from a revision.
type differences struct {
	prefix string
	names  []string        // sorted, relative to the directory
	links  map[string]bool // of those, what is or was a link or another repository
	old    []entry         // of those, the files that the revision has
}

// differences compares contents itself: git's own comparison believes the index, which can be told not to look at a file, and
// runs filters. Files that git ignores are rendered, so they count.
func (r *revision) differences(ctx context.Context, dir string) (*differences, error) {
	d := &differences{links: map[string]bool{}}
	var err error
	if d.prefix, err = r.prefix(ctx); err != nil {
		return nil, err
	}
	args := []string{"-r", "-l", r.commit}
	if d.prefix != "" {
		args = append(args, "--", d.prefix)
	}
	list, err := r.list(ctx, args...)
	if err != nil {
		return nil, err
	}
	was := map[string]entry{}
	for _, e := range list {
		was[strings.TrimPrefix(e.name, d.prefix)] = e
	}
	var todo []compared
	err = filepath.WalkDir(dir, func(file string, x fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil // what cannot be read is an error of the sources that do
		case strings.EqualFold(x.Name(), ".git") && x.IsDir():
			return filepath.SkipDir
		case x.IsDir() || strings.EqualFold(x.Name(), ".git"):
			return nil
		}
		rel, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		old, ok := was[name]
		delete(was, name)
		todo = append(todo, compared{file, name, x, old, ok, false})
		return nil
	})
	var wg sync.WaitGroup
	for part := range slices.Chunk(todo, len(todo)/runtime.GOMAXPROCS(0)+1) {
		wg.Go(func() {
			for i := range part {
				part[i].same = part[i].known && sameFile(part[i].file, part[i].entry, part[i].old)
			}
		})
	}
	wg.Wait()
	for _, c := range todo {
		if !c.same {
			d.add(c.name, c.old, c.known, c.entry.Type()&fs.ModeSymlink != 0)
		}
	}
	for name, old := range was {
		d.add(name, old, true, false)
	}
	slices.Sort(d.names)
	return d, err
}

// compared is a file of the work tree beside what the revision has of that name.
type compared struct {
	file, name  string
	entry       fs.DirEntry
	old         entry
	known, same bool
}

func (d *differences) add(name string, old entry, ok, link bool) {
	d.names = append(d.names, name)
	if link || ok && !strings.HasPrefix(old.mode, "100") {
		d.links[name] = true
	} else if ok {
		d.old = append(d.old, old)
	}
}

// sameFile reports whether a file is what the revision has, but for its permissions.
func sameFile(file string, x fs.DirEntry, old entry) bool {
	if x.Type()&fs.ModeSymlink != 0 {
		to, err := os.Readlink(file)
		return err == nil && old.mode == "120000" && github.BlobID([]byte(to)) == old.object
	}
	info, err := x.Info()
	if err != nil || !info.Mode().IsRegular() || !strings.HasPrefix(old.mode, "100") || info.Size() != old.size {
		return false
	}
	data, err := os.ReadFile(file)
	return err == nil && github.BlobID(data) == old.object
}
