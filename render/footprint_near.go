package render

import "path"

// Near are those of all sources that may look at a file that one of some may look at, or at a file that one of those may
// look at, and so on: some themselves, and what has anything to do with them. Only sources that are Near can notice a change
// of a file that one of them looks at. The lock counts for nothing here: every source looks at it.
func (f *Footprints) Near(some, all []Source) []Source {
	near := map[string]bool{}
	files := map[string]bool{}
	for next := some; len(next) > 0; {
		names, below := map[string]bool{}, map[string]bool{}
		for _, s := range next {
			near[s.ID] = true
			p := f.Of(s)
			if p.unknown {
				return all
			}
			for n := range p.names {
				names[n] = true
			}
			for n := range p.below {
				below[n] = true
			}
		}
		fresh := f.filesAmong(names, below, files)
		next = nil
		for _, s := range all {
			if !near[s.ID] && f.Of(s).meets(fresh) {
				next = append(next, s)
			}
		}
	}
	var out []Source
	for _, s := range all {
		if near[s.ID] {
			out = append(out, s)
		}
	}
	return out
}

// filesAmong adds to files those that are named, or stand below a directory, and returns the new ones (true) with the
// directories above them (false).
func (f *Footprints) filesAmong(names, below, files map[string]bool) map[string]bool {
	fresh := map[string]bool{}
	for name, e := range f.index {
		if e.Dir || files[name] || name == LockFile {
			continue
		}
		in := names[name] || below["."]
		for d := name; d != "." && !in; d = path.Dir(d) {
			in = below[d]
		}
		if !in {
			continue
		}
		files[name], fresh[name], fresh["."] = true, true, false
		for d := path.Dir(name); d != "."; d = path.Dir(d) {
			fresh[d] = false
		}
	}
	return fresh
}

// meets reports whether the source may look at one of the files that filesAmong returns.
func (p *Footprint) meets(files map[string]bool) bool {
	if p.unknown {
		return true
	}
	for n := range p.names {
		if files[n] {
			return true
		}
	}
	for n := range p.below {
		if _, ok := files[n]; ok {
			return true
		}
	}
	return false
}
