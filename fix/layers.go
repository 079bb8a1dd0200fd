package fix

import (
	"crypto/sha256"
	"encoding/json"

	"github.com/syncgate/syncgate/render"
)

// layerDocuments knows the documents that hold values of other sources, such as an Application's values. Editing them
// changes what they render to as objects, too: that is what was meant, and what the values change is proven where they are
// used.
type layerDocuments struct {
	loc    *render.Locator
	byFile map[string][]render.ValueLayer
}

func newLayerDocuments(t *render.Tree, sources []render.Source) *layerDocuments {
	d := &layerDocuments{loc: render.NewLocator(t), byFile: map[string][]render.ValueLayer{}}
	for i := range sources {
		for _, l := range sources[i].Helm.Values {
			if len(l.DocPath) > 0 {
				d.byFile[l.File] = append(d.byFile[l.File], l)
			}
		}
	}
	return d
}

// rest is a digest of an object without the values that it holds for other sources; ok is false when it holds none.
func (d *layerDocuments) rest(o *render.Object) (sum [sha256.Size]byte, ok bool) {
	layers := d.byFile[o.File]
	if len(layers) == 0 {
		return sum, false
	}
	place, found := d.loc.Object(o)
	if !found {
		return sum, false
	}
	var v any
	if json.Unmarshal(o.JSON, &v) != nil {
		return sum, false
	}
	for _, l := range layers {
		if l.Doc != place.Doc || !l.DocPath.HasPrefix(place.Path) {
			continue
		}
		var err error
		if v, err = put(v, l.DocPath[len(place.Path):], func(any) (any, error) { return nil, nil }); err != nil {
			return sum, false
		}
		ok = true
	}
	raw, err := json.Marshal(v)
	return sha256.Sum256(raw), ok && err == nil
}
