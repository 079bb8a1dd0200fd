package check

import (
	"cmp"
	"slices"

	"github.com/syncgate/syncgate/render"
)

// Severities say how much findings weigh, by rule ID, group ("pss") or group wildcard ("pss/*").
type Severities map[string]Severity

// of is the severity of a rule, "" when nothing names it. Its own ID counts for more than its group.
func (s Severities) of(r *Rule) Severity {
	return cmp.Or(s[r.ID], s[r.Group()+"/*"], s[r.Group()])
}

// Scope is a policy for a part of the repository.
type Scope struct {
	Name     string
	Match    Match
	Level    string // "" for that of Options.Policy
	Version  string // latest or v1.N, "" for that of Options.Policy
	Severity Severities
	Ignore   []string // rules that do not run here
	By       string   // where it is written
}

// Match says which objects a Scope is for. Every list that is not empty must match; at least one is not.
type Match struct {
	Namespaces   Globs // of the object
	Applications Globs // the rest: of its source
	Paths        Globs
	Projects     Globs
	Clusters     Globs
}

// weights are the weights of the matching patterns, from the most to the least specific kind; nil when the scope does
// not match.
func (m *Match) weights(src *render.Source, namespace string) []int {
	var out []int
	for _, x := range []struct {
		globs Globs
		value string
	}{{m.Namespaces, namespace}, {m.Applications, src.Application}, {m.Paths, src.Path},
		{m.Projects, src.Project}, {m.Clusters, src.Cluster}} {
		w := 0
		if len(x.globs) > 0 {
			if w = x.globs.best(x.value); w == 0 || x.value == "" {
				return nil
			}
		}
		out = append(out, w)
	}
	return out
}

// scopeFor is the most specific scope for a namespace of a source, nil when none matches.
//
// Scopes are compared by what they name, in the order namespace, application, path, project, cluster: at the first of
// these where they differ, the one that names it wins over the one that does not, a name without wildcards over a
// pattern, and a pattern with more characters beside its wildcards over one with fewer. Of equals the later one wins.
func scopeFor(scopes []Scope, src *render.Source, namespace string) *Scope {
	var best *Scope
	var at []int
	for i := range scopes {
		w := scopes[i].Match.weights(src, namespace)
		if w != nil && (best == nil || slices.Compare(w, at) >= 0) {
			best, at = &scopes[i], w
		}
	}
	return best
}
