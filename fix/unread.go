package fix

import (
	"fmt"

	"github.com/syncgate/syncgate/render"
)

// withoutUnread takes out patches that edit nothing that the source of one of their findings has looked at: it is not rendered
// again with them, so nothing would show that they resolve anything.
func (p *prover) withoutUnread(patches []*Patch) (kept []*Patch, dropped []drop) {
	if p.reads == nil {
		p.reads = map[string]*render.ReadSet{}
		for i := range p.before.Sources {
			p.reads[p.before.Sources[i].Source.ID] = &p.before.Sources[i].Read
		}
	}
	for _, x := range patches {
		if len(p.linked([]*Patch{x}, x.files())) > 0 { // all that it reaches are rendered again
			kept = append(kept, x)
			continue
		}
		reason := ""
		for i := range x.Resolves {
			id := x.Resolves[i].Source
			if read := p.reads[id]; read == nil || !read.Affected(x.files()) {
				reason = fmt.Sprintf("%s does not read what it edits", id)
			}
		}
		if reason != "" {
			dropped = append(dropped, drop{x, reason, true, nil, ""})
		} else {
			kept = append(kept, x)
		}
	}
	return kept, dropped
}
