// Package github puts proven patches into a pull request: one branch, one commit, opened once and kept up to date.
package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	gogithub "github.com/google/go-github/v60/github"
)

// DefaultAPIURL is the API of github.com.
const DefaultAPIURL = "https://api.github.com"

// Options say which repository to work on, and how.
type Options struct {
	Repository string // owner/name
	Token      string // "" only reads, and only what is public
	APIURL     string // "" for DefaultAPIURL; https, or a host of this machine

	Attempts int                                        // at one request; 0 for 5
	MaxWait  time.Duration                              // that one request may be held up by rate limits; 0 for 15 minutes
	Now      func() time.Time                           // nil for the system's clock
	Sleep    func(context.Context, time.Duration) error // nil for a real one; ends with the context
	Notice   func(string)                               // told about waits; nil to say nothing
}

// Client works on one repository. It holds the token, which is sent to the API's host and appears nowhere else: in no
// error, log or pull request.
type Client struct {
	api         *gogithub.Client
	owner, name string
	token       string
	sleep       func(context.Context, time.Duration) error
}

// repositoryName is what GitHub takes for owner/name.
var repositoryName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9._-]+$`)

// ValidRepository reports whether a string has the form owner/name.
func ValidRepository(s string) bool {
	return repositoryName.MatchString(s) && !strings.HasSuffix(s, "/.") && !strings.HasSuffix(s, "/..")
}

// New returns a Client; it sends nothing yet.
func New(o Options) (*Client, error) {
	if !ValidRepository(o.Repository) {
		return nil, fmt.Errorf("repository %q: expected owner/name", o.Repository)
	}
	for i := 0; i < len(o.Token); i++ {
		if o.Token[i] <= ' ' || o.Token[i] > '~' {
			return nil, errors.New("the token holds a character that no token has; look for line breaks and spaces in it")
		}
	}
	base, err := apiURL(o.APIURL)
	if err != nil {
		return nil, err
	}
	o.setDefaults()
	t := &transport{options: o, host: base.Host, scheme: base.Scheme, next: http.DefaultTransport}
	api := gogithub.NewClient(&http.Client{Transport: t, CheckRedirect: sameHost})
	api.BaseURL = base
	api.UserAgent = "syncgate"
	owner, name, _ := strings.Cut(o.Repository, "/")
	return &Client{api: api, owner: owner, name: name, token: o.Token, sleep: o.Sleep}, nil
}

func (o *Options) setDefaults() {
	if o.Attempts == 0 {
		o.Attempts = 5
	}
	if o.MaxWait == 0 {
		o.MaxWait = 15 * time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Notice == nil {
		o.Notice = func(string) {}
	}
}

// apiURL refuses what would send a token in the clear.
func apiURL(s string) (*url.URL, error) {
	if s == "" {
		s = DefaultAPIURL
	}
	u, err := url.Parse(strings.TrimSuffix(s, "/") + "/")
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, errors.New("the API's URL: expected one such as https://api.github.com or https://github.example.com/api/v3")
	}
	local := u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1"
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return nil, fmt.Errorf("the API's URL %s: expected https, since a token is sent there", u)
	}
	return u, nil
}

// sameHost follows redirects (GitHub answers one for a repository that was renamed) only where the token may go, and
// only where the request stays the one it was: net/http turns a redirected POST into a GET after 301, 302 and 303.
func sameHost(req *http.Request, via []*http.Request) error {
	first := via[0]
	switch {
	case len(via) > 5:
		return errors.New("too many redirects")
	case req.URL.Host != first.URL.Host || req.URL.Scheme != first.URL.Scheme:
		return errors.New("it redirects to another host")
	case req.Method != first.Method:
		return errors.New("the repository has moved; name its new place")
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// status is the HTTP status of an error that GitHub answered with, 0 for others.
func status(err error) int {
	var answer *gogithub.ErrorResponse
	if errors.As(err, &answer) && answer.Response != nil {
		return answer.Response.StatusCode
	}
	return 0
}

// explain says what was being done when GitHub refused, and what to do now. The token is taken out, should the answer
// repeat it.
func (c *Client) explain(doing string, err error) error {
	hint := ""
	switch said := err.Error(); {
	case status(err) == http.StatusUnauthorized:
		hint = "GitHub does not know the token; is it right, and not expired?"
	case strings.Contains(said, "not permitted to create or approve pull requests"):
		hint = "allow it in the settings: Actions, General, Workflow permissions; or use the token of an App"
	case status(err) == http.StatusForbidden:
		hint = "the token needs the permissions contents: write and pull-requests: write"
	case status(err) == http.StatusNotFound:
		hint = fmt.Sprintf("does %s/%s exist, and may the token see it?", c.owner, c.name)
	case status(err) == http.StatusConflict:
		hint = "the repository seems to be empty"
	}
	if hint != "" {
		err = fmt.Errorf("%w; %s", err, hint)
	}
	return c.withoutToken(fmt.Errorf("%s: %w", doing, err))
}

func (c *Client) withoutToken(err error) error {
	if c.token != "" && strings.Contains(err.Error(), c.token) {
		return errors.New(strings.ReplaceAll(err.Error(), c.token, "[token]"))
	}
	return err
}
