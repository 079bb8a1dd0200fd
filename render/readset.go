package render

import (
	"path"
	"sort"
	"strings"
	"sync"
)

// ReadSet is everything a render looked at in its Tree. Names are resolved (links followed), sorted and unique.
type ReadSet struct {
	Files   []string // read
	Probed  []string // looked at, not read
	Dirs    []string // listed
	Links   []string // symbolic links gone through
	Missing []string // looked for in vain: were they to appear, the result could change
}

// Affected reports whether a change of the named files (added, changed or removed) can change the result.
func (s ReadSet) Affected(changed []string) bool {
	for _, c := range changed {
		if has(s.Files, c) || has(s.Probed, c) || has(s.Links, c) || has(s.Missing, c) || has(s.Dirs, path.Dir(c)) {
			return true
		}
		for d := path.Dir(c); d != "."; d = path.Dir(d) {
			if has(s.Missing, d) || has(s.Links, d) {
				return true
			}
		}
	}
	return false
}

// Merge adds what another set holds.
func (s *ReadSet) Merge(o ReadSet) {
	r := newRecorder()
	for _, x := range []ReadSet{*s, o} {
		for _, f := range x.Files {
			r.file(f)
		}
		for _, f := range x.Probed {
			r.probe(f)
		}
		for _, f := range x.Dirs {
			r.dir(f)
		}
		for _, f := range x.Links {
			r.link(f)
		}
		for _, f := range x.Missing {
			r.missing(f)
		}
	}
	*s = r.set()
}

func has(sorted []string, s string) bool {
	i := sort.SearchStrings(sorted, s)
	return i < len(sorted) && sorted[i] == s
}

// recorder collects a ReadSet. A nil recorder ignores everything.
type recorder struct {
	mu   sync.Mutex
	seen map[string]byte // name -> bits
}

const (
	sawFile = 1 << iota
	sawProbe
	sawDir
	sawLink
	sawMissing
)

func newRecorder() *recorder { return &recorder{seen: map[string]byte{}} }

func (r *recorder) note(name string, bit byte) {
	if r == nil {
		return
	}
	r.mu.Lock()
	r.seen[name] |= bit
	r.mu.Unlock()
}

func (r *recorder) file(name string)    { r.note(name, sawFile) }
func (r *recorder) probe(name string)   { r.note(name, sawProbe) }
func (r *recorder) dir(name string)     { r.note(name, sawDir) }
func (r *recorder) link(name string)    { r.note(name, sawLink) }
func (r *recorder) missing(name string) { r.note(name, sawMissing) }

func (r *recorder) set() ReadSet {
	r.mu.Lock()
	defer r.mu.Unlock()
	var s ReadSet
	for name, bits := range r.seen {
		name = strings.Clone(name)
		if bits&sawFile != 0 {
			s.Files = append(s.Files, name)
		} else if bits&sawProbe != 0 {
			s.Probed = append(s.Probed, name)
		}
		if bits&sawDir != 0 {
			s.Dirs = append(s.Dirs, name)
		}
		if bits&sawLink != 0 {
			s.Links = append(s.Links, name)
		}
		if bits&sawMissing != 0 {
			s.Missing = append(s.Missing, name)
		}
	}
	for _, l := range [][]string{s.Files, s.Probed, s.Dirs, s.Links, s.Missing} {
		sort.Strings(l)
	}
	return s
}
