package check

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/syncgate/syncgate/render"
)

// Waiver exempts findings: of its rules, in what it matches. Every list that is not empty must match.
type Waiver struct {
	Rules      []string // rule IDs, groups or group wildcards; never empty
	Objects    Globs    // of metadata.name, or of Kind/name where the pattern has a "/"
	Kinds      Globs
	Namespaces Globs
	Containers Globs // a finding about the whole pod is not matched
	Images     Globs // of the container; all of the pod's images where the finding is about the pod
	Paths      Globs // of the source, or of the file that the object comes from
	Reason     string
	Expires    time.Time // the day (UTC) on which it counts for the last time; zero means never
	File       string    // where it is written
	Line       int
}

// by is where the waiver is written.
func (w *Waiver) by() string { return fmt.Sprintf("%s:%d", w.File, w.Line) }

// expired reports whether the last day is over.
func (w *Waiver) expired(now time.Time) bool {
	return !w.Expires.IsZero() && !now.UTC().Before(w.Expires.AddDate(0, 0, 1))
}

// covers reports whether the waiver is for a finding.
func (w *Waiver) covers(f *Finding, src *render.Source) bool {
	fits := func(g Globs, match func() bool) bool { return len(g) == 0 || match() }
	return slices.ContainsFunc(w.Rules, func(p string) bool { return matches(p, f.Rule) }) &&
		fits(w.Objects, func() bool { return w.matchesObject(f.Object) }) &&
		fits(w.Kinds, func() bool { return w.Kinds.Match(f.Object.Kind) }) &&
		fits(w.Namespaces, func() bool { return w.Namespaces.Match(NamespaceOf(src, f.Object)) }) &&
		fits(w.Containers, func() bool { return f.Container != "" && w.Containers.Match(f.Container) }) &&
		fits(w.Images, func() bool { return w.matchesImages(f.images) }) &&
		fits(w.Paths, func() bool { return w.Paths.Match(src.Path) || f.Object.File != "" && w.Paths.Match(f.Object.File) })
}

func (w *Waiver) matchesObject(o *render.Object) bool {
	for _, g := range w.Objects {
		name := o.Name
		if strings.Contains(g.text, "/") {
			name = o.Kind + "/" + o.Name
		}
		if g.Match(name) {
			return true
		}
	}
	return false
}

func (w *Waiver) matchesImages(images []string) bool {
	return len(images) > 0 && !slices.ContainsFunc(images, func(i string) bool { return !w.Images.Match(i) })
}

// rules names the waiver's rules for a message.
func (w *Waiver) rules() string { return strings.Join(w.Rules, ", ") }

// NamespaceOf is where an object goes, "" when nobody says. A Namespace object goes to what it declares.
func NamespaceOf(src *render.Source, o *render.Object) string {
	switch {
	case o.Kind == "Namespace" && o.APIVersion == "v1":
		return o.Name
	case o.Namespace != "":
		return o.Namespace
	case src.Namespace != "":
		return src.Namespace
	}
	return src.Helm.Namespace
}
