package web

import (
	"crypto/rand"
	"crypto/subtle"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// guard stands before all that is served. Who does not come from the page itself, or does
// not know the secret, gets an answer that tells nothing.
type guard struct {
	hosts map[string]bool // what Host may be: the addresses that are listened on
	token string
	next  http.Handler // gets the path after the secret
}

func newGuard(l *Listener, next http.Handler) *guard {
	g := &guard{hosts: map[string]bool{}, token: l.token, next: next}
	for _, name := range []string{"127.0.0.1", "::1", "localhost"} {
		g.hosts[net.JoinHostPort(name, strconv.Itoa(l.port))] = true
		if l.port == 80 { // browsers leave it out
			g.hosts[strings.TrimSuffix(net.JoinHostPort(name, "80"), ":80")] = true
		}
	}
	return g
}

// ServeHTTP implements http.Handler.
func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	first, rest, slash := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	known := subtle.ConstantTimeCompare([]byte(first), []byte(g.token)) == 1
	switch {
	// A name that somebody else's DNS leads here ("rebinding") is none of ours.
	case !g.hosts[r.Host], !g.own(r, slash && rest == ""):
		plain(w, http.StatusForbidden)
	case !known:
		plain(w, http.StatusNotFound)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", "GET, HEAD")
		plain(w, http.StatusMethodNotAllowed)
	case !slash:
		http.Redirect(w, r, "/"+g.token+"/", http.StatusPermanentRedirect)
	default:
		r.URL.Path, r.URL.RawPath = rest, ""
		g.next.ServeHTTP(w, r)
	}
}

// own tells whether a request comes from the page, from the user or from a program that is
// no browser: not from another site's page. Another site may have a link to the page, which
// a person clicks.
func (g *guard) own(r *http.Request, page bool) bool {
	for _, o := range r.Header.Values("Origin") {
		if o != "http://"+r.Host {
			return false
		}
	}
	clicked := r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document" && r.Header.Get("Sec-Fetch-User") == "?1"
	for _, site := range r.Header.Values("Sec-Fetch-Site") {
		if site != "same-origin" && site != "none" && !(page && clicked && r.Method == http.MethodGet) {
			return false
		}
	}
	return true
}

// plain answers with the words of a status, and nothing else.
func plain(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(strings.ToLower(http.StatusText(status)) + "\n"))
}

// policy is the Content-Security-Policy of the page: it runs and loads what has its nonce,
// and asks this server alone.
func policy(nonce string) string {
	return "default-src 'none'; script-src 'nonce-" + nonce + "'; style-src 'nonce-" + nonce + "'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// newNonce is a word that nobody can guess.
func newNonce() string { return rand.Text() }
