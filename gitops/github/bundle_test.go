package github_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/syncgate/syncgate/fix"
	"github.com/syncgate/syncgate/gitops/github"
)

// bundle packs patches and reads them again.
func (w *work) bundle(v *fix.Verified, base fix.Base) *fix.Bundle {
	w.Helper()
	data, digest, err := v.Bundle(base, func(name string) (string, error) { return name, nil })
	if err != nil {
		w.Fatal(err)
	}
	if strings.Contains(string(data), "# kept") {
		w.Error("the bundle holds what the patches leave alone")
	}
	b, err := fix.ReadBundle(data)
	if err != nil {
		w.Fatal(err)
	}
	if b.Digest != digest {
		w.Errorf("digest %s, said to be %s", b.Digest, digest)
	}
	return b
}

// from opens or updates with a bundle.
func (w *work) from(b *fix.Bundle) (*github.Result, error) {
	c := w.client(0)
	v, r, err := c.Unpack(context.Background(), b)
	if err != nil {
		return nil, err
	}
	return c.Open(context.Background(), v, *r)
}

func TestBundle(t *testing.T) {
	w := newWork(t)
	v := w.fixed("pss")
	base := fix.Base{Commit: w.server.Head("main"), Scope: []string{"apps"}, Reads: []string{"apps/pod.yaml", "docs/link.yaml", "docs/none.txt"},
		Listed: []string{"apps", ""}}
	b := w.bundle(v, base)
	r, err := w.from(b)
	if err != nil || r.Action != github.Opened {
		t.Fatalf("%+v, error %v", r, err)
	}
	w.wantBranch(r.Branch, v)
	w.server.FailWith(nil)
	if r, err = w.from(b); err != nil || r.Action != github.Unchanged || w.server.Writes() > 0 {
		t.Errorf("the second run: %+v, error %v, %d writes", r, err, w.server.Writes())
	}
	// Without the bundle it is the same pull request.
	if r, err = w.client(0).Open(context.Background(), v, github.Request{Scope: base.Scope}); err != nil || r.Action != github.Unchanged {
		t.Errorf("the run without the bundle: %+v, error %v", r, err)
	}
	for _, want := range []string{"Test before you merge", "<code>apps/pod.yaml</code>", "**safe**", "**review**", "runAsNonRoot"} {
		if body := w.server.Pulls()[0].Body; !strings.Contains(body, want) {
			t.Errorf("the body does not say %q:\n%s", want, body)
		}
	}
}

// What the proof rests on must be on the base branch as it was in the bundle's commit.
func TestBundleStale(t *testing.T) {
	w := newWork(t)
	v := w.fixed("pss/runAsNonRoot")
	base := fix.Base{Commit: w.server.Head("main"), Reads: []string{"docs/latin1.txt", "docs/none.txt"}, Listed: []string{"apps"}}
	b := w.bundle(v, base)
	w.write("README", "elsewhere\n", 0o644)
	w.server.Push(w.dir, "main", "news")
	if r, err := w.from(b); err != nil || r.Action != github.Opened {
		t.Fatalf("%+v, error %v", r, err)
	}
	for _, c := range []struct{ name, text string }{{"docs/none.txt", "now\n"}, {"docs/latin1.txt", "other\n"}, {"apps/new.yaml", "a: b\n"},
		{"apps/pod.yaml", "# news\n" + pod}} {
		w.write(c.name, c.text, 0o644)
	}
	w.server.Push(w.dir, "main", "more news")
	_, err := w.from(b)
	var stale *github.StaleError
	if !errors.As(err, &stale) || !slices.Equal(stale.Files, []string{"apps/new.yaml", "apps/pod.yaml", "docs/latin1.txt", "docs/none.txt"}) {
		t.Errorf("error: %v", err)
	}
	base.Commit = strings.Repeat("1", 40)
	if _, err = w.from(w.bundle(v, base)); err == nil || !strings.Contains(err.Error(), "does not have") {
		t.Errorf("error: %v", err)
	}
}
