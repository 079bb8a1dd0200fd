package render

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/ignore"
)

// The bounds of what one chart may hold, subcharts included. Helm's own bounds hold beside them: 5 MiB for a file,
// 100 MiB for an unpacked archive.
const (
	maxChartFiles = 20_000
	maxChartBytes = 256 << 20
	maxChartDepth = 32   // charts within charts
	maxCharts     = 1000 // charts to render: a dependency may stand for many, under as many aliases
)

var (
	utf8BOM   = []byte("\xef\xbb\xbf")
	gzipMagic = []byte("\x1f\x8b\x08")
)

// filePlace is where a file of a chart stands in the tree: itself, or the archive that holds it.
type filePlace struct {
	path   string
	packed bool
}

// rawFile is one file of a chart, by its name within the chart.
type rawFile struct {
	name string
	at   filePlace
	data []byte
}

// loadedChart is a chart, and where in the tree its files stand.
type loadedChart struct {
	*chart.Chart
	path string  // the directory or archive, links resolved; of a chart from elsewhere the file that names it
	from *Remote // of a chart from elsewhere
	at   map[*chart.File]filePlace
}

// chartLoader loads one chart through a tree.
type chartLoader struct {
	tree  *Tree
	files int // how many more may come
	bytes int // how many more may come
	at    map[*chart.File]filePlace
}

// loadChart loads the chart directory or packaged chart at name (pkg/chart/loader, whose LoadDir would follow links
// anywhere). A chart must be loaded afresh for each render: rendering changes it.
func loadChart(t *Tree, name string) (*loadedChart, error) {
	real, err := t.Resolve(name)
	if err != nil {
		return nil, fileError(name, err)
	}
	l := &chartLoader{tree: t, files: maxChartFiles, bytes: maxChartBytes, at: map[*chart.File]filePlace{}}
	var files []rawFile
	if t.IsDir(real) {
		files, err = l.directory(real)
	} else {
		files, err = l.packaged(real)
	}
	if err != nil {
		return nil, err
	}
	c, err := l.assemble(files, real, 0)
	if err != nil {
		return nil, err
	}
	if more, err := l.fetched(&loadedChart{Chart: c, path: real, at: l.at}); err != nil {
		return nil, err
	} else if len(more) > 0 {
		if c, err = l.assemble(append(files, more...), real, 0); err != nil {
			return nil, err
		}
	}
	if countCharts(c, maxCharts) > maxCharts {
		return nil, &Error{File: real, Limit: true, Msg: fmt.Sprintf("the chart and its dependencies are more than %d charts", maxCharts),
			Hint: "look for aliases that multiply"}
	}
	return &loadedChart{Chart: c, path: real, at: l.at}, nil
}

// countCharts is how many charts rendering c comes to when all dependencies are enabled, once for each alias; limit+1
// when there are more than limit.
func countCharts(c *chart.Chart, limit int) int {
	n := 1
	for _, sub := range c.Dependencies() {
		times := 0
		for _, d := range c.Metadata.Dependencies {
			if d.Name == sub.Name() {
				times++
			}
		}
		if n += max(times, 1) * countCharts(sub, limit); n > limit {
			return limit + 1
		}
	}
	return n
}

// packaged reads a chart archive of the tree (pkg/chart/loader/archive.go LoadFile).
func (l *chartLoader) packaged(name string) ([]rawFile, error) {
	data, err := l.tree.ReadFile(name)
	if err != nil {
		return nil, fileError(name, err)
	}
	if !bytes.HasPrefix(data, gzipMagic) {
		return nil, &Error{File: name, Msg: "does not appear to be a gzipped archive",
			Hint: "expected a chart directory, or a chart as `helm package` writes it"}
	}
	return l.unpack(data, name)
}

// directory reads the files of a chart directory, in the order of helm's walk, but for those that its .helmignore
// names (pkg/chart/loader/directory.go LoadDir).
func (l *chartLoader) directory(dir string) ([]rawFile, error) {
	rules := ignore.Empty()
	if file := path.Join(dir, ignore.HelmIgnore); l.tree.Exists(file) {
		data, err := l.tree.ReadFile(file)
		if err != nil {
			return nil, fileError(file, err)
		}
		if rules, err = ignore.Parse(bytes.NewReader(data)); err != nil {
			return nil, &Error{File: file, Line: ignoreLine(data), Msg: err.Error(), Hint: "helm cannot read this rule"}
		}
	}
	rules.AddDefaults()
	w := chartWalk{chartLoader: l, rules: rules}
	err := w.dir(dir, "", []string{dir})
	return w.out, err
}

// ignoreLine is the first line of a .helmignore that helm cannot read, 0 when no line is at fault.
func ignoreLine(data []byte) int {
	for i, line := range bytes.Split(data, []byte("\n")) {
		if _, err := ignore.Parse(bytes.NewReader(line)); err != nil {
			return i + 1
		}
	}
	return 0
}

// chartWalk collects the files below a chart directory.
type chartWalk struct {
	*chartLoader
	rules *ignore.Rules
	out   []rawFile
}

// dir walks the directory real, which the chart knows as rel. above holds the resolved directories that the walk is
// in, to find links that loop (helm's internal/sympath walks them until the path is too long).
func (w *chartWalk) dir(real, rel string, above []string) error {
	entries, err := w.tree.ReadDir(real)
	if err != nil {
		return fileError(real, err)
	}
	for _, e := range entries {
		name, at := path.Join(rel, e.Name), path.Join(real, e.Name)
		if e.Link {
			target, err := w.tree.Resolve(at)
			if err != nil {
				if w.ignored(name, false) && w.ignored(name, true) && errors.As(err, new(*LeavesRootError)) {
					continue
				}
				return fileError(at, err)
			}
			at = target
		}
		if w.ignored(name, e.Dir) {
			continue
		}
		if !e.Dir {
			if err := w.file(at, name); err != nil {
				return err
			}
			continue
		}
		for _, d := range above {
			if d == at {
				return &Error{File: path.Join(real, e.Name), Msg: "a link that leads to a directory around itself",
					Hint: "remove the link, or name it in .helmignore"}
			}
		}
		if err := w.dir(at, name, append(above[:len(above):len(above)], at)); err != nil {
			return err
		}
	}
	return nil
}

func (w *chartWalk) file(at, name string) error {
	data, err := w.tree.ReadFile(at)
	if err != nil {
		return fileError(at, err)
	}
	if int64(len(data)) > loader.MaxDecompressedFileSize {
		return &Error{File: at, Limit: true, Hint: "name it in .helmignore",
			Msg: fmt.Sprintf("chart file %q is larger than the maximum file size %d", path.Base(name), loader.MaxDecompressedFileSize)}
	}
	if err := w.take(len(data), at); err != nil {
		return err
	}
	w.out = append(w.out, rawFile{name: name, at: filePlace{path: at}, data: bytes.TrimPrefix(data, utf8BOM)})
	return nil
}

// take counts one more file.
func (l *chartLoader) take(size int, at string) error {
	l.files--
	l.bytes -= size
	switch {
	case l.files < 0:
		return &Error{File: at, Limit: true, Msg: fmt.Sprintf("the chart holds more than %d files", maxChartFiles),
			Hint: "name what is no part of the chart in .helmignore"}
	case l.bytes < 0:
		return &Error{File: at, Limit: true, Msg: fmt.Sprintf("the chart holds more than %d MB", maxChartBytes>>20),
			Hint: "name what is no part of the chart in .helmignore"}
	}
	return nil
}

func (w *chartWalk) ignored(name string, dir bool) bool {
	return w.rules.Ignore(name, dirInfo{dir: dir})
}

// dirInfo answers the one question that ignore rules ask.
type dirInfo struct {
	fs.FileInfo
	dir bool
}

func (i dirInfo) IsDir() bool { return i.dir }

// assemble makes a chart of its files, and of charts/ its subcharts (pkg/chart/loader/load.go LoadFiles). Subcharts
// stand in the order of their names; helm's order is random.
func (l *chartLoader) assemble(files []rawFile, at string, depth int) (*chart.Chart, error) {
	if depth > maxChartDepth {
		return nil, &Error{File: at, Limit: true, Msg: fmt.Sprintf("charts within charts, more than %d deep", maxChartDepth)}
	}
	var own []*loader.BufferedFile
	where := map[string]filePlace{}
	subs := map[string][]rawFile{}
	for _, f := range files {
		inside, ok := strings.CutPrefix(f.name, "charts/")
		if ok && path.Ext(f.name) != ".prov" {
			sub, _, _ := strings.Cut(inside, "/")
			subs[sub] = append(subs[sub], rawFile{name: inside, at: f.at, data: f.data})
			continue
		}
		own = append(own, &loader.BufferedFile{Name: f.name, Data: f.data})
		where[f.name] = f.at
	}
	c, err := loader.LoadFiles(own)
	if err != nil {
		return nil, chartError(err, where, at)
	}
	for _, list := range [][]*chart.File{c.Raw, c.Templates, c.Files} {
		for _, f := range list {
			l.at[f] = where[f.Name]
		}
	}
	names := make([]string, 0, len(subs))
	for name := range subs {
		if strings.IndexAny(name, "_.") != 0 {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	for _, name := range names {
		sub, err := l.subchart(name, subs[name], at, depth+1)
		if err != nil {
			return nil, err
		}
		c.AddDependency(sub)
	}
	return c, nil
}

// subchart makes a chart of what stands below charts/name in the chart at.
func (l *chartLoader) subchart(name string, files []rawFile, at string, depth int) (*chart.Chart, error) {
	if !files[0].at.packed {
		at = path.Join(at, "charts", name)
	}
	if path.Ext(name) != ".tgz" {
		var inner []rawFile
		for _, f := range files {
			if _, rest, ok := strings.Cut(f.name, "/"); ok {
				inner = append(inner, rawFile{name: rest, at: f.at, data: f.data})
			}
		}
		return l.assemble(inner, at, depth)
	}
	if files[0].name != name {
		return nil, &Error{File: at, Msg: fmt.Sprintf("expected %s, got %s", name, files[0].name),
			Hint: "a name that ends in .tgz must be a packaged chart, not a directory"}
	}
	inner, err := l.unpack(files[0].data, files[0].at.path)
	if err != nil {
		return nil, err
	}
	return l.assemble(inner, files[0].at.path, depth)
}
