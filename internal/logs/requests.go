package logs

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Requests tells of every request that goes through next: method, address without its
// query, status, and how long it took until the answer began. While nobody wants to know
// it is next itself.
func Requests(next http.RoundTripper) http.RoundTripper {
	if !On() {
		return next
	}
	return requests{next}
}

type requests struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (r requests) RoundTrip(req *http.Request) (*http.Response, error) {
	hideHeader(req.Header.Get("Authorization"))
	start := time.Now()
	resp, err := r.next.RoundTrip(req)
	if err != nil {
		Info("request", "method", req.Method, "url", address(req.URL), "took", seconds(time.Since(start)), "error", err.Error())
		return resp, err
	}
	Answer(resp, start)
	return resp, nil
}

// Answer tells of a request by what came back, where nothing can be put before a client's
// transport; a are keys and values for the begin of the line.
func Answer(resp *http.Response, start time.Time, a ...any) {
	if !On() {
		return
	}
	req := resp.Request
	a = append(a, "method", req.Method, "url", address(req.URL), "took", seconds(time.Since(start)), "status", resp.StatusCode)
	if resp.ContentLength >= 0 && req.Method != http.MethodHead {
		a = append(a, "bytes", resp.ContentLength)
	}
	if to, err := resp.Location(); err == nil {
		a = append(a, "location", address(to))
	}
	Info("request", a...)
}

// address is an address without what may be secret: user, query and fragment.
func address(u *url.URL) string {
	text := u.Scheme + "://" + u.Host + u.EscapedPath()
	if u.RawQuery != "" {
		text += "?" + hidden
	}
	return text
}

// hideHeader hides what an Authorization header has.
func hideHeader(value string) {
	scheme, secret, _ := strings.Cut(value, " ")
	Hide(strings.TrimSpace(secret))
	if !strings.EqualFold(scheme, "basic") {
		return
	}
	if b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(secret)); err == nil {
		_, password, _ := strings.Cut(string(b), ":")
		Hide(password)
	}
}
