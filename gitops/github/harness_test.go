package github_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/fix"
	"github.com/syncgate/syncgate/gitops/github"
	"github.com/syncgate/syncgate/gitops/github/githubtest"
	"github.com/syncgate/syncgate/render"
)

func TestMain(m *testing.M) {
	render.RunIfWorker()
	os.Exit(m.Run())
}

const pod = `apiVersion: v1
kind: Pod
metadata: {name: web} # kept
spec:
  containers:
  - name: web
    image: x
`

// work is a work tree, its Server, and a clock that sleeping moves.
type work struct {
	*testing.T
	dir    string
	server *githubtest.Server

	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

func newWork(t *testing.T) *work {
	t.Helper()
	w := &work{T: t, dir: t.TempDir(), server: githubtest.New(t), now: time.Unix(1_800_000_000, 0)}
	w.write("apps/pod.yaml", pod, 0o755)
	w.write("apps/other.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: other}\nspec:\n  containers:\n  - {name: a, image: x}\r\n", 0o644)
	w.write("docs/latin1.txt", "caf\xe9\n", 0o644)
	if err := os.Symlink("../apps/pod.yaml", filepath.Join(w.dir, "docs/link.yaml")); err != nil {
		t.Fatal(err)
	}
	w.server.Push(w.dir, "main", "base")
	return w
}

func (w *work) write(name, text string, mode os.FileMode) {
	w.Helper()
	name = filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		w.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		w.Fatal(err)
	}
}

// fixed proves patches for rules in the work tree as it is.
func (w *work) fixed(rules ...string) *fix.Verified {
	w.Helper()
	tree, err := render.OpenTree(w.dir)
	if err != nil {
		w.Fatal(err)
	}
	defer tree.Close()
	policy, err := check.NewPolicy("restricted", "latest", render.DefaultKubeVersion)
	if err != nil {
		w.Fatal(err)
	}
	o := check.Options{Policy: policy, Selection: check.Selection{Select: rules}, Limits: render.Limits{Workers: 1}}
	o.Discover.Paths = []string{"apps"}
	v, err := fix.Fix(context.Background(), tree, fix.Options{Check: o})
	if err != nil {
		w.Fatal(err)
	}
	if len(v.Files()) == 0 {
		w.Fatalf("no patch for %v: %+v", rules, v.Left())
	}
	return v
}

func (w *work) client(attempts int) *github.Client {
	w.Helper()
	c, err := github.New(github.Options{Repository: githubtest.Repository, Token: githubtest.Token, APIURL: w.server.URL, Attempts: attempts,
		Now: func() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now },
		Sleep: func(ctx context.Context, d time.Duration) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.slept, w.now = append(w.slept, d), w.now.Add(d)
			return ctx.Err()
		}})
	if err != nil {
		w.Fatal(err)
	}
	return c
}

// open opens or updates, and wants an outcome.
func (w *work) open(v *fix.Verified, want github.Action) *github.Result {
	w.Helper()
	r, err := w.client(0).Open(context.Background(), v, github.Request{Labels: []string{"security"}})
	if err != nil {
		w.Fatal(err)
	}
	if r.Action != want {
		w.Fatalf("it %s the pull request, want %s", r.Action, want)
	}
	return r
}

// wantBranch clones the branch: it is the base with the files of v, byte for byte, and with the base's modes.
func (w *work) wantBranch(branch string, v *fix.Verified) {
	w.Helper()
	base, got := w.server.Clone("main"), w.server.Clone(branch)
	after := map[string]string{}
	for _, f := range v.Files() {
		after[f.Name] = string(f.After)
	}
	seen := 0
	err := filepath.WalkDir(base, func(name string, d os.DirEntry, err error) error {
		rel, _ := filepath.Rel(base, name)
		if err != nil || d.IsDir() && rel == ".git" {
			return filepath.SkipDir
		}
		if d.IsDir() {
			return nil
		}
		seen++
		was, err := os.Lstat(name)
		if err != nil {
			return err
		}
		is, err := os.Lstat(filepath.Join(got, rel))
		if err != nil {
			return err
		}
		if was.Mode() != is.Mode() {
			w.Errorf("%s has mode %v, want %v", rel, is.Mode(), was.Mode())
		}
		want, edited := after[rel]
		if !edited {
			data, _ := os.ReadFile(name)
			want = string(data)
		}
		if want, isLink := linkOf(name); isLink {
			if to, _ := linkOf(filepath.Join(got, rel)); to != want {
				w.Errorf("%s links to %s, want %s", rel, to, want)
			}
			return nil
		}
		data, err := os.ReadFile(filepath.Join(got, rel))
		if string(data) != want {
			w.Errorf("%s holds %q, want %q", rel, data, want)
		}
		return err
	})
	if err != nil || seen < 4 {
		w.Errorf("comparing %d files: %v", seen, err)
	}
	if files := w.server.Git(nil, "diff", "--name-only", "main..."+branch); len(strings.Fields(files)) != len(after) {
		w.Errorf("the pull request shows %q, want %d files", files, len(after))
	}
}

func linkOf(name string) (string, bool) {
	to, err := os.Readlink(name)
	return to, err == nil
}
