package github

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// transport sends requests, adds the token, and tries again where that may help.
//
// Rate limits (docs.github.com, "Best practices for using the REST API"; "Rate limits for the REST API"): they come as 403
// or 429. With retry-after, wait that many seconds; else with x-ratelimit-remaining 0, until x-ratelimit-reset, in UTC
// epoch seconds; else at least a minute, and exponentially longer after each failure. A limited request was not carried
// out, so each can be sent again. After a 5xx or a broken connection nobody knows: all requests of this package but the
// one that adds a comment come to the same when sent twice.
type transport struct {
	options      Options
	scheme, host string
	next         http.RoundTripper
}

// LimitError says that GitHub asks to wait longer than Options.MaxWait.
type LimitError struct{ Until time.Time }

func (e *LimitError) Error() string {
	return fmt.Sprintf("the rate limit is used up until %s; run again then", e.Until.UTC().Format(time.RFC3339))
}

// RoundTrip sends a request, again and again if needed.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	var waited time.Duration
	for attempt := 1; ; attempt++ {
		resp, err := t.send(req)
		wait, why := t.pause(req, resp, err, attempt)
		if why == "" || attempt >= t.options.Attempts {
			return resp, err
		}
		if resp != nil {
			resp.Body.Close()
		}
		if waited += wait; waited > t.options.MaxWait {
			return nil, &LimitError{t.options.Now().Add(wait)}
		}
		t.options.Notice(fmt.Sprintf("%s; trying again in %s", why, wait.Round(time.Second)))
		if err := t.options.Sleep(req.Context(), wait); err != nil {
			return nil, err
		}
	}
}

// send sends a copy of the request, with the token if it goes to the API.
func (t *transport) send(req *http.Request) (*http.Response, error) {
	r := req.Clone(req.Context())
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		r.Body = body
	}
	if t.options.Token != "" && r.URL.Host == t.host && r.URL.Scheme == t.scheme {
		r.Header.Set("Authorization", "Bearer "+t.options.Token)
	}
	return t.next.RoundTrip(r)
}

// pause is how long to wait before the request is sent again, and why; "" when it is not to be sent again.
func (t *transport) pause(req *http.Request, resp *http.Response, err error, attempt int) (time.Duration, string) {
	backOff := time.Second << (attempt - 1)
	again := !(req.Method == http.MethodPost && strings.HasSuffix(req.URL.Path, "/comments"))
	switch {
	case err != nil:
		if !again || req.Context().Err() != nil {
			return 0, ""
		}
		return backOff, "the connection to GitHub broke"
	case resp.StatusCode >= 500:
		if !again {
			return 0, ""
		}
		if d, ok := retryAfter(resp); ok {
			backOff = d
		}
		return backOff, fmt.Sprintf("GitHub answered %s", resp.Status)
	case resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode == http.StatusForbidden && limited(resp):
		return t.limit(resp, attempt), "GitHub limits the rate of requests"
	}
	return 0, ""
}

// limit is how long a rate limit asks to wait.
func (t *transport) limit(resp *http.Response, attempt int) time.Duration {
	if d, ok := retryAfter(resp); ok {
		return d
	}
	if resp.Header.Get("x-ratelimit-remaining") == "0" {
		if at, err := strconv.ParseInt(resp.Header.Get("x-ratelimit-reset"), 10, 64); err == nil {
			return max(time.Unix(at, 0).Sub(t.options.Now())+time.Second, time.Second)
		}
	}
	return time.Minute << (attempt - 1)
}

func retryAfter(resp *http.Response) (time.Duration, bool) {
	n, err := strconv.ParseInt(resp.Header.Get("retry-after"), 10, 32)
	if err != nil || n < 0 {
		return 0, false
	}
	return max(time.Duration(n)*time.Second, time.Second), true
}

// limited reports whether a 403 is a rate limit rather than a missing permission: by its headers, or by the message that
// secondary limits come with.
func limited(resp *http.Response) bool {
	if resp.Header.Get("retry-after") != "" || resp.Header.Get("x-ratelimit-remaining") == "0" {
		return true
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(data))
	return err == nil && (bytes.Contains(data, []byte("secondary rate limit")) || bytes.Contains(data, []byte("secondary-rate-limits")) ||
		bytes.Contains(data, []byte("abuse-rate-limits")))
}

// raced waits a little before the state is looked at again.
func (c *Client) raced(ctx context.Context, attempt int) error {
	return c.sleep(ctx, time.Second<<attempt)
}
