package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/syncgate/syncgate/gitops/argocd"
)

// thisRepository is what Applications call the checkout: the URLs of its git remotes, and those that the config lists.
func thisRepository(dir string, configured []string) *argocd.Repository {
	r := &argocd.Repository{Dir: dir, URLs: append([]string(nil), configured...)}
	if _, err := os.Lstat(filepath.Join(dir, ".git")); err != nil {
		return r // git would look further up
	}
	git := &revision{dir: dir}
	out, err := git.git(context.Background(), nil, "config", "--get-regexp", `^remote\..*\.url$`)
	if err != nil {
		return r // no remotes, or no repository
	}
	for line := range strings.Lines(string(out)) {
		if _, url, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			r.URLs = append(r.URLs, url)
		}
	}
	return r
}
