package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/syncgate/syncgate/check"
)

// maxBaseline bounds a baseline file: about 300,000 findings.
const maxBaseline = 64 << 20

// baselineFlags say which findings are tolerated for now.
type baselineFlags struct {
	file  string
	write string
}

func (f *baselineFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.file, "baseline", "", "tolerate the findings that this `FILE` lists")
	fs.StringVar(&f.write, "write-baseline", "", "list the findings of today in this `FILE` and tolerate them; where it exists, only take "+
		"out what is mended")
}

// baseline is what the flags come to.
type baseline struct {
	tolerated *check.Baseline // nil for none
	write     string          // "" for nowhere
	notices   []check.Notice
}

// open reads the baseline, from the revision where there is one and the file stands in the repository.
func (f *baselineFlags) open(ws *workspace, rev *revision, since bool) (*baseline, error) {
	b := &baseline{write: f.write}
	switch {
	case f.write != "" && since:
		return nil, fmt.Errorf("--write-baseline and --changed-since do not go together: a baseline is for all sources")
	case f.write != "" && rev != nil:
		return nil, fmt.Errorf("--write-baseline and --policy-ref do not go together: write the baseline on the branch that it is for")
	case f.write != "" && f.file != "" && filepath.Clean(f.write) != filepath.Clean(f.file):
		return nil, fmt.Errorf("--write-baseline %s and --baseline %s name two files; --write-baseline alone does both", f.write, f.file)
	case f.write == "" && f.file == "":
		return b, nil
	}
	name := f.file
	if f.write != "" {
		name = f.write
	}
	data, err := readSmall(name, maxBaseline)
	if rel, ok := ws.inRepository(name); rev != nil && ok {
		name = rel
		if data, err = rev.readFile(rel); errors.Is(err, fs.ErrNotExist) {
			b.notices = append(b.notices, check.Notice{Kind: check.NoticeNotHonoured, File: rel,
				Text: fmt.Sprintf("the baseline is not honoured: %s does not have it", rev.name)})
			return b, nil
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist) && f.write != "":
		return b, nil
	case err != nil:
		return nil, fmt.Errorf("reading the baseline %s: %w", name, unwrapPath(err))
	}
	b.tolerated, err = check.ParseBaseline(filepath.ToSlash(name), data)
	return b, err
}

// apply exempts what is tolerated, and writes what is to be from now on.
func (b *baseline) apply(run *check.Run, whole bool) error {
	run.Say(b.notices...)
	next := b.tolerated
	switch {
	case next != nil:
		rest, stale := next.Tolerate(run, whole)
		if stale > 0 && b.write == "" {
			run.Say(next.StaleNotice(stale))
		}
		next = rest
	case b.write != "":
		if n := run.Errors(); n > 0 {
			run.Say(check.Notice{Kind: check.NoticeBaseline, File: b.write,
				Text: "the baseline is not written: some sources could not be judged; mend them first"})
			return nil
		}
		next = check.NewBaseline(filepath.ToSlash(b.write), run)
		next.Tolerate(run, whole)
	}
	if b.write == "" {
		return nil
	}
	data, err := next.Bytes()
	if err == nil {
		err = os.WriteFile(b.write, data, 0o644)
	}
	if err != nil {
		return fmt.Errorf("writing the baseline %s: %w", b.write, unwrapPath(err))
	}
	return nil
}
