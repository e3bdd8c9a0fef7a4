package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"time"
)

// defaultStall is how long a registry may send nothing in the middle of an answer.
// Go bounds the time until the answer begins, but not the time until it ends.
const defaultStall = time.Minute

// watched ends answers that have stalled: their reader gets an error that counts as a
// broken connection, so that a download goes on over a new one.
type watched struct {
	next  http.RoundTripper
	stall time.Duration
}

func (w *watched) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	resp, err := w.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	if host := tokensInTheOpen(req, resp); host != "" {
		_ = resp.Body.Close()
		cancel()
		return nil, fmt.Errorf("%s wants credentials sent to %s without TLS: refused", req.URL.Host, host)
	}
	b := &watchedBody{ReadCloser: resp.Body, stall: w.stall, cancel: cancel, host: req.URL.Host}
	b.timer = time.AfterFunc(w.stall, cancel)
	b.timer.Stop() // it runs only while somebody waits for bytes
	resp.Body = b
	return resp, nil
}

type watchedBody struct {
	io.ReadCloser
	stall  time.Duration
	timer  *time.Timer
	cancel context.CancelFunc
	host   string
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.timer.Reset(b.stall)
	n, err := b.ReadCloser.Read(p)
	if ran := b.timer.Stop(); !ran && err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("%s has sent nothing for %s: %w", b.host, b.stall, io.ErrUnexpectedEOF)
	}
	return n, err
}

func (b *watchedBody) Close() error {
	b.timer.Stop()
	b.cancel()
	return b.ReadCloser.Close()
}

var openRealm = regexp.MustCompile(`(?i)realm="?http://([^"/,\s]+)`)

// tokensInTheOpen is the host to which a registry with TLS sends for tokens without it;
// "" if it does not. A password would go there.
func tokensInTheOpen(req *http.Request, resp *http.Response) string {
	if req.URL.Scheme != "https" || resp.StatusCode != http.StatusUnauthorized {
		return ""
	}
	for _, challenge := range resp.Header.Values("WWW-Authenticate") {
		if m := openRealm.FindStringSubmatch(challenge); m != nil {
			host, _, err := net.SplitHostPort(m[1])
			if err != nil {
				host = m[1]
			}
			if !loopback(host) {
				return m[1]
			}
		}
	}
	return ""
}

// redirected decides about a redirect. Credentials, and whatever else hosts.toml adds
// to requests, are for the registry alone: Go itself would send them to every port
// and subdomain of its host. And what began encrypted must not go on in the open.
func redirected(req *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return errors.New("stopped after 10 redirects")
	}
	first := via[0]
	if req.URL.Scheme != "https" && first.URL.Scheme == "https" && !loopback(first.URL.Hostname()) {
		return fmt.Errorf("%s redirects to %s without TLS: refused", first.URL.Host, req.URL.Host)
	}
	if req.URL.Host == first.URL.Host {
		return nil
	}
	for name := range req.Header {
		switch name {
		case "Accept", "Range", "User-Agent":
		default:
			delete(req.Header, name) // not Del: names of hosts.toml are as written there
		}
	}
	return nil
}

// loopback tells whether a host is this machine, where registries are spoken to in
// the open if they do not answer with TLS.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
