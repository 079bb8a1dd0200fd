//go:build conformance

package render

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// TestConformanceFootprints renders every source below SYNCGATE_CORPUS, repository by repository: what a render has looked at is
// in the footprint that was found without rendering.
func TestConformanceFootprints(t *testing.T) {
	list, err := os.ReadDir(os.Getenv("SYNCGATE_CORPUS"))
	if err != nil {
		t.Fatal(err)
	}
	sources := 0
	for _, d := range list {
		if !d.IsDir() {
			continue
		}
		tree, err := OpenTree(filepath.Join(os.Getenv("SYNCGATE_CORPUS"), d.Name()))
		if err != nil {
			t.Fatal(err)
		}
		found, err := Discover(tree, DiscoverOptions{All: true})
		if err != nil {
			t.Fatal(err)
		}
		prints := NewFootprints(tree, found)
		pool := NewPool(tree, Options{}, Limits{Workers: 2})
		var mu sync.Mutex
		touched := 0
		err = pool.Render(context.Background(), tree, found.Sources, func(res Result) {
			mu.Lock()
			defer mu.Unlock()
			p := prints.Of(res.Source)
			if !p.Covers(res.Read) {
				for _, name := range append(append(append(append(res.Read.Files, res.Read.Probed...), res.Read.Links...), res.Read.Missing...), res.Read.Dirs...) {
					if !p.Touches([]string{name}) {
						t.Errorf("%s: %s: looked at %s", d.Name(), res.Source.ID, name)
					}
				}
			}
			for _, other := range found.Sources {
				if other.ID != res.Source.ID && p.Touches([]string{other.Path}) {
					touched++
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		sources += len(found.Sources)
		t.Logf("%s: %d sources, each in the footprints of %.2f others", d.Name(), len(found.Sources), float64(touched)/float64(len(found.Sources)+1))
		pool.Close()
		tree.Close()
	}
	if sources < 100 {
		t.Errorf("only %d sources", sources)
	}
}
