// Package githubtest is a stand-in for GitHub's API, for tests: it keeps its state in a real bare git repository and a
// list of pull requests, and answers as docs.github.com/rest says.
package githubtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
)

// Repository is the one that a Server serves.
const Repository = "acme/shop"

// Token is the one that a Server takes.
const Token = "ghs_0123456789abcdefSECRET"

// Fault is an answer that a Server gives instead of its own.
type Fault struct {
	Status int
	Header map[string]string
	Body   string
	After  bool // the request was carried out; only its answer is lost
}

// Exchange is a request with its answer.
type Exchange struct {
	Method, Path   string // without the query
	Request, Reply []byte
	Status         int
	Faulty         bool
}

// Write reports whether the request may have changed something.
func (x *Exchange) Write() bool { return x.Method != http.MethodGet }

// Server answers for one repository.
type Server struct {
	URL string
	Dir string // the bare repository

	t         T
	mu        sync.Mutex
	pulls     []*Pull
	log       []Exchange
	faults    func(n int, r *http.Request) *Fault
	truncated bool
	ids       int
	link      string // to the next page of the answer being made
}

// T is what a Server needs of a test.
type T interface {
	Helper()
	Cleanup(func())
	TempDir() string
	Errorf(format string, args ...any)
	Fatal(args ...any)
}

// New serves an empty repository whose default branch is main.
func New(t T) *Server {
	t.Helper()
	s := &Server{t: t, Dir: t.TempDir()}
	s.Git(nil, "init", "-q", "--bare", "-b", "main", ".")
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	s.URL = h.URL
	return s
}

// FailWith has f look at each request, n counting from 0, and answer in the Server's place; nil for nobody.
func (s *Server) FailWith(f func(n int, r *http.Request) *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.log = f, nil
}

// Truncate makes answers to recursive listings of trees truncated, as those of very large repositories are.
func (s *Server) Truncate() { s.truncated = true }

// Log is what was exchanged since the last FailWith.
func (s *Server) Log() []Exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Exchange(nil), s.log...)
}

// Writes counts the requests since the last FailWith that may have changed something.
func (s *Server) Writes() int {
	n := 0
	for _, x := range s.Log() {
		if x.Write() {
			n++
		}
	}
	return n
}

// problem is an answer that refuses.
type problem struct {
	status int
	text   string
}

// ServeHTTP answers one request at a time, as if GitHub's state had one lock.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Errorf("%s %s: %v", r.Method, r.URL, err)
	}
	x := Exchange{Method: r.Method, Path: r.URL.Path, Request: data}
	var fault *Fault
	if s.faults != nil {
		fault = s.faults(len(s.log), r)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if fault == nil || fault.After {
		s.link = ""
		if x.Status, x.Reply = s.answer(r, data); s.link != "" {
			w.Header().Set("Link", s.link)
		}
	}
	if fault != nil {
		for k, v := range fault.Header {
			w.Header().Set(k, v)
		}
		x.Status, x.Reply, x.Faulty = fault.Status, []byte(fault.Body), true
	}
	s.log = append(s.log, x)
	if f := Observe; f != nil {
		f(s.t, &x)
	}
	w.WriteHeader(x.Status)
	w.Write(x.Reply)
}

// Observe sees every exchange of every Server, if it is set before the first.
var Observe func(T, *Exchange)

func (s *Server) answer(r *http.Request, data []byte) (int, []byte) {
	if r.Header.Get("Authorization") != "Bearer "+Token {
		return http.StatusUnauthorized, refusal("Bad credentials")
	}
	status, v, err := s.route(r, data)
	if err != nil {
		return err.status, refusal(err.text)
	}
	out, failed := json.Marshal(v)
	if failed != nil {
		s.t.Errorf("%s %s: %v", r.Method, r.URL, failed)
	}
	return status, out
}

// refusal is an error's body. Of a validation that failed, what failed stands in a list, not in the message.
func refusal(text string) []byte {
	body := map[string]any{"message": text, "documentation_url": "https://docs.github.com/rest"}
	if what, ok := strings.CutPrefix(text, "Validation Failed: "); ok {
		body["message"] = "Validation Failed"
		body["errors"] = []any{map[string]any{"resource": "PullRequest", "code": "custom", "message": what}}
	}
	out, err := json.Marshal(body)
	if err != nil {
		panic(err) // strings only
	}
	return out
}

// route finds what a request asks for; the path is /repos/acme/shop/KIND[/…].
func (s *Server) route(r *http.Request, data []byte) (int, any, *problem) {
	rest, ok := strings.CutPrefix(r.URL.Path, "/repos/"+Repository)
	if !ok {
		return 0, nil, &problem{http.StatusNotFound, "Not Found"}
	}
	if rest == "" && r.Method == http.MethodGet {
		return http.StatusOK, s.repository(), nil
	}
	var in map[string]any
	if len(data) > 0 && !bytes.HasPrefix(data, []byte("[")) {
		if err := json.Unmarshal(data, &in); err != nil {
			return 0, nil, &problem{http.StatusBadRequest, "Problems parsing JSON"}
		}
	}
	for _, h := range []struct {
		method, prefix string
		serve          func(arg string, in map[string]any) (int, any, *problem)
	}{
		{"GET", "/git/ref/heads/", s.getRef},
		{"GET", "/git/commits/", s.getCommit},
		{"GET", "/git/trees/", func(arg string, _ map[string]any) (int, any, *problem) {
			return s.getTree(arg, r.URL.Query().Get("recursive") != "")
		}},
		{"GET", "/git/blobs/", s.getBlob},
		{"POST", "/git/blobs", s.createBlob},
		{"POST", "/git/trees", s.createTree},
		{"POST", "/git/commits", s.createCommit},
		{"POST", "/git/refs", s.createRef},
		{"PATCH", "/git/refs/heads/", s.updateRef},
		{"GET", "/pulls", func(string, map[string]any) (int, any, *problem) { return s.listPulls(r.URL.Query()) }},
		{"POST", "/pulls", s.createPull},
		{"PATCH", "/pulls/", s.editPull},
		{"GET", "/issues/", func(arg string, _ map[string]any) (int, any, *problem) { return s.listComments(arg, r.URL.Query()) }},
		{"POST", "/issues/", func(arg string, in map[string]any) (int, any, *problem) { return s.postIssue(arg, in, data) }},
	} {
		if arg, ok := strings.CutPrefix(rest, h.prefix); ok && r.Method == h.method {
			return h.serve(arg, in)
		}
	}
	return 0, nil, &problem{http.StatusNotFound, fmt.Sprintf("Not Found: %s %s", r.Method, rest)}
}

// text is a string of a request, "" when it is not there.
func text(in map[string]any, key string) string {
	s, _ := in[key].(string)
	return s
}
