package remote

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/syncgate/syncgate/render"
)

// address is a host, and its port where that is not the scheme's own.
type address struct{ host, port string }

func (a address) String() string {
	if a.port == "" {
		return a.host
	}
	return net.JoinHostPort(strings.Trim(a.host, "[]"), a.port)
}

var defaultPorts = map[string]string{"http": "80", "https": "443", "ssh": "22", "oci": "443"}

// addressOf is the address that a URL's requests go to.
func addressOf(u *url.URL) address {
	a := address{strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")), u.Port()}
	if strings.Contains(a.host, ":") {
		a.host = "[" + a.host + "]"
	}
	if a.port == defaultPorts[u.Scheme] {
		a.port = ""
	}
	return a
}

// hosts are those that may be contacted: the name counts, whatever addresses it has.
type hosts map[address]bool

func (h hosts) allow(a address) bool { return a.host != "" && h[a] }

var hostName = regexp.MustCompile(`^(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$`)

func parseHosts(list []string) (hosts, error) {
	out := hosts{}
	for _, h := range list {
		if !hostName.MatchString(h) {
			return nil, fmt.Errorf("--allow-remote %q: expected the name of a host, such as github.com or charts.example.com:8443", render.PublicURL(h))
		}
		out[addressOf(&url.URL{Host: h})] = true
	}
	return out, nil
}

// hostError is a request that was not made.
type hostError struct{ host address }

func (e *hostError) Error() string { return e.host.String() + " is not an allowed host" }

// gate lets requests through to allowed hosts only, redirected ones too, and signs them with the netrc file.
type gate struct {
	hosts hosts
	next  http.RoundTripper
	login func(host string) (user, password string)
}

func (g *gate) RoundTrip(r *http.Request) (*http.Response, error) {
	if a := addressOf(r.URL); !g.hosts.allow(a) {
		return nil, &hostError{a}
	}
	if r.URL.Scheme == "https" && r.Header.Get("Authorization") == "" {
		if user, password := g.login(r.URL.Hostname()); user != "" || password != "" {
			r = r.Clone(r.Context())
			r.SetBasicAuth(user, password)
		}
	}
	return g.next.RoundTrip(r)
}

const requestTimeout = 60 * time.Second

func newClient(h hosts) *http.Client {
	return clientOver(h, http.DefaultTransport.(*http.Transport).Clone())
}

func clientOver(h hosts, t *http.Transport) *http.Client {
	t.ResponseHeaderTimeout = requestTimeout / 2
	return &http.Client{
		Transport: &gate{hosts: h, next: t, login: netrcLogin()},
		Timeout:   requestTimeout,
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			switch {
			case len(via) > 10:
				return fmt.Errorf("stopped after %d redirects", len(via)-1)
			case r.URL.Scheme != "https" && via[0].URL.Scheme == "https":
				return fmt.Errorf("is redirected from https to %s", r.URL.Scheme)
			}
			return nil
		},
	}
}
