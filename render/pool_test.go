package render

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/syncgate/syncgate/render/spawn"
)

func TestMain(m *testing.M) {
	RunIfWorker()
	os.Exit(m.Run())
}

const podText = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"

func chartWith(template string) map[string]string {
	return map[string]string{"c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 0.1.0\n", "c/templates/t.yaml": template, "p.yaml": podText, "q.yaml": podText}
}

var (
	chartSource = Source{ID: "c", Path: "c", Kind: KindHelm}
	podSource   = Source{ID: "p.yaml", Path: "p.yaml", Kind: KindPlain}
)

// inPool renders sources with one worker and returns the results by ID.
func inPool(t *testing.T, tree *Tree, limits Limits, sources ...Source) map[string]Result {
	t.Helper()
	limits.Workers = 1
	pool := NewPool(tree, Options{}, limits)
	defer pool.Close()
	out := map[string]Result{}
	if err := pool.Render(context.Background(), tree, sources, func(r Result) { out[r.Source.ID] = r }); err != nil {
		t.Fatal(err)
	}
	return out
}

const endless = "{{ range until 100000 }}{{ range until 1000000 }}{{ end }}{{ end }}"

func TestPoolBounds(t *testing.T) {
	for _, c := range []struct{ name, template, msg, hint string }{
		{"time", endless, "more than 200ms of processor time", "--render-timeout"},
		{"memory", `{{ repeat 1000000000 "x" | len }}`, "more than 256 MiB of memory", "--render-memory"},
		{"output", `apiVersion: v1{{ "\n" }}kind: Pod{{ "\n" }}x: {{ repeat 3000000 "x" }}`, "rendered more than 1 MiB", "--max-output"},
	} {
		tree := writeRepo(t, chartWith(c.template))
		limits := Limits{Time: 200 * time.Millisecond, Memory: 256 << 20, Output: 1 << 20}
		if c.name != "time" {
			limits.Time = 10 * time.Second
		}
		got := inPool(t, tree, limits, podSource, chartSource, Source{ID: "q.yaml", Path: "q.yaml", Kind: KindPlain})
		e := got["c"].Err
		if e == nil || !e.Limit || !strings.Contains(e.Msg, c.msg) || !strings.Contains(e.Hint, c.hint) || e.Source != "c" {
			t.Errorf("%s: %+v", c.name, e)
		}
		for _, id := range []string{"p.yaml", "q.yaml"} {
			if r := got[id]; r.Err != nil || len(r.Objects) != 1 {
				t.Errorf("%s: %s after it: %v", c.name, id, r.Err)
			}
		}
	}
}

func TestPoolReplacesDeadWorkers(t *testing.T) {
	tree := writeRepo(t, chartWith("a: 1"))
	pool := NewPool(tree, Options{}, Limits{Workers: 1})
	defer pool.Close()
	render := func() Result {
		var out Result
		if err := pool.Render(context.Background(), tree, []Source{podSource}, func(r Result) { out = r }); err != nil {
			t.Fatal(err)
		}
		return out
	}
	if r := render(); r.Err != nil {
		t.Fatal(r.Err)
	}
	first := pool.idle[0]
	first.Kill()
	r := render()
	if r.Err == nil || !strings.Contains(r.Err.Msg, "the render worker died") || r.Err.Hint == "" {
		t.Errorf("a source in a dead worker: %v", r.Err)
	}
	if r := render(); r.Err != nil || pool.idle[0] == first {
		t.Errorf("after that: %v", r.Err)
	}
	if _, err := os.Stat(first.Temp); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the dead worker's directory is still there: %v", err)
	}
}

func TestPoolClockEndsWhatWaits(t *testing.T) {
	w, err := startWorker(workerConfig{Dir: t.TempDir(), Limits: Limits{Time: time.Millisecond}.withDefaults()})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	// A request that never arrives whole: the worker waits for the rest of it.
	in := w.In
	if w.clock != time.Minute {
		t.Errorf("a short render may take %v by the clock", w.clock)
	}
	w.clock = 4 * time.Millisecond
	w.enc = gob.NewEncoder(&bytes.Buffer{})
	err = w.do(context.Background(), request{}, new(Result))
	if !errors.Is(err, errDeadline) {
		t.Errorf("got %v, want %v", err, errDeadline)
	}
	if e := w.explain(err, nil); !e.Limit || !strings.Contains(e.Msg, "4ms by the clock") || !strings.Contains(e.Hint, "--render-timeout") {
		t.Errorf("explained as %+v", e)
	}
	in.Close()
}

func TestPoolStopsWithItsContext(t *testing.T) {
	tree := writeRepo(t, chartWith(endless))
	pool := NewPool(tree, Options{}, Limits{Workers: 1, Time: time.Minute})
	defer pool.Close()
	ctx, cancel := context.WithCancel(context.Background())
	var once sync.Once
	var last Result
	err := pool.Render(ctx, tree, []Source{podSource, chartSource, podSource}, func(r Result) {
		once.Do(cancel)
		last = r
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if last.Source.ID == "c" && (last.Err == nil || last.Err.Msg != "interrupted") {
		t.Errorf("the interrupted source: %v", last.Err)
	}
}

// A worker whose pool is gone ends by itself, in the middle of whatever it renders.
func TestWorkerEndsWithItsPool(t *testing.T) {
	tree := writeRepo(t, chartWith(endless))
	p, err := spawn.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	enc := gob.NewEncoder(p.In)
	limits := Limits{Time: time.Hour}.withDefaults()
	err = errors.Join(enc.Encode(workerConfig{Dir: tree.Dir(), Limits: limits}), enc.Encode(request{Source: chartSource}), p.In.Close())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, p.Out); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(p.Temp); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its directory is still there: %v", err)
	}
}

func TestPoolSendsEdits(t *testing.T) {
	tree := writeRepo(t, chartWith("a: 1"))
	pool := NewPool(tree, Options{}, Limits{Workers: 1})
	defer pool.Close()
	names := func(tree *Tree) (out []string) {
		err := pool.Render(context.Background(), tree, []Source{podSource, podSource}, func(r Result) { out = append(out, r.Objects[0].Name) })
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	edited := tree.With(map[string][]byte{"p.yaml": []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: edited}\n")})
	wantEqual(t, names(tree), []string{"p", "p"})
	wantEqual(t, names(edited), []string{"edited", "edited"})
	wantEqual(t, names(edited.With(map[string][]byte{"p.yaml": []byte(podText)})), []string{"p", "p"})
	wantEqual(t, names(tree), []string{"p", "p"})
}

func TestCappedReader(t *testing.T) {
	r := &cappedReader{r: strings.NewReader("12345"), left: 3}
	buf := make([]byte, 10)
	if n, err := r.Read(buf); n != 3 || err != nil {
		t.Errorf("read %d, %v", n, err)
	}
	if _, err := r.Read(buf); !errors.Is(err, errOutput) {
		t.Errorf("after that: %v", err)
	}
}

func TestEndlessRecursionIsExplained(t *testing.T) {
	e := (&worker{}).cause(errors.New("EOF"), nil, "fatal error: stack overflow\nmore")
	if !e.Limit || e.Msg != "rendering recursed without end" {
		t.Errorf("explained as %+v", e)
	}
}

func TestHeaviestFirst(t *testing.T) {
	big := strings.Repeat("# a comment that makes the file large\n", heavy/38+1)
	tree := writeRepo(t, map[string]string{
		"a/Chart.yaml": "name: a\n", "b/Chart.yaml": "name: b\n", "b/crds/x.yaml": big, "c/Chart.yaml": "name: c\n",
		"d/kustomization.yaml": big, "e/Chart.yaml": "name: e\n", "e/templates/x.yaml": big, "e/templates/y.yaml": big,
	})
	var sources []Source
	for _, p := range []string{"a", "b", "c", "e"} {
		sources = append(sources, Source{ID: p, Path: p, Kind: KindHelm})
	}
	sources = append(sources, Source{ID: "d", Path: "d", Kind: KindKustomize})
	var got []string
	for _, s := range heaviestFirst(tree, sources) {
		got = append(got, s.ID)
	}
	if want := "e b a c d"; strings.Join(got, " ") != want {
		t.Errorf("order %v, want %s", got, want)
	}
}
