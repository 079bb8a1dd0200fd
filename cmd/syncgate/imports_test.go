package main

import (
	"encoding/json"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// allowed says which folders of the module a folder may import: render <- check <- fix <- gitops, actions beside
// them, cmd on top.
var allowed = map[string][]string{
	"render":  {},
	"check":   {"render"},
	"fix":     {"render", "check"},
	"gitops":  {"render", "check", "fix"},
	"actions": {"render", "check", "fix", "gitops"},
	"cmd":     {"render", "check", "fix", "gitops", "actions"},
}

func TestImportsGoOneWay(t *testing.T) {
	const module = "github.com/syncgate/syncgate/"
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "../../...").Output()
	if err != nil {
		t.Fatalf("listing packages: %v", err)
	}
	top := func(p string) string { first, _, _ := strings.Cut(strings.TrimPrefix(p, module), "/"); return first }
	dec := json.NewDecoder(strings.NewReader(string(out)))
	seen := 0
	for {
		var pkg struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&pkg); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		seen++
		from := top(pkg.ImportPath)
		may, ok := allowed[from]
		if !ok {
			t.Errorf("%s: there is no folder %s in the layout", pkg.ImportPath, from)
		}
		for _, imp := range pkg.Imports {
			to := top(imp)
			if !strings.HasPrefix(imp, module) || to == from {
				continue
			}
			found := false
			for _, m := range may {
				found = found || m == to
			}
			if !found {
				t.Errorf("%s must not import %s", pkg.ImportPath, imp)
			}
		}
	}
	if seen < 4 {
		t.Errorf("only %d packages were listed", seen)
	}
}
