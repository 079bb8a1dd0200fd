package github

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"sort"
	"strings"

	"github.com/syncgate/syncgate/fix"
)

// Request says how proven patches become a pull request.
type Request struct {
	Base   string   // the branch to ask to be pulled into; "" for the repository's default one
	Branch string   // "" for one named after Scope and Base
	Scope  []string // what the patches were looked for in: one branch for each
	Draft  bool     // for a pull request that is opened
	Labels []string // for a pull request that is opened

	// Path is where a file of the patches stands in the repository, links followed; nil when names are that already.
	Path func(name string) (string, error)
	// Basis are files of the repository that the proof rests on, with their BlobID; "" for one that was not there. All
	// must be on the base as they were. Edited files need not be named.
	Basis map[string]string
	// Listed are directories that the proof rests on, "" for the root, with the names they held: the base may have no
	// further ones.
	Listed map[string][]string
	// DryRun only looks, and says what would be done.
	DryRun bool
}

// Action is what became of a pull request.
type Action string

const (
	Nothing   Action = "nothing"   // there is nothing to fix
	Opened    Action = "opened"    // a new one
	Updated   Action = "updated"   // an open one has a further commit
	Unchanged Action = "unchanged" // an open one is as it should be
	Pushed    Action = "pushed"    // a person pushed to the branch: it is theirs now
	Declined  Action = "declined"  // a person closed one with this content
)

// Result is what was done, or would be with Request.DryRun.
type Result struct {
	Action Action
	Number int // of the pull request; 0 when there is none
	URL    string
	Branch string
	Base   string
	Files  []string
}

// plan is a Request worked out.
type plan struct {
	*Request
	verified    *fix.Verified
	base        *base
	branch      string
	changes     []change
	fingerprint string
}

// changesOf are the files to write, by path, and what they replace.
func changesOf(v *fix.Verified, r *Request) (list []change, before map[string]string, err error) {
	seen := map[string][]byte{}
	before = map[string]string{}
	for _, f := range v.Files() {
		name := f.Name
		if r.Path != nil {
			if name, err = r.Path(f.Name); err != nil {
				return nil, nil, fmt.Errorf("finding %s in the repository: %w", f.Name, err)
			}
		}
		if name != path.Clean(name) || path.IsAbs(name) || name == ".." || strings.HasPrefix(name, "../") {
			return nil, nil, fmt.Errorf("%s is no file of the repository", f.Name)
		}
		if other, ok := seen[name]; ok {
			if !bytes.Equal(other, f.After) {
				return nil, nil, fmt.Errorf("%s is reached by two names, and the patches give it two contents; fix one of them first", name)
			}
			continue
		}
		seen[name] = f.After
		x := change{path: name, id: BlobID(f.After), data: f.After}
		if f.Before == nil {
			x.mode, before[name] = "100644", ""
		} else {
			before[name] = BlobID(f.Before)
		}
		list = append(list, x)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].path < list[j].path })
	return list, before, nil
}

// fingerprintOf identifies the content: which files become what. base is the commit that they are made from.
func fingerprintOf(changes []change, base string) string {
	var parts []string
	for _, c := range changes {
		parts = append(parts, c.path, c.identity(base))
	}
	return hash(parts)[:32]
}

// branchName is the same whenever the same is asked for.
func branchName(r *Request, base string) string {
	scope := append([]string(nil), r.Scope...)
	sort.Strings(scope)
	return "syncgate/fix-" + hash(append(scope, base))[:10]
}

func hash(parts []string) string {
	data, err := json.Marshal(parts)
	if err != nil {
		panic(err) // strings only
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
