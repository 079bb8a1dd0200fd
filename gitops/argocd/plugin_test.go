package argocd

import (
	"path/filepath"
	"testing"
)

func TestCheckoutRoot(t *testing.T) {
	for _, c := range []struct{ dir, source, work, git, want string }{
		{"/cmp/_cmp_server/id/apps/web", "apps/web", "/cmp", "", "/cmp/_cmp_server/id"},
		{"/cmp/_cmp_server/id", ".", "/cmp", "/cmp/_cmp_server/id", "/cmp/_cmp_server/id"},
		{"/cmp/_cmp_server/id/web", "apps/web", "/cmp", "/elsewhere", "/cmp/_cmp_server/id"}, // only a part was sent
		{"/home/me/repo/apps/web", "", "", "/home/me/repo", "/home/me/repo"},
		{"/home/me/repo/apps/web", "apps/other", "", "/home/me/repo", "/home/me/repo"},
		{"/home/me/web", "apps/other", "", "", "/home/me/web"},
		{"/home/me/xweb", "web", "", "", "/home/me/xweb"},
	} {
		slash := filepath.FromSlash
		got := checkoutRoot(slash(c.dir), c.source, slash(c.work), func(string) string { return slash(c.git) })
		if got != slash(c.want) {
			t.Errorf("checkoutRoot(%q, %q, %q) = %q, want %q", c.dir, c.source, c.work, got, c.want)
		}
	}
}

func TestReadCall(t *testing.T) {
	env := map[string]string{"ARGOCD_APP_NAME": "team_web", "ARGOCD_APP_NAMESPACE": "shop", "KUBE_VERSION": "1.31.0", "KUBE_API_VERSIONS": "v1,apps/v1",
		"ARGOCD_APP_SOURCE_PATH": "web", "ARGOCD_ENV_SYNCGATE_LEVEL": "baseline", "SYNCGATE_LEVEL": "privileged", "ARGOCD_ENV_OTHER": "x"}
	c, err := ReadCall("/cmp/repo/web", func(k string) string { return env[k] }, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	if c.Root != "/cmp/repo" || c.Path != "web" || c.KubeVersion != "1.31.0" || len(c.APIVersions) != 2 || len(c.Levels) != 1 || c.Levels[0] != "baseline" {
		t.Errorf("%+v", c)
	}
}

// TestParameters wants every parameter to set something, or to be the level.
func TestParameters(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range Parameters {
		if seen[p.Name] || p.Title == "" || p.set == nil && p.Name != levelParameter {
			t.Errorf("%+v", p)
		}
		seen[p.Name] = true
	}
}
