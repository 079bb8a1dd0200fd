package yamledit

import "strings"

// run is a stretch of an edited file: bytes from..to of the original, or new text.
type run struct {
	from, to int
	text     string
}

func (r run) len() int { return r.to - r.from + len(r.text) }

// compose joins two lists of edits, the second made on the outcome of the first, into one on the original data.
func compose(data []byte, first, second []Edit) []Edit {
	runs := runsOf(len(data), first)
	var out []run
	at := 0 // how much of the edited file runs no longer holds
	take := func(n int) []run {
		var taken []run
		for n > 0 {
			r := runs[0]
			if r.len() <= n {
				taken, runs = append(taken, r), runs[1:]
				n -= r.len()
				continue
			}
			head, tail := r, r
			if r.text != "" {
				head.text, tail.text = r.text[:n], r.text[n:]
			} else {
				head.to, tail.from = r.from+n, r.from+n
			}
			taken, runs[0] = append(taken, head), tail
			n = 0
		}
		return taken
	}
	for _, e := range second {
		out = append(out, take(e.Start-at)...)
		take(e.End - e.Start)
		out = append(out, run{text: e.New})
		at = e.End
	}
	return editsOf(data, append(out, runs...))
}

// runsOf is what edits make of size bytes.
func runsOf(size int, edits []Edit) []run {
	var runs []run
	at := 0
	for _, e := range edits {
		runs = append(runs, run{from: at, to: e.Start}, run{text: e.New})
		at = e.End
	}
	return append(runs, run{from: at, to: size})
}

// editsOf is the edits that make runs of data.
func editsOf(data []byte, runs []run) []Edit {
	var edits []Edit
	var text strings.Builder
	at := 0
	flush := func(to int) {
		if e := trim(data, Edit{Start: at, End: to, New: text.String()}); e.Start < e.End || e.New != "" {
			edits = append(edits, e)
		}
		text.Reset()
	}
	for _, r := range runs {
		text.WriteString(r.text)
		if r.from < r.to {
			flush(r.from)
			at = r.to
		}
	}
	flush(len(data))
	return edits
}
