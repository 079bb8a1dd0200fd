package check

import "testing"

func TestGlobs(t *testing.T) {
	for _, test := range []struct {
		kind    func(string) (Glob, error)
		pattern string
		yes, no []string
	}{
		{NameGlob, "web", []string{"web"}, []string{"web2", "aweb", "WEB", ""}},
		{NameGlob, "web-*", []string{"web-", "web-1", "web-a/b"}, []string{"web", "xweb-1"}},
		{NameGlob, "v?.[1]", []string{"v1.[1]"}, []string{"v1.1", "v.[1]"}},
		{NameGlob, "*", []string{"a", "a/b", "a\nb"}, nil},
		{PathGlob, "apps", []string{"apps", "apps/web/x.yaml"}, []string{"apps2", "a/apps"}},
		{PathGlob, "./apps/", []string{"apps", "apps/web"}, []string{"apps2"}},
		{PathGlob, "apps/*", []string{"apps/web", "apps/web/overlays/prod"}, []string{"apps"}},
		{PathGlob, "apps/**", []string{"apps", "apps/web", "apps/a/b"}, []string{"apps2"}},
		{PathGlob, "**/prod", []string{"prod", "apps/prod", "a/b/prod/x.yaml"}, []string{"apps/prod2", "xprod"}},
		{PathGlob, "apps/**/prod", []string{"apps/prod", "apps/a/prod", "apps/a/b/prod/x"}, []string{"apps/a/b"}},
		{PathGlob, "*.yaml", []string{"a.yaml"}, []string{"a/b.yaml", "a.yml"}},
		{PathGlob, "**", []string{"a", "a/b"}, nil},
		{PathGlob, ".", []string{"a", "a/b"}, nil},
	} {
		g, err := test.kind(test.pattern)
		if err != nil {
			t.Errorf("%s: %v", test.pattern, err)
			continue
		}
		for _, s := range test.yes {
			if !g.Match(s) {
				t.Errorf("%s does not match %q", test.pattern, s)
			}
		}
		for _, s := range test.no {
			if g.Match(s) {
				t.Errorf("%s matches %q", test.pattern, s)
			}
		}
	}
	for _, bad := range []string{"", "/etc", "..", "../x", "a/../../x"} {
		if _, err := PathGlob(bad); err == nil {
			t.Errorf("PathGlob(%q) is no error", bad)
		}
	}
	if _, err := NameGlob(""); err == nil {
		t.Error(`NameGlob("") is no error`)
	}
	if (Glob{}).Match("") {
		t.Error("the zero Glob matches")
	}
}

// globs makes patterns for tests.
func globs(t testing.TB, kind func(string) (Glob, error), patterns ...string) Globs {
	t.Helper()
	var out Globs
	for _, p := range patterns {
		g, err := kind(p)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, g)
	}
	return out
}
