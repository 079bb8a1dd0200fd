package argocd

import (
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"github.com/argoproj/argo-cd/v2/util/git"

	"github.com/syncgate/syncgate/render"
)

// Repository tells the checkout that is judged from other repositories.
type Repository struct {
	// URLs are what the repository is reached by: its git remotes, and those that the config lists. When there is none, a
	// source is taken for this repository's when its path is there.
	URLs []string
	Dir  string // the checkout, absolute, for file: URLs
}

// Is reports whether a repoURL is this repository. URLs are compared as Argo CD does (git.NormalizeGitURL), and without
// scheme, user and port: one repository is reached over https and ssh. known is false when nothing says.
func (r *Repository) Is(repoURL string) (same, known bool) {
	if isRelative(repoURL) {
		return true, true
	}
	want := place(repoURL)
	if want == "" {
		return false, true
	}
	for _, u := range append(r.URLs[:len(r.URLs):len(r.URLs)], r.Dir) {
		if place(u) == want {
			return true, true
		}
	}
	return false, len(r.URLs) > 0
}

// isRelative reports whether a repoURL is written as a place in the checkout, which only tools that work on one understand.
func isRelative(u string) bool {
	return u == "." || u == "./"
}

// place is host and path of a repository's URL, or its directory, in lower case; "" for what is no URL.
func place(repo string) string {
	if filepath.IsAbs(repo) {
		return strings.ToLower(strings.TrimSuffix(filepath.ToSlash(filepath.Clean(repo)), ".git"))
	}
	normal := git.NormalizeGitURL(strings.TrimRight(strings.TrimSpace(repo), "/"))
	if normal == "" {
		return ""
	}
	if !strings.Contains(normal, "://") {
		normal = "ssh://" + normal
	}
	u, err := url.Parse(normal)
	if err != nil {
		return ""
	}
	if u.Scheme == "file" {
		return path.Clean(u.Path)
	}
	return u.Hostname() + path.Clean("/"+u.Path)
}

// another is the error for a source that lies elsewhere.
func another(what string) *render.Error {
	return &render.Error{Msg: what + " is not in this repository",
		Hint: "check it where it lives and pass --allow-unresolved here; if it is this repository, list its URL as repositories in .syncgate.yaml"}
}
