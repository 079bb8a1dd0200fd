package remote

import (
	"errors"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/syncgate/syncgate/render"
)

func TestGitSource(t *testing.T) {
	for _, c := range []struct{ ref, clone, at, rev, base string }{
		{"https://github.com/org/repo//deploy/base?ref=v1", "https://github.com/org/repo", "github.com", "v1", "deploy/base"},
		{"https://github.com/org/repo", "https://github.com/org/repo", "github.com", "HEAD", "."},
		{"github.com/org/repo/base?version=v2", "https://github.com/org/repo", "github.com", "v2", "base"},
		{"git::https://git.example:8443/org/repo.git//a?ref=feature/x&timeout=5s", "https://git.example:8443/org/repo.git", "git.example:8443", "feature/x", "a"},
		{"https://GIT.example:443/org/repo.git", "https://GIT.example:443/org/repo.git", "git.example", "HEAD", "."},
		{"git@github.com:org/repo.git//a?ref=main", "git@github.com:org/repo.git", "github.com", "main", "a"},
		{"ssh://git@git.example:2222/org/repo//a", "ssh://git@git.example:2222/org/repo", "git.example:2222", "HEAD", "a"},
		{"https://me:secret@git.example/org/repo.git", "https://me:secret@git.example/org/repo.git", "git.example", "HEAD", "."},
		{"https://user@evil.example/github.com/org/repo.git", "https://user@evil.example/github.com/org/repo.git", "evil.example", "HEAD", "."},
	} {
		g, err := gitSourceOf(c.ref)
		if err != nil {
			t.Errorf("%s: %v", c.ref, err)
			continue
		}
		got := []string{g.clone, g.at.String(), g.ref, g.base}
		if want := []string{c.clone, c.at, c.rev, c.base}; !slices.Equal(got, want) {
			t.Errorf("%s:\ngot  %v\nwant %v", c.ref, got, want)
		}
	}
}

// What git could read in another way than the list of allowed hosts is no address.
func TestGitSourceRefuses(t *testing.T) {
	for _, ref := range []string{
		"file:///tmp/repo", "file://localhost/tmp/repo.git", "https://good.example\\@evil.example/org/repo.git",
		"https://good.example#@evil.example/org/repo.git", "ssh://-oProxyCommand=touch/x/y.git", "git@-oProxyCommand=x:org/repo.git",
		"git@host.example:-org/repo.git", "git@host.example::org/repo.git", "https://git.example/org/repo.git?ref=--upload-pack=x",
		"https://git.example/org/repo.git?ref=a:b", "https://git.example/org/repo.git?ref=refs/heads/*", "https://git.example/org/repo.git?ref=a..b",
		"https://[::1%25eth0]/org/repo.git", "https:///org/repo.git", "not/remote",
	} {
		if g, err := gitSourceOf(ref); err == nil {
			t.Errorf("%s: taken for %s at %s", ref, g.clone, g.at)
		}
	}
}

func TestHosts(t *testing.T) {
	h, err := parseHosts([]string{"GitHub.com", "git.example:8443", "[::1]:5000"})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		"https://github.com/x": true, "http://github.com:80/x": true, "https://github.com./x": true, "ssh://git@github.com/x": true,
		"https://github.com:444/x": false, "https://a.github.com/x": false, "https://github.com.evil.example/x": false,
		"https://git.example:8443/x": true, "https://git.example/x": false, "http://[::1]:5000/": true, "http://[::1]/": false,
		"https://github.com@evil.example/x": false, "https:///x": false,
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := h.allow(addressOf(u)); got != want {
			t.Errorf("%s: allowed is %v", text, got)
		}
	}
}

func TestNetrc(t *testing.T) {
	text := "# me\nmachine A.example login me password secret\nmachine b.example\n\tlogin you\n\taccount x\n\tpassword p2\n" +
		"macdef init\nmachine evil.example login a password b\n\nmachine c.example password only\ndefault login anonymous password guest\n"
	want := map[string][2]string{"a.example": {"me", "secret"}, "b.example": {"you", "p2"}, "c.example": {"", "only"}, "": {"anonymous", "guest"}}
	if got := parseNetrc(text); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	for _, broken := range []string{"machine", "login x", "machine a login", "default", "password"} {
		parseNetrc(broken)
	}
}

func TestChoose(t *testing.T) {
	versions := []string{"1.0.0", "v1.2.0", "1.10.0", "2.0.0-rc.1", "not-a-version"}
	for want, index := range map[string]int{"": 2, "*": 2, "^1.0.0": 2, "1.0.x": 0, "1.0.0": 0, "v1.2.0": 1, ">=2.0.0-0": 3, "3.0.0": -1, "not-a-version": 4} {
		if got, err := choose(versions, want); err != nil || got != index {
			t.Errorf("%q: %d, %v", want, got, err)
		}
	}
	if _, err := choose(versions, "one or two"); err == nil {
		t.Error("a broken range was taken")
	}
}

func TestParseTree(t *testing.T) {
	id := strings.Repeat("a", 40)
	line := func(mode, kind, size, name string) string {
		return mode + " " + kind + " " + id + " " + size + "\t" + name + "\x00"
	}
	got, err := parseTree([]byte(line("100644", "blob", "3", "a b/c.yaml") + line("120000", "blob", "1", "l") + line("160000", "commit", "-", "sub")))
	if want := []blob{{id, "a b/c.yaml", false}, {id, "l", true}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v %v", got, err)
	}
	for _, name := range []string{"../x", "/etc/x", "a/../../x", "a/./b", "a//b"} {
		if _, err := parseTree([]byte(line("100644", "blob", "1", name))); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if _, err := parseTree([]byte(line("100644", "blob", "999999999999", "a"))); !errors.Is(err, errRepositoryTooLarge) {
		t.Errorf("too large: %v", err)
	}
}

// In a git hook, variables point git at the repository that is worked on.
func TestGitEnviron(t *testing.T) {
	got := gitEnviron([]string{"PATH=/bin", "GIT_DIR=/x", "GIT_INDEX_FILE=/y", "GIT_SSH_COMMAND=ssh -i key", "GIT_TRACE_CURL=1"})
	want := []string{"PATH=/bin", "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_SSH_COMMAND=ssh -i key -o BatchMode=yes"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestPublicURL(t *testing.T) {
	for text, want := range map[string]string{
		"https://host/a?ref=v1":                                 "https://host/a?ref=v1",
		"https://me:secret@host/a":                              "https://xxxxx@host/a",
		"https://secret@host/a":                                 "https://xxxxx@host/a",
		"git::https://me:se@cret@host/a":                        "git::https://xxxxx@host/a",
		"ssh://git@host/a":                                      "ssh://git@host/a",
		"git@github.com:org/repo":                               "git@github.com:org/repo",
		"https://h/a?token=secret&x=1&X-Amz-Signature=secret#f": "https://h/a?token=xxxxx&x=1&X-Amz-Signature=xxxxx#f",
		"unable to access 'https://me:secret@host/a/': no":      "unable to access 'https://xxxxx@host/a/': no",
	} {
		if got := render.PublicURL(text); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}
