// Package start makes the program start in two thirds of the time: it is initialized before most other packages, keeps them
// from doing what nobody needs, and has the first worker started that a command will ask for.
//
// It works because Go initializes a package before others that are as ready when its path sorts before theirs
// (https://go.dev/ref/spec#Program_initialization), and this one needs no more than kubectl's commands do.
package start

import (
	"os"
	"runtime/debug"
	"slices"

	"github.com/syncgate/syncgate/render/spawn"
	"k8s.io/kubectl/pkg/util/i18n"
)

// GCPercent is the garbage collector's setting from here on, unless GOGC says otherwise: with Go's own it would go three
// times through what packages make while they are initialized, all of which stays.
const GCPercent = 400

func init() {
	largePages()
	if rendersSurely(os.Args) && os.Getenv(spawn.Env) == "" {
		spawn.StartEarly()
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(GCPercent)
	}
	// kubectl's packages, which argo-cd's types draw in, load translations of texts that nobody sees, for 11 ms.
	i18n.SetLoadTranslationsFunc(func() error { return nil })
}

// rendersSurely reports whether a command line asks for what needs a worker.
func rendersSurely(args []string) bool {
	if len(args) < 2 || !slices.Contains([]string{"check", "fix", "post-render", "fn", "render"}, args[1]) {
		return false
	}
	return !slices.ContainsFunc(args, func(a string) bool { return a == "-h" || a == "--help" })
}
