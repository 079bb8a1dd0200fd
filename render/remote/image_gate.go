package remote

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"github.com/syncgate/syncgate/render"
)

// imageGate lets requests through to allowed registries, and to where these send on: their storage and their token services
// have hosts of their own, which change. Those are contacted by HTTPS at public addresses only, so that neither an image's
// name nor a registry can make a request of this machine's own network.
type imageGate struct {
	hosts   hosts
	allowed http.RoundTripper
	beyond  http.RoundTripper
}

func newImageGate(h hosts) *imageGate {
	allowed := http.DefaultTransport.(*http.Transport).Clone()
	allowed.ResponseHeaderTimeout = imageTimeout
	beyond := allowed.Clone()
	beyond.Proxy = nil
	beyond.DialContext = (&net.Dialer{Timeout: imageTimeout / 2, KeepAlive: 30 * time.Second, Control: publicOnly}).DialContext
	return &imageGate{hosts: h, allowed: allowed, beyond: beyond}
}

func (g *imageGate) RoundTrip(r *http.Request) (*http.Response, error) {
	a := addressOf(r.URL)
	next := g.beyond
	switch allow := g.hosts.allow(a); {
	case r.URL.Scheme != "https" && !(allow && isLoopback(r.URL.Hostname())):
		return nil, fmt.Errorf("%s is not contacted without TLS", a)
	case allow:
		next = g.allowed
	default:
		// A proxy would look the name up where nobody here sees the address.
		if proxy, err := http.ProxyFromEnvironment(r); err != nil || proxy != nil {
			return nil, &hostError{a}
		}
	}
	resp, err := next.RoundTrip(r)
	if errors.Is(err, errNotPublic) {
		return nil, &hostError{a}
	}
	if err == nil {
		resp.Body = &boundedBody{resp.Body, maxImageRead}
	}
	return resp, err
}

// isLoopback reports whether a host is this machine, where docker takes a registry without TLS, too.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// boundedBody fails when there is more to read than there may be.
type boundedBody struct {
	io.ReadCloser
	left int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, &render.Error{Msg: fmt.Sprintf("the answer has more than the %d MB that are read", maxImageRead>>20)}
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// publicOnly refuses connections to addresses that are not public, whatever name led to them.
func publicOnly(_, at string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(at)
	if err != nil {
		return err
	}
	if !isPublic(ap.Addr()) {
		return errNotPublic
	}
	return nil
}

var errNotPublic = errors.New("the address is not public")

// notPublic are the address blocks beside those that net/netip tells apart (RFC 6890 and its successors): shared and reserved
// ones, and those that carry an IPv4 address.
var notPublic = sync.OnceValue(func() (out []netip.Prefix) {
	for _, s := range []string{"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
		"203.0.113.0/24", "240.0.0.0/4", "::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10"} {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
})

var nat64 = netip.MustParsePrefix("64:ff9b::/96")

func isPublic(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if nat64.Contains(a) { // where there is no IPv4, it stands for it (RFC 6052)
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	}
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range notPublic() {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
