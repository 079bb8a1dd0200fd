package render

import (
	"path"
	"sort"
)

// heavy is how many bytes make a chart one that is rendered before others. The last source to start decides when all are
// done: better a small one.
const heavy = 1 << 20

// maxWeighed bounds the files that are looked at to weigh all charts of a run.
const maxWeighed = 20_000

// heaviestFirst puts large charts before everything else, which stays in order. The size of other sources says little:
// an overlay is small whatever it draws in.
func heaviestFirst(t *Tree, sources []Source) []Source {
	weights, left := make(map[string]int64, len(sources)), maxWeighed
	for _, s := range sources {
		if _, ok := weights[s.Path]; !ok && s.Kind == KindHelm {
			if w := t.root.weigh(s.Path, &left); w >= heavy {
				weights[s.Path] = w
			}
		}
	}
	if len(weights) == 0 {
		return sources
	}
	out := append([]Source(nil), sources...)
	sort.SliceStable(out, func(i, j int) bool { return weights[out[i].Path] > weights[out[j].Path] })
	return out
}

// weigh adds up the files below a directory. What cannot be read weighs nothing: rendering will say why.
func (d *disk) weigh(dir string, left *int) (bytes int64) {
	list, err := d.list(dir)
	if err != nil {
		return 0
	}
	*left -= len(list)
	for _, e := range list {
		name := path.Join(dir, e.Name())
		switch {
		case e.IsDir():
			bytes += d.weigh(name, left)
		case e.Type().IsRegular():
			if info, err := d.lstat(name); err == nil {
				bytes += info.size
			}
		}
		if *left <= 0 {
			return bytes
		}
	}
	return bytes
}
