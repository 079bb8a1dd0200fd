package render

import (
	"fmt"
	"runtime"
	"sync"
	"time"
)

// Limits bound what one source may use while it renders. Zero fields mean the defaults. A source that goes over one
// ends with an Error whose Limit is set and whose Hint names the flag that raises it.
type Limits struct {
	Time    time.Duration // processor time; see clock
	Memory  int64         // bytes a worker may allocate
	Output  int64         // bytes of rendered objects
	Objects int           // documents and items of Lists
	Depth   int           // levels of nesting in one document
	Files   int           // files read, each time counted
	Input   int64         // bytes of those files
	Workers int           // processes at once
}

// DefaultLimits are generous for real repositories (the slowest chart of bitnami's takes about one second) and tight
// enough that a hostile source ends within ten.
var DefaultLimits = Limits{Time: 8 * time.Second, Memory: 2 << 30, Output: 128 << 20, Objects: 100_000, Depth: 500,
	Files: 50_000, Input: 512 << 20, Workers: runtime.NumCPU()}

// clock is how long a render may take by the clock, after which the pool kills the worker: much longer than its processor
// time, since a machine that does other work too must not fail a source. Only a worker that waits for something gets
// there.
func (l Limits) clock() time.Duration { return max(4*l.Time, time.Minute) }

func (l Limits) withDefaults() Limits {
	d := DefaultLimits
	if l.Time <= 0 {
		l.Time = d.Time
	}
	if l.Memory <= 0 {
		l.Memory = d.Memory
	}
	if l.Output <= 0 {
		l.Output = d.Output
	}
	if l.Objects <= 0 {
		l.Objects = d.Objects
	}
	if l.Depth <= 0 {
		l.Depth = d.Depth
	}
	if l.Files <= 0 {
		l.Files = d.Files
	}
	if l.Input <= 0 {
		l.Input = d.Input
	}
	if l.Workers <= 0 {
		l.Workers = d.Workers
	}
	return l
}

func (l Limits) budget() *budget {
	return &budget{nodes: maxNodes, documents: l.Objects, maxDocuments: l.Objects, depth: l.Depth}
}

// maxNodes bounds the nodes of all documents of one source, aliases expanded.
const maxNodes = 4 << 20

// budget bounds how much the documents of one source expand to.
type budget struct {
	nodes        int // how many more may come
	documents    int // how many more may come
	maxDocuments int
	depth        int // levels of nesting
	doubled      int // keys that were met a second time in their mapping
}

func newBudget() *budget { return DefaultLimits.budget() }

// document counts one more document, or item of a List.
func (b *budget) document() error {
	if b.documents--; b.documents < 0 {
		return &Error{Limit: true, Msg: fmt.Sprintf("holds more than %d documents", b.maxDocuments),
			Hint: "split it, or raise --max-objects"}
	}
	return nil
}

// tooMany is the error for documents that hold, or expand to, too many values.
func (b *budget) tooMany(line int) *Error {
	return &Error{Line: line, Limit: true, Msg: fmt.Sprintf("expands to more than %d values", maxNodes),
		Hint: "look for YAML aliases that multiply, or split it"}
}

// tooDeep is the error for a document whose nesting goes over the bound.
func (b *budget) tooDeep(line int) *Error {
	return &Error{Line: line, Limit: true, Msg: fmt.Sprintf("nested deeper than %d levels", b.depth),
		Hint: "no Kubernetes object is: look for what builds it, or raise --max-depth"}
}

// quota bounds what one source may read. It remembers the first refusal: libraries on the way may lose it, or go on
// without the file. A nil quota allows everything.
type quota struct {
	mu     sync.Mutex
	limits Limits
	files  int
	bytes  int64
	err    *Error
}

func (q *quota) take(file string, size int) error {
	if q == nil {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.files++
	q.bytes += int64(size)
	switch {
	case q.err != nil:
	case q.files > q.limits.Files:
		q.err = &Error{File: file, Limit: true, Msg: fmt.Sprintf("the source reads more than %d files", q.limits.Files),
			Hint: "render parts of it on their own, or raise --max-files"}
	case q.bytes > q.limits.Input:
		q.err = &Error{File: file, Limit: true, Msg: fmt.Sprintf("the source reads more than %d MiB", q.limits.Input>>20),
			Hint: "look for large files that it does not need, or raise --max-input"}
	default:
		return nil
	}
	return q.err
}

func (q *quota) refused() *Error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.err
}
