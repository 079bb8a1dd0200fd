package check

import (
	"testing"

	"github.com/syncgate/syncgate/render"
)

// TestScopeFor states which scope wins.
func TestScopeFor(t *testing.T) {
	ns := func(p ...string) Match { return Match{Namespaces: globs(t, NameGlob, p...)} }
	paths := func(p ...string) Match { return Match{Paths: globs(t, PathGlob, p...)} }
	both := Match{Namespaces: globs(t, NameGlob, "sh*"), Paths: globs(t, PathGlob, "apps")}
	apps := Match{Applications: globs(t, NameGlob, "shop-prod")}
	project := Match{Projects: globs(t, NameGlob, "shop")}
	cluster := Match{Clusters: globs(t, NameGlob, "eu-1")}
	src := &render.Source{Path: "apps/web", Application: "shop-prod", Project: "shop", Cluster: "eu-1"}
	for _, test := range []struct {
		name      string
		namespace string
		matches   []Match
		want      int // index, -1 for none
	}{
		{"none", "shop", nil, -1},
		{"no match", "shop", []Match{ns("web"), paths("infra")}, -1},
		{"one", "shop", []Match{ns("web"), ns("shop")}, 1},
		{"a name before a pattern", "shop", []Match{ns("shop"), ns("sho*")}, 0},
		{"the longer pattern", "shop", []Match{ns("sho*"), ns("s*"), ns("*")}, 0},
		{"the best of a list counts", "shop", []Match{ns("x", "sho*"), ns("sh*")}, 0},
		{"the longer path", "shop", []Match{paths("apps/*"), paths("**")}, 0},
		{"a namespace before an application", "shop", []Match{ns("*"), apps}, 0},
		{"an application before a path", "shop", []Match{paths("apps/web"), apps}, 1},
		{"a path before a project", "shop", []Match{project, paths("**")}, 1},
		{"a project before a cluster", "shop", []Match{cluster, project}, 1},
		{"a cluster", "", []Match{cluster}, 0},
		{"two kinds before one of them", "shop", []Match{both, ns("sh*")}, 0},
		{"the later of equals", "shop", []Match{ns("shop"), ns("shop")}, 1},
		{"all kinds must match", "web", []Match{both}, -1},
		{"an unknown namespace is in none", "", []Match{ns("*")}, -1},
	} {
		var scopes []Scope
		for _, m := range test.matches {
			scopes = append(scopes, Scope{Match: m})
		}
		got := -1
		for i := range scopes {
			if scopeFor(scopes, src, test.namespace) == &scopes[i] {
				got = i
			}
		}
		if got != test.want {
			t.Errorf("%s: scope %d, want %d", test.name, got, test.want)
		}
	}
}

func TestSeverities(t *testing.T) {
	s := Severities{"workload": SeverityError, "workload/cpuLimit": SeverityWarning, "pss/*": SeverityWarning}
	for id, want := range map[string]Severity{"workload/cpuLimit": SeverityWarning, "workload/memoryLimit": SeverityError,
		"pss/runAsUser": SeverityWarning, "namespace/podSecurityLabels": ""} {
		if got := s.of(RuleByID(id)); got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
}

func TestNamespaceOf(t *testing.T) {
	for _, test := range []struct {
		src  render.Source
		o    render.Object
		want string
	}{
		{render.Source{}, render.Object{Kind: "Pod"}, ""},
		{render.Source{Namespace: "a"}, render.Object{Kind: "Pod"}, "a"},
		{render.Source{Helm: render.HelmOptions{Namespace: "b"}}, render.Object{Kind: "Pod"}, "b"},
		{render.Source{Namespace: "a"}, render.Object{Kind: "Pod", Namespace: "c"}, "c"},
		{render.Source{Namespace: "a"}, render.Object{Kind: "Namespace", APIVersion: "v1", Name: "d"}, "d"},
	} {
		if got := NamespaceOf(&test.src, &test.o); got != test.want {
			t.Errorf("%+v in %+v: %q, want %q", test.o, test.src, got, test.want)
		}
	}
}
