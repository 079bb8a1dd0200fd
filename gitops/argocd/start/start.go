// Package start keeps kubectl's packages, which argo-cd's types draw in, from loading translations of texts that nobody
// sees: that takes 11 ms of each start.
//
// It works because Go initializes a package before others that are as ready when its path sorts before theirs
// (https://go.dev/ref/spec#Program_initialization), and this one needs no more than kubectl's commands do.
package start

import "k8s.io/kubectl/pkg/util/i18n"

func init() {
	i18n.SetLoadTranslationsFunc(func() error { return nil })
}
