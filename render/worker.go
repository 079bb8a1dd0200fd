package render

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/syncgate/syncgate/render/spawn"
)

// workerConfig is the first thing a worker reads.
type workerConfig struct {
	Dir    string // of the Tree
	Limits Limits
	Opts   Options
}

// request asks a worker for one render. Edits is the whole overlay; it is sent once, and renders that follow on the
// same Layer leave it out. Fetched are the copies of remote things that were made since the request before.
type request struct {
	Source  Source
	Layer   int64
	Edits   map[string][]byte
	Fetched []FetchedRemote
}

// maxStack bounds a goroutine's stack in a worker: templates that recurse without end hit it (Go's own bound of 1 GB
// would take as much memory first).
const maxStack = 256 << 20

// RunIfWorker turns the process into a render worker when a Pool started it, and then does not return.
// main calls it before anything else.
func RunIfWorker() {
	temp := os.Getenv(spawn.Env)
	if temp == "" {
		return
	}
	err := work(os.Stdin, os.Stdout, temp)
	os.RemoveAll(temp)
	if err != nil && !errors.Is(err, io.EOF) {
		fmt.Fprintln(os.Stderr, "render worker:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func work(in io.Reader, out io.Writer, temp string) error {
	http.DefaultTransport = noNetwork{}
	debug.SetMaxStack(maxStack)
	defer runtime.KeepAlive(spareCollections())
	dec, enc := gob.NewDecoder(in), gob.NewEncoder(out)
	var cfg workerConfig
	if err := dec.Decode(&cfg); err != nil {
		return err
	}
	tree, err := OpenTree(cfg.Dir)
	if err != nil {
		return err
	}
	if err := limitMemory(cfg.Limits.Memory); err != nil {
		return err
	}
	dog := newWatchdog(cfg.Limits)
	go dog.watch(time.Tick(watchdogPeriod))
	requests := make(chan request)
	go receive(dec, requests, temp)
	tree = tree.WithRemotes(nil)
	t, layer := tree, int64(0)
	for req := range requests {
		tree.remotes.add(req.Fetched)
		if req.Layer != layer {
			t, layer = tree.overlaid(req.Edits), req.Layer
		}
		dog.arm()
		err := enc.Encode(renderWithin(t, req.Source, cfg.Opts, cfg.Limits))
		dog.disarm()
		if err != nil {
			return err
		}
	}
	return nil
}

// receive hands on what the Pool asks for. When the Pool is gone it ends the process, whatever a render is doing.
func receive(dec *gob.Decoder, requests chan<- request, temp string) {
	for {
		var req request
		err := dec.Decode(&req)
		if err == nil {
			requests <- req
			continue
		}
		os.RemoveAll(temp)
		if !errors.Is(err, io.EOF) {
			fmt.Fprintln(os.Stderr, "render worker:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// heapFloor is what a worker's heap may grow to before the collector looks at it. Sources leave nothing behind, so with
// the few megabytes that are alive between them it would run many times for each: a fifth of a worker's time. More than
// this gains nothing: fresh pages cost as much.
const heapFloor = 32 << 20

// spareCollections returns memory that counts as alive while somebody keeps it and is never touched, so it takes address
// space only: with it the collector first runs at heapFloor, and leaves large heaps to their usual factor, which a higher
// GOGC would not.
func spareCollections() (ballast []byte) {
	debug.SetGCPercent(100)
	return make([]byte, heapFloor/2)
}

// noNetwork refuses every request: rendering never reaches out.
type noNetwork struct{}

func (noNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, fmt.Errorf("network access is off: %s was not fetched", r.URL.Redacted())
}
