package render

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
)

// missingDependencies are the dependencies that charts/ does not hold (pkg/action/install.go CheckDependencies), as
// remote charts where their repository is one. The version is that of Chart.lock, as `helm dependency build` takes it.
func (c *loadedChart) missingDependencies() (names []string, needs []Remote) {
	file := "Chart.yaml"
	if c.line(file, "dependencies") == 0 && c.file("requirements.yaml") != c.path {
		file = "requirements.yaml"
	}
	for _, want := range c.Metadata.Dependencies {
		if hasChart(c.Dependencies(), want.Name) {
			continue
		}
		names = append(names, want.Name)
		need := Remote{Kind: RemoteChart, Ref: want.Repository, Chart: want.Name, Version: lockedVersion(c.Lock, want),
			File: c.file(file), Line: c.dependencyLine(file, want.Name)}
		if isChartRepository(want.Repository) {
			needs = append(needs, need)
		}
	}
	return names, needs
}

func lockedVersion(lock *chart.Lock, want *chart.Dependency) string {
	if lock != nil {
		for _, d := range lock.Dependencies {
			if d != nil && d.Name == want.Name && d.Repository == want.Repository {
				return d.Version
			}
		}
	}
	return want.Version
}

// isChartRepository reports whether helm would fetch from a dependency's repository: an address, or the alias of one
// that `helm repo add` knows.
func isChartRepository(repo string) bool {
	for _, prefix := range []string{"https://", "http://", "oci://", "@", "alias:"} {
		if strings.HasPrefix(repo, prefix) {
			return true
		}
	}
	return false
}

// dependencyError says what is missing, and how to get it.
func (c *loadedChart) dependencyError(names []string, needs []Remote) *Error {
	file := "Chart.yaml"
	if c.line(file, "dependencies") == 0 && c.file("requirements.yaml") != c.path {
		file = "requirements.yaml"
	}
	hint := fmt.Sprintf("run `helm dependency build %s` and commit %s, so that the chart renders without a network",
		c.path, path.Join(c.path, "charts"))
	if c.from != nil {
		hint = c.from.Name() + " is served without them; vendor it with them"
	}
	if len(needs) == len(names) {
		host := needs[0].Host()
		if host == "" {
			host = "HOST"
		}
		hint += "; or run `syncgate vendor --allow-remote " + host + "`"
	} else {
		needs = nil // fetching would not make it whole
	}
	return &Error{File: c.file(file), Line: c.dependencyLine(file, names[0]), Hint: hint, Needs: needs,
		Msg: "found in Chart.yaml, but missing in charts/ directory: " + strings.Join(names, ", ")}
}

// fetched are the missing dependencies that were fetched, as the archives that `helm dependency build` would have put
// in charts/.
func (l *chartLoader) fetched(c *loadedChart) ([]rawFile, error) {
	_, needs := c.missingDependencies()
	var out []rawFile
	seen := map[string]bool{}
	for _, need := range needs {
		got, ok := l.tree.copyOf(need)
		if !ok {
			continue
		}
		data, err := l.tree.readCopy(got)
		if err != nil {
			return nil, fileError(need.File, err)
		}
		name := "charts/" + need.Chart + "-" + got.Version + ".tgz"
		if seen[name] {
			continue
		}
		seen[name] = true
		out = append(out, rawFile{name: name, at: filePlace{path: path.Join(c.path, name)}, data: data})
	}
	return out, nil
}

// readCopy reads the one file of a copy.
func (t *Tree) readCopy(c RemoteCopy) ([]byte, error) {
	tree, err := t.copyTree(c.Dir)
	if err != nil {
		return nil, err
	}
	return tree.ReadFile(c.File)
}

// pull puts a fetched chart where kustomize would have had helm untar it: in memory, below name.
func (f *treeFS) pull(name string, want Remote, got RemoteCopy) error {
	data, err := f.t.readCopy(got)
	if err != nil {
		return fmt.Errorf("opening the copy of %s: %w", want.Name(), err)
	}
	l := &chartLoader{tree: f.t, files: maxChartFiles, bytes: maxChartBytes}
	if !bytes.HasPrefix(data, gzipMagic) {
		return &Error{File: want.File, Line: want.Line, Msg: want.Name() + " does not appear to be a gzipped archive"}
	}
	files, err := l.unpack(data, want.File)
	if err != nil {
		return err
	}
	t, inner, dir := f.in(name)
	edits := map[string][]byte{}
	for _, file := range files {
		edits[path.Join(inner, file.name)] = append([]byte{}, file.data...)
	}
	if t = t.With(edits); dir == "." {
		f.t = t
	} else {
		f.copies[dir].tree = t
	}
	if f.pulled == nil {
		f.pulled = map[string]Remote{}
	}
	f.pulled[name] = want
	return nil
}

// under gives an error of a copy's tree the names that krusty knows.
func (e *Error) under(dir string) *Error {
	out := *e
	if e.File != "" {
		out.File = path.Join(dir, e.File)
	}
	out.Needs = append([]Remote{}, e.Needs...)
	for i := range out.Needs {
		out.Needs[i].File = path.Join(dir, out.Needs[i].File)
	}
	return &out
}

// inChart gives an error in a fetched chart the place that names the chart.
func (f *treeFS) inChart(dir string, e *Error) *Error {
	want, ok := f.pulled[dir]
	inner, inside := strings.CutPrefix(e.File, dir+"/")
	if !ok || !inside {
		return e
	}
	out := *e
	if out.Line > 0 {
		inner = fmt.Sprintf("%s:%d", inner, out.Line)
	}
	out.File, out.Line, out.Msg = want.File, want.Line, fmt.Sprintf("in %s of %s: %s", inner, want.Name(), e.Msg)
	return &out
}

// sameCopy reports whether two names stand in the same copy, or both in the repository.
func (f *treeFS) sameCopy(a, b string) bool {
	in, _ := f.shown(a)
	of, _ := f.shown(b)
	return in == of
}
