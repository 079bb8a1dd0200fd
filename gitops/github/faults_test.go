package github_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/syncgate/syncgate/fix"
	"github.com/syncgate/syncgate/gitops/github"
	"github.com/syncgate/syncgate/gitops/github/githubtest"
)

func TestTwoRunsAtOnce(t *testing.T) {
	w := newWork(t)
	v := w.fixed("pss")
	var wg sync.WaitGroup
	for range 2 {
		c := w.client(0)
		wg.Go(func() {
			if _, err := c.Open(context.Background(), v, github.Request{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	w.wantOne(v)
}

// wantOne wants one open pull request with the content of v, on a branch of one commit.
func (w *work) wantOne(v *fix.Verified) {
	w.Helper()
	pulls := w.server.Pulls()
	if len(pulls) != 1 || pulls[0].State != "open" {
		w.Fatalf("pull requests: %+v", pulls)
	}
	w.wantBranch(pulls[0].Head, v)
	if n := w.server.Git(nil, "rev-list", "--count", "main.."+pulls[0].Head); n != "1" {
		w.Errorf("%s commits, want 1", n)
	}
	if !strings.Contains(pulls[0].Body, w.server.Head(pulls[0].Head)) {
		w.Errorf("the marker does not name the head:\n%s", pulls[0].Body)
	}
}

// The other run is through at each single moment of this one: just before each of its requests.
func TestOvertaken(t *testing.T) {
	v := newWork(t).fixed("pss/runAsNonRoot")
	for n := 0; ; n++ {
		w := newWork(t)
		other, done := w.client(0), make(chan error, 1)
		overtaken := false
		w.server.FailWith(func(i int, _ *http.Request) *githubtest.Fault {
			if i != n || overtaken {
				return nil
			}
			overtaken = true
			return &githubtest.Fault{Status: 502, Body: "{}"} // this run waits a second; the other goes on meanwhile
		})
		c := w.clientThat(func() {
			_, err := other.Open(context.Background(), v, github.Request{})
			done <- err
		})
		if _, err := c.Open(context.Background(), v, github.Request{}); err != nil {
			t.Fatalf("overtaken before request %d: %v", n, err)
		}
		w.wantOne(v)
		if !overtaken {
			return
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}

// clientThat calls f the first time it sleeps.
func (w *work) clientThat(f func()) *github.Client {
	var once sync.Once
	c, err := github.New(github.Options{Repository: githubtest.Repository, Token: githubtest.Token, APIURL: w.server.URL,
		Sleep: func(context.Context, time.Duration) error { once.Do(f); return nil }})
	if err != nil {
		w.Fatal(err)
	}
	return c
}

// A server that breaks at each single request in turn, before or after it did what was asked, ends a run; the next good
// run ends in the same state as if nothing had been.
func TestBrokenAtEachRequest(t *testing.T) {
	first := newWork(t)
	v, more := first.fixed("pss/runAsNonRoot"), first.fixed("pss")
	r := github.Request{Labels: []string{"security"}}
	for _, after := range []bool{false, true} {
		for n := 0; ; n++ {
			w := newWork(t)
			requests := w.breakAt(n, after, v, r)
			w.again(v, r)
			w.wantOne(v)
			if l := w.server.Pulls()[0].Labels; !slices.Equal(l, []string{"security"}) {
				t.Errorf("broken at request %d: labels %q", n, l)
			}
			requests = max(requests, w.breakAt(n, after, more, r))
			w.again(more, r)
			branch := w.server.Pulls()[0].Head
			w.wantBranch(branch, more)
			if c := w.server.Git(nil, "rev-list", "--count", "main.."+branch); c != "2" || len(w.server.Pulls()) != 1 {
				t.Errorf("broken at request %d: %s commits and %d pull requests, want 2 and 1", n, c, len(w.server.Pulls()))
			}
			w.server.FailWith(nil)
			w.open(more, github.Unchanged)
			if w.server.Writes() > 0 {
				t.Errorf("broken at request %d: the last run still changed something", n)
			}
			if n > requests {
				break
			}
		}
	}
}

// breakAt runs with a server that breaks at request n, and returns how many requests there were.
func (w *work) breakAt(n int, after bool, v *fix.Verified, r github.Request) int {
	w.Helper()
	w.server.FailWith(func(i int, _ *http.Request) *githubtest.Fault {
		if i != n {
			return nil
		}
		return &githubtest.Fault{Status: 503, Body: `{"message": "unavailable"}`, After: after}
	})
	_, err := w.client(1).Open(context.Background(), v, r)
	requests := len(w.server.Log())
	if (err == nil) != (requests <= n) {
		w.Errorf("broken at request %d of %d: error %v", n, requests, err)
	}
	w.server.FailWith(nil)
	return requests
}

// again carries on after a run that was cut off.
func (w *work) again(v *fix.Verified, r github.Request) {
	w.Helper()
	if _, err := w.client(0).Open(context.Background(), v, r); err != nil {
		w.Fatal(err)
	}
}

func TestTooManyRequests(t *testing.T) {
	reset := fmt.Sprint(1_800_000_000 + 90)
	for _, c := range []struct {
		name  string
		fault githubtest.Fault
		want  []time.Duration
	}{
		{"429 with retry-after", githubtest.Fault{Status: 429, Header: map[string]string{"retry-after": "7"}, Body: "{}"},
			[]time.Duration{7 * time.Second, 7 * time.Second}},
		{"403 until the reset", githubtest.Fault{Status: 403, Header: map[string]string{"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset},
			Body: `{"message": "API rate limit exceeded"}`}, []time.Duration{91 * time.Second, time.Second}},
		{"secondary limit", githubtest.Fault{Status: 403, Body: `{"message": "You have exceeded a secondary rate limit."}`},
			[]time.Duration{time.Minute, 2 * time.Minute}},
		{"500", githubtest.Fault{Status: 500, Body: "{}"}, []time.Duration{time.Second, 2 * time.Second}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWork(t)
			v := w.fixed("pss/runAsNonRoot")
			failed := 0
			w.server.FailWith(func(_ int, r *http.Request) *githubtest.Fault {
				if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/git/commits") && failed < 2 {
					failed++
					return &c.fault
				}
				return nil
			})
			w.open(v, github.Opened)
			if !slices.Equal(w.slept, c.want) {
				t.Errorf("slept %v, want %v", w.slept, c.want)
			}
		})
	}
}

func TestLimitsAreBounded(t *testing.T) {
	w := newWork(t)
	v := w.fixed("pss/runAsNonRoot")
	w.server.FailWith(func(int, *http.Request) *githubtest.Fault {
		return &githubtest.Fault{Status: 429, Header: map[string]string{"retry-after": "3600"}, Body: "{}"}
	})
	_, err := w.client(0).Open(context.Background(), v, github.Request{})
	var limit *github.LimitError
	if !errors.As(err, &limit) || len(w.slept) > 0 {
		t.Errorf("slept %v; error %v", w.slept, err)
	}
	w.server.FailWith(func(int, *http.Request) *githubtest.Fault { return &githubtest.Fault{Status: 502, Body: "{}"} })
	if _, err = w.client(0).Open(context.Background(), v, github.Request{}); err == nil || len(w.server.Log()) != 5 {
		t.Errorf("%d attempts, error %v", len(w.server.Log()), err)
	}
}
