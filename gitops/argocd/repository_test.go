package argocd

import "testing"

func TestRepositoryIs(t *testing.T) {
	r := &Repository{URLs: []string{"git@github.com:Org/Repo.git", "https://user@git.example.com:8443/a/b/"}, Dir: "/srv/checkout"}
	for _, c := range []struct {
		url  string
		same bool
	}{
		{"https://github.com/org/repo", true},
		{"https://github.com/org/repo.git", true},
		{"https://github.com/org/repo/", true},
		{"ssh://git@github.com/org/repo.git", true},
		{"ssh://git@github.com:22/org/repo", true},
		{"git@github.com:org/repo", true},
		{"https://github.com/org/repo2", false},
		{"https://github.com/org", false},
		{"https://gitlab.com/org/repo", false},
		{"https://github.com.example.com/org/repo", false},
		{"https://git.example.com/a/b.git", true},
		{"file:///srv/checkout", true},
		{"/srv/checkout", true},
		{"file:///srv/other", false},
		{".", true},
		{"", false},
		{"https://charts.example.com", false},
		{"::", false},
	} {
		if same, known := r.Is(c.url); same != c.same || !known {
			t.Errorf("Is(%q) = %t, %t", c.url, same, known)
		}
	}
	nobody := &Repository{Dir: "/srv/checkout"}
	if same, known := nobody.Is("https://github.com/org/repo"); same || known {
		t.Errorf("without any URL: %t, %t", same, known)
	}
	if same, known := nobody.Is("file:///srv/checkout"); !same || !known {
		t.Errorf("the checkout itself: %t, %t", same, known)
	}
}
