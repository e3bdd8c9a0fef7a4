package source

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"tare/internal/ranges"
)

// guard is the way of every request to a registry: those of pulls, pushes, logins,
// remote looks, and of the builder. It bounds what comes back, sends what is secret to
// nobody but the registry itself, and stays out of this machine's own services.
type guard struct {
	next  http.RoundTripper
	reg   *Registry
	own   string // host:port that hosts.toml, or the image's name, says
	only  kind   // token: all that is asked for is a token; document: the path tells
	stall time.Duration
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	k := g.only
	if k != token {
		k = kindOf(req)
	}
	req = req.Clone(req.Context())
	// Nobody needs a second compression, and what it unpacks to knows no bounds.
	req.Header.Set("Accept-Encoding", "identity")
	if req.URL.Host != g.own {
		if err := g.stranger(req, k); err != nil {
			if req.Body != nil {
				_ = req.Body.Close() // whoever writes it waits
			}
			return nil, err
		}
	}
	part, parted := ranges.Of(req.Context())
	if parted = parted && k == blob; parted {
		part.Ask(req)
	}
	resp, err := bounded(g.next, req, k, g.stall)
	if err != nil {
		return nil, err
	}
	if err = g.answered(req, resp); err == nil && parted {
		err = part.Check(resp)
	}
	if err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

// answered refuses answers that lead a client astray.
func (g *guard) answered(req *http.Request, resp *http.Response) error {
	host := req.URL.Host
	if u := asked(req, resp); u.Scheme == "http" {
		g.reg.plain.Store(u.Host, true)
	}
	if e := resp.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") && resp.StatusCode < 300 && req.Method != http.MethodHead {
		return fmt.Errorf("%s compresses its answer once more (Content-Encoding: %.40s) although it was asked not to: refused", host, e)
	}
	if resp.StatusCode == http.StatusUnauthorized {
		for _, u := range realms(resp.Header) {
			if err := checkRealm(asked(req, resp), u); err != nil {
				return err
			}
		}
	}
	if n := len(resp.Header.Get("Location")); n > maxAddress {
		return fmt.Errorf("%s sends on to an address of %d bytes: refused", host, n)
	}
	if where := resp.Header.Get("Location"); where != "" && resp.StatusCode < 300 && encrypted(req, resp) && plainURL(where) {
		return fmt.Errorf("%s wants an upload sent to %.200s without TLS: refused", host, where)
	}
	return nil
}

// maxAddress is how long an address may be that a registry sends on to, in bytes; those
// with signatures in them have some two thousand.
const maxAddress = 16 << 10

func plainURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && strings.EqualFold(u.Scheme, "http")
}

// encrypted tells whether an answer came over TLS. A request for a registry on this
// machine says https, too, where there turned out to be none.
func encrypted(req *http.Request, resp *http.Response) bool {
	return asked(req, resp).Scheme == "https"
}

// asked is the URL that was asked in the end.
func asked(req *http.Request, resp *http.Response) *url.URL {
	if resp.Request != nil && resp.Request.URL != nil {
		return resp.Request.URL
	}
	return req.URL
}

// stranger prepares a request for a server that is not the registry: a redirect's
// target, the place of an upload, a token server.
func (g *guard) stranger(req *http.Request, k kind) error {
	if insider(req.URL.Hostname()) && !insider(hostname(g.own)) && !g.reg.configured(req.URL.Host) {
		return fmt.Errorf("%s sends on to %s, a service of this machine or its network's own: refused; to allow it, make a folder %s among the folders of hosts.toml", g.own, req.URL.Host, req.URL.Host)
	}
	*req = *req.WithContext(context.WithValue(req.Context(), outsideKey{}, !insider(hostname(g.own)) && !g.reg.configured(req.URL.Host)))
	if g.reg.trusts(&url.URL{Scheme: req.URL.Scheme, Host: g.own}, req.URL) {
		if k == token {
			return nil
		}
	}
	for name := range req.Header {
		if !slices.Contains(harmless, http.CanonicalHeaderKey(name)) {
			delete(req.Header, name) // not Del: names of hosts.toml are as written there
		}
	}
	if req.Method == http.MethodPost && k != uploaded && req.Body != nil && req.Body != http.NoBody {
		return fmt.Errorf("%s sends on to %s, which would get the credentials: refused", g.own, req.URL.Host)
	}
	return nil
}

// harmless are the headers that strangers get.
var harmless = []string{"Accept", "Accept-Encoding", "Range", "User-Agent", "Content-Type", "Content-Length"}

// redirected decides about a redirect. Credentials, and whatever else hosts.toml adds
// to requests, are for the registry alone: Go itself would send them to every port
// and subdomain of its host. And what began encrypted must not go on in the open.
func redirected(req *http.Request, via []*http.Request) error {
	if len(via) >= maxRedirect {
		return fmt.Errorf("stopped after %d redirects", maxRedirect)
	}
	first := via[0]
	if req.URL.Scheme != "https" && req.URL.Scheme != "http" {
		return fmt.Errorf("%s redirects to a %.40s address: refused", first.URL.Host, req.URL.Scheme)
	}
	if req.URL.Scheme != "https" && first.URL.Scheme == "https" && !loopback(first.URL.Hostname()) {
		return fmt.Errorf("%s redirects to %s without TLS: refused", first.URL.Host, req.URL.Host)
	}
	if req.URL.Host == first.URL.Host {
		return nil
	}
	if first.Method == http.MethodPost && req.Method == http.MethodPost {
		return fmt.Errorf("%s redirects a request with credentials to %s: refused", first.URL.Host, req.URL.Host)
	}
	for name := range req.Header {
		if !slices.Contains(harmless, http.CanonicalHeaderKey(name)) {
			delete(req.Header, name)
		}
	}
	return nil
}

// outsideKey marks the context of a request that must not end at an address of this
// machine, whatever name it has.
type outsideKey struct{}

// outward makes connections for requests that strangers asked for reach strangers only:
// a name may stand for an address of this machine.
func outward(dial func(context.Context, string, string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		if outside, _ := ctx.Value(outsideKey{}).(bool); outside && !proxied() {
			if host, _, err := net.SplitHostPort(c.RemoteAddr().String()); err == nil && insider(host) {
				_ = c.Close()
				return nil, fmt.Errorf("%s is an address of this machine or its network's own, and another server sends there: refused", addr)
			}
		}
		return c, nil
	}
}

// proxied tells whether connections may go to a proxy, which may well be here.
func proxied() bool {
	for _, scheme := range []string{"http", "https"} {
		if p, err := http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: scheme, Host: "registry.example"}}); err != nil || p != nil {
			return true
		}
	}
	return false
}

// loopback tells whether a host is this machine, where registries are spoken to in
// the open if they do not answer with TLS.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// insider tells whether a host is this machine, or one that only its link knows, such
// as a cloud's service of instance metadata.
func insider(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	ip = ip.Unmap().WithZone("")
	return ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsUnspecified() || ip.IsMulticast()
}

func hostname(hostport string) string { return (&url.URL{Host: hostport}).Hostname() }
