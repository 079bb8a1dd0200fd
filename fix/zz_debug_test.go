package fix

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/render"
)

func TestZZ(t *testing.T) {
	tree, _ := render.OpenTree(os.Getenv("ZZ"))
	policy, _ := check.NewPolicy("restricted", "latest", render.DefaultKubeVersion)
	debugDrop = func(d drop) {
		for _, f := range d.patch.Resolves {
			if os.Getenv("ZZRULE") == f.Rule.ID {
				fmt.Println("DROP", f.Source, f.Object.Name, d.patch.How, "|", d.reason)
				for _, x := range d.patch.parts {
					fmt.Printf("    %s %+v %+v\n", x.file, x.ops, x.edits)
				}
			}
		}
	}
	Fix(context.Background(), tree, Options{Check: check.Options{Policy: policy}})
}
