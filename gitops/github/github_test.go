package github_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/syncgate/syncgate/gitops/github"
	"github.com/syncgate/syncgate/gitops/github/githubtest"
)

func TestOpen(t *testing.T) {
	for _, truncated := range []bool{false, true} {
		t.Run(fmt.Sprintf("truncated=%v", truncated), func(t *testing.T) {
			w := newWork(t)
			if truncated {
				w.server.Truncate()
			}
			v := w.fixed("pss")
			r := w.open(v, github.Opened)
			w.wantBranch(r.Branch, v)
			pulls := w.server.Pulls()
			if len(pulls) != 1 || pulls[0].Head != r.Branch || pulls[0].Base != "main" || !slices.Equal(pulls[0].Labels, []string{"security"}) {
				t.Fatalf("pull requests: %+v", pulls)
			}
			for _, want := range []string{"Test before you merge", "<code>apps/pod.yaml</code>", "**safe**", "**review**", "runAsNonRoot"} {
				if !strings.Contains(pulls[0].Body, want) {
					t.Errorf("the body does not say %q:\n%s", want, pulls[0].Body)
				}
			}
			if n := w.server.Git(nil, "rev-list", "--count", "main.."+r.Branch); n != "1" {
				t.Errorf("%s commits, want 1", n)
			}
		})
	}
}

func TestSecondRunChangesNothing(t *testing.T) {
	w := newWork(t)
	v := w.fixed("pss")
	w.open(v, github.Opened)
	w.server.FailWith(nil)
	w.open(v, github.Unchanged)
	// Nor when the base has moved on elsewhere, nor when a person took the label off or marked it ready.
	w.server.Edit(1, func(p *githubtest.Pull) { p.Labels = nil })
	w.write("docs/new.txt", "news\n", 0o644)
	w.server.Push(w.dir, "main", "news")
	w.open(w.fixed("pss"), github.Unchanged)
	if n := w.server.Writes(); n != 0 {
		t.Errorf("%d requests could have changed something", n)
	}
}

func TestUpdate(t *testing.T) {
	w := newWork(t)
	first := w.open(w.fixed("pss/runAsNonRoot"), github.Opened)
	v := w.fixed("pss")
	r := w.open(v, github.Updated)
	w.wantBranch(r.Branch, v)
	if n := w.server.Git(nil, "rev-list", "--count", "main.."+r.Branch); n != "2" || r.Branch != first.Branch {
		t.Errorf("%s commits on %s, want 2 on %s", n, r.Branch, first.Branch)
	}
	// The base moves on in an edited file: the branch takes it in, and still differs in the patches alone.
	w.write("apps/pod.yaml", "# news\n"+pod, 0o755)
	w.server.Push(w.dir, "main", "news")
	v = w.fixed("pss")
	w.open(v, github.Updated)
	w.wantBranch(r.Branch, v)
	w.open(v, github.Unchanged)
	if n := len(w.server.Pulls()); n != 1 {
		t.Errorf("%d pull requests, want 1", n)
	}
}

func TestPersonPushed(t *testing.T) {
	w := newWork(t)
	r := w.open(w.fixed("pss/runAsNonRoot"), github.Opened)
	head := w.server.Push(w.server.Clone("main"), r.Branch, "mine")
	w.server.Edit(1, func(p *githubtest.Pull) { p.Comments = []string{"a", "b", "c", "d"} })
	for range 2 {
		w.open(w.fixed("pss"), github.Pushed)
	}
	if p := w.server.Pulls()[0]; len(p.Comments) != 5 || !strings.Contains(p.Comments[4], "leaves it alone") {
		t.Errorf("comments: %q", p.Comments)
	}
	if got := w.server.Head(r.Branch); got != head {
		t.Errorf("the branch moved to %s", got)
	}
}

// A comment whose answer was lost is not sent again; the next run finds it.
func TestCommentIsNotRepeated(t *testing.T) {
	w := newWork(t)
	v := w.fixed("pss/runAsNonRoot")
	r := w.open(v, github.Opened)
	w.server.Push(w.server.Clone("main"), r.Branch, "mine")
	w.server.FailWith(func(_ int, r *http.Request) *githubtest.Fault {
		if r.Method != http.MethodPost {
			return nil
		}
		return &githubtest.Fault{Status: 502, Body: "{}", After: true}
	})
	if _, err := w.client(0).Open(context.Background(), v, github.Request{}); err == nil {
		t.Error("the lost answer is no error")
	}
	w.server.FailWith(nil)
	w.open(v, github.Pushed)
	if n := len(w.server.Pulls()[0].Comments); n != 1 {
		t.Errorf("%d comments, want 1", n)
	}
}

// An amended commit keeps the message with its trailers, but not the tree.
func TestPersonsBranch(t *testing.T) {
	w := newWork(t)
	v := w.fixed("pss")
	r := w.open(v, github.Opened)
	message := w.server.Git(nil, "show", "-s", "--format=%B", r.Branch)
	w.server.Edit(1, func(p *githubtest.Pull) { p.State, p.Merged = "closed", true })
	w.write("docs/mine.txt", "mine\n", 0o644)
	head := w.server.Push(w.dir, r.Branch, message)
	w.open(v, github.Pushed)
	if got := w.server.Head(r.Branch); got != head {
		t.Errorf("the branch moved to %s", got)
	}
}

func TestClosed(t *testing.T) {
	w := newWork(t)
	v := w.fixed("pss/runAsNonRoot")
	w.open(v, github.Opened)
	w.server.Edit(1, func(p *githubtest.Pull) { p.State = "closed" })
	w.open(v, github.Declined)
	if n := len(w.server.Pulls()); n != 1 {
		t.Fatalf("%d pull requests after a person closed it, want 1", n)
	}
	v = w.fixed("pss") // other content: ask again
	r := w.open(v, github.Opened)
	w.wantBranch(r.Branch, v)
	w.server.Edit(2, func(p *githubtest.Pull) { p.State, p.Merged = "closed", true })
	w.server.Git(nil, "update-ref", "refs/heads/main", r.Branch)
	w.server.Push(w.dir, "main", "revert")
	w.open(v, github.Opened) // merged and reverted
	w.wantBranch(r.Branch, v)
}

func TestStale(t *testing.T) {
	w := newWork(t)
	v := w.fixed("pss/runAsNonRoot")
	basis := map[string]string{"docs/latin1.txt": github.BlobID([]byte("caf\xe9\n")), "docs/none.txt": ""}
	if _, err := w.client(0).Open(context.Background(), v, github.Request{Basis: basis, DryRun: true}); err != nil {
		t.Fatal(err)
	}
	listed := map[string][]string{"apps": {"pod.yaml", "other.yaml"}, "docs": {"latin1.txt", "link.yaml", "untracked"}, "": {"apps", "docs"}}
	if _, err := w.client(0).Open(context.Background(), v, github.Request{Listed: listed, DryRun: true}); err != nil {
		t.Fatal(err)
	}
	w.write("apps/new.yaml", "a: b\n", 0o644)
	w.write("apps/pod.yaml", "# news\n"+pod, 0o755)
	w.write("docs/none.txt", "now there is\n", 0o644)
	w.server.Push(w.dir, "main", "news")
	w.server.FailWith(nil)
	_, err := w.client(0).Open(context.Background(), v, github.Request{Basis: basis, Listed: map[string][]string{"apps": listed["apps"]}})
	var stale *github.StaleError
	if !errors.As(err, &stale) || !slices.Equal(stale.Files, []string{"apps/new.yaml", "apps/pod.yaml", "docs/none.txt"}) || !strings.Contains(err.Error(), "run again") {
		t.Errorf("error: %v", err)
	}
	if w.server.Writes() > 0 {
		t.Error("something was written")
	}
}

func TestNotUTF8(t *testing.T) {
	w := newWork(t)
	w.write("apps/pod.yaml", pod+"# caf\xe9\n", 0o755)
	w.server.Push(w.dir, "main", "latin1")
	tree := w.fixed("pss/runAsNonRoot")
	r := w.open(tree, github.Opened)
	w.wantBranch(r.Branch, tree)
}

// The token is in no error, even if GitHub's answer repeats it, and in nothing that is stored.
func TestTokenIsNotShown(t *testing.T) {
	w := newWork(t)
	v := w.fixed("pss/runAsNonRoot")
	w.open(v, github.Opened)
	for _, x := range w.server.Log() {
		if strings.Contains(string(x.Request)+string(x.Reply), githubtest.Token) {
			t.Errorf("%s %s holds the token", x.Method, x.Path)
		}
	}
	w.server.FailWith(func(int, *http.Request) *githubtest.Fault {
		return &githubtest.Fault{Status: 401, Body: `{"message": "no ` + githubtest.Token + ` here"}`}
	})
	_, err := w.client(0).Open(context.Background(), v, github.Request{})
	if err == nil || strings.Contains(err.Error(), githubtest.Token) || !strings.Contains(err.Error(), "does not know the token") {
		t.Errorf("error: %v", err)
	}
	for _, o := range []github.Options{
		{Repository: githubtest.Repository, Token: "with\nbreak"},
		{Repository: "shop"}, {Repository: "a/../b"}, {Repository: "a/.."},
		{Repository: githubtest.Repository, APIURL: "http://github.example.com"},
		{Repository: githubtest.Repository, APIURL: "https://me:secret@github.example.com"},
	} {
		if _, err := github.New(o); err == nil || strings.Contains(err.Error(), "with\n") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%+v: error %v", o, err)
		}
	}
}
