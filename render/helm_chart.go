package render

import (
	"bytes"
	"fmt"
	"path"
	"strings"
)

// chartPlace is where a source's chart is read: in the tree, or in one of its own when it comes from elsewhere.
type chartPlace struct {
	tree   *Tree
	path   string
	source *Source // nil when the chart is the repository's
}

// loadSource reads the values and the chart of a Helm source.
func loadSource(t *Tree, src Source, b *budget) (map[string]any, *loadedChart, error) {
	place := chartPlace{tree: t, path: src.Path}
	if src.Chart != nil {
		var err error
		if place, err = pulledChart(t, src); err != nil {
			return nil, nil, err
		}
	}
	vals, err := helmValues(t, place, src, b)
	if err != nil {
		return nil, nil, err
	}
	c, err := place.load()
	return vals, c, err
}

// pulledDir is where a fetched chart is unpacked, in memory.
const pulledDir = "chart"

// overrideFile is what Argo CD looks for in a chart that it has fetched, too.
const overrideFile = ".argocd-source"

// pulledChart unpacks the chart of a source from elsewhere. As Argo CD unpacks it, too, it is read as a directory is.
func pulledChart(t *Tree, src Source) (chartPlace, error) {
	want := *src.Chart
	c, ok := t.copyOf(want)
	if !ok {
		return chartPlace{}, want.missing()
	}
	fail := func(format string, args ...any) (chartPlace, error) {
		return chartPlace{}, &Error{File: want.File, Line: want.Line, Msg: want.Name() + " " + fmt.Sprintf(format, args...),
			Hint: "look at what its repository serves"}
	}
	data, err := t.readCopy(c)
	if err != nil {
		return fail("cannot be read: %v", err)
	}
	if !bytes.HasPrefix(data, gzipMagic) {
		return fail("does not appear to be a gzipped archive")
	}
	l := &chartLoader{tree: t, files: maxChartFiles, bytes: maxChartBytes}
	files, err := l.unpack(data, want.File)
	if err != nil {
		return chartPlace{}, err
	}
	edits := map[string][]byte{}
	for _, f := range files {
		if strings.HasPrefix(f.name, overrideFile) {
			return fail("holds %s, which Argo CD would merge into the Application's source", f.name)
		}
		edits[path.Join(pulledDir, f.name)] = append([]byte{}, f.data...)
	}
	tree, err := t.copyTree(c.Dir)
	if err != nil {
		return fail("cannot be read: %v", err)
	}
	return chartPlace{tree.With(edits), pulledDir, &src}, nil
}

// load loads the chart. The files of one from elsewhere stand in the file that names it.
func (p chartPlace) load() (*loadedChart, error) {
	c, err := loadChart(p.tree, p.path)
	if err != nil || p.source == nil {
		return c, p.outside(err)
	}
	c.path, c.from = p.source.Path, p.source.Chart
	for f := range c.at {
		c.at[f] = filePlace{path: p.source.Path, packed: true}
	}
	return c, nil
}

// layer reads one layer of values.
func (p chartPlace) layer(t *Tree, l ValueLayer, b *budget) (map[string]any, error) {
	if l.Encoding != EncodingChart {
		return readLayer(t, l, b)
	}
	if p.source == nil {
		return nil, &Error{File: l.File, Msg: "is a layer of values of a chart from elsewhere, and the chart is the repository's"}
	}
	l.File, l.Encoding = path.Join(p.path, l.File), EncodingFile
	vals, err := readLayer(p.tree, l, b)
	return vals, p.outside(err)
}

// outside gives an error in a chart from elsewhere the place that names the chart.
func (p chartPlace) outside(err error) error {
	if err == nil || p.source == nil {
		return err
	}
	out := asError(err, *p.source)
	want := p.source.Chart
	inner, inside := strings.CutPrefix(out.File, p.path+"/")
	switch {
	case inside && out.Line > 0:
		inner = fmt.Sprintf("%s:%d", inner, out.Line)
		fallthrough
	case inside:
		out.Msg = fmt.Sprintf("in %s of %s: %s", inner, want.Name(), out.Msg)
	case out.File == p.path:
		out.Msg = fmt.Sprintf("in %s: %s", want.Name(), out.Msg)
	}
	out.File, out.Line = want.File, want.Line
	return out
}
