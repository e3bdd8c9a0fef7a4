package web_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"tare/internal/testkit"
	"tare/internal/web"
)

var small = layers{{testkit.File("etc/passwd", "of the image")}}

// refused tells what is wrong with an answer that should tell nothing.
func refused(s *site, a answer, status int) string {
	token := strings.Split(s.at, "/")[3]
	all := fmt.Sprint(a.Header, a.body)
	switch {
	case a.StatusCode != status:
		return fmt.Sprintf("status %d, want %d", a.StatusCode, status)
	case strings.Contains(all, token):
		return "it tells the secret"
	case strings.Contains(all, "tare"), strings.Contains(all, "image"), len(a.body) > 30:
		return "it tells more than it must: " + all
	}
	return ""
}

// Whoever comes from another site, under another name or without the secret gets nothing.
func TestStrangers(t *testing.T) {
	s := serve(t, small)
	token := strings.Split(s.at, "/")[3]
	if len(token) < 26 { // base32: 130 bits
		t.Errorf("the secret has %d characters", len(token))
	}
	base := "http://" + s.host()
	file := s.at + "api/file?path=etc/passwd"
	for name, c := range map[string]struct {
		method, address string
		headers         map[string]string
		status          int
	}{
		"no secret":             {"GET", base + "/", nil, 404},
		"wrong secret":          {"GET", base + "/" + strings.Repeat("A", 26) + "/", nil, 404},
		"part of the secret":    {"GET", base + "/" + token[:25] + "/", nil, 404},
		"secret in small":       {"GET", base + "/" + strings.ToLower(token) + "/", nil, 404},
		"secret later":          {"GET", base + "/x/" + token + "/", nil, 404},
		"secret as query":       {"GET", base + "/?token=" + token, nil, 404},
		"API without secret":    {"GET", base + "/api/files", nil, 404},
		"icon":                  {"GET", base + "/favicon.ico", nil, 404},
		"post, wrong secret":    {"POST", base + "/wrong/", nil, 404},
		"rebinding":             {"GET", s.at, map[string]string{"Host": "evil.example"}, 403},
		"rebinding with port":   {"GET", s.at, map[string]string{"Host": fmt.Sprintf("evil.example:%d", s.port)}, 403},
		"name that begins so":   {"GET", s.at, map[string]string{"Host": fmt.Sprintf("127.0.0.1.evil.example:%d", s.port)}, 403},
		"other port":            {"GET", s.at, map[string]string{"Host": "127.0.0.1:1"}, 403},
		"no port":               {"GET", s.at, map[string]string{"Host": "127.0.0.1"}, 403},
		"other loopback":        {"GET", s.at, map[string]string{"Host": fmt.Sprintf("127.0.0.2:%d", s.port)}, 403},
		"any address":           {"GET", s.at, map[string]string{"Host": fmt.Sprintf("0.0.0.0:%d", s.port)}, 403},
		"subdomain":             {"GET", s.at, map[string]string{"Host": fmt.Sprintf("x.localhost:%d", s.port)}, 403},
		"other origin":          {"GET", file, map[string]string{"Origin": "http://evil.example"}, 403},
		"null origin":           {"GET", file, map[string]string{"Origin": "null"}, 403},
		"other port's origin":   {"GET", file, map[string]string{"Origin": "http://127.0.0.1:1"}, 403},
		"https origin":          {"GET", file, map[string]string{"Origin": "https://" + s.host()}, 403},
		"preflight":             {"OPTIONS", file, map[string]string{"Origin": "http://evil.example", "Access-Control-Request-Method": "GET", "Access-Control-Request-Private-Network": "true"}, 403},
		"cross-site":            {"GET", file, map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		"same site, other port": {"GET", file, map[string]string{"Sec-Fetch-Site": "same-site"}, 403},
		"clicked download":      {"GET", file, map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-User": "?1"}, 403},
		"frame":                 {"GET", s.at, map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe", "Sec-Fetch-User": "?1"}, 403},
		"opened by a script":    {"GET", s.at, map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 403},
		"form":                  {"POST", s.at, map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-User": "?1", "Origin": "http://evil.example"}, 403},
		"websocket":             {"GET", s.at + "api/files", map[string]string{"Origin": "http://evil.example", "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}, 403},
	} {
		if bad := refused(s, s.do(c.method, c.address, c.headers), c.status); bad != "" {
			t.Errorf("%s: %s", name, bad)
		}
	}
	for name, text := range map[string]string{
		"no Host":             "GET /" + token + "/ HTTP/1.0\r\n\r\n",
		"Host of the request": "GET http://evil.example/" + token + "/ HTTP/1.1\r\nHost: " + s.host() + "\r\nConnection: close\r\n\r\n",
		"two hosts":           "GET /" + token + "/ HTTP/1.1\r\nHost: " + s.host() + "\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
		"two origins":         "GET /" + token + "/ HTTP/1.1\r\nHost: " + s.host() + "\r\nOrigin: http://" + s.host() + "\r\nOrigin: http://evil.example\r\nConnection: close\r\n\r\n",
		"long header":         "GET /" + token + "/ HTTP/1.1\r\nHost: " + s.host() + "\r\nX: " + strings.Repeat("x", 40<<10) + "\r\n\r\n",
	} {
		if got := s.raw(text); strings.HasPrefix(got, "HTTP/1.1 200") || strings.HasPrefix(got, "HTTP/1.0 200") || strings.Contains(got, "the page") {
			t.Errorf("%s: %.100s", name, got)
		}
	}
}

// Those who know the address are let in, and told nothing that lets others in.
func TestFriends(t *testing.T) {
	s := serve(t, small)
	for name, headers := range map[string]map[string]string{
		"program":       nil,
		"typed":         {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-User": "?1"},
		"clicked":       {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-User": "?1"},
		"localhost":     {"Host": fmt.Sprintf("localhost:%d", s.port)},
		"IPv6":          {"Host": fmt.Sprintf("[::1]:%d", s.port)},
		"page's script": {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Origin": "http://" + s.host()},
	} {
		a := s.do("GET", s.at, headers)
		if a.StatusCode != http.StatusOK || !strings.Contains(a.body, "the page") {
			t.Errorf("%s: %s %s", name, a.Status, a.body)
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"} {
		for _, path := range []string{"", "api/files", "api/file?path=etc/passwd"} {
			if a := s.do(method, s.at+path, nil); a.StatusCode != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: %s", method, path, a.Status)
			}
		}
	}
	if a := s.do("HEAD", s.at, nil); a.StatusCode != http.StatusOK || a.body != "" {
		t.Errorf("HEAD: %s %s", a.Status, a.body)
	}
	if a := s.do("GET", strings.TrimSuffix(s.at, "/"), nil); a.StatusCode != http.StatusPermanentRedirect || !strings.HasSuffix(s.at, a.Header.Get("Location")) {
		t.Errorf("without the last slash: %s %s", a.Status, a.Header.Get("Location"))
	}
}

func TestHeaders(t *testing.T) {
	s := serve(t, small)
	nonces := map[string]bool{}
	for range 3 {
		a := s.get("")
		csp := a.Header.Get("Content-Security-Policy")
		_, rest, _ := strings.Cut(csp, "script-src 'nonce-")
		nonce, _, _ := strings.Cut(rest, "'")
		if len(nonce) < 22 || nonces[nonce] || !strings.Contains(a.body, `nonce="`+nonce+`"`) {
			t.Errorf("nonce %q of %s in %s", nonce, csp, a.body)
		}
		nonces[nonce] = true
		want := "default-src 'none'; script-src 'nonce-" + nonce + "'; style-src 'nonce-" + nonce + "'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
		if csp != want {
			t.Errorf("the policy is %s", csp)
		}
	}
	for _, a := range []answer{s.get(""), s.get("api/files"), s.get("api/images"), s.get("api/text?path=etc/passwd"), s.get("api/file?path=etc/passwd"), s.get("api/file?path=etc"), s.get("api/none"), s.get("api/files?path=none"),
		s.do("GET", "http://"+s.host()+"/", nil), s.do("GET", s.at, map[string]string{"Host": "evil.example"}), s.do("OPTIONS", s.at, map[string]string{"Origin": "http://evil.example"})} {
		h := a.Header
		for k, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY", "Cache-Control": "no-store",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin"} {
			if h.Get(k) != want {
				t.Errorf("%s: %s: %q", a.Request.URL, k, h.Get(k))
			}
		}
		if csp := h.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; ") || !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("%s: policy %q", a.Request.URL, csp)
		}
		for k := range h {
			if strings.HasPrefix(k, "Access-Control-") || k == "Set-Cookie" || k == "Server" {
				t.Errorf("%s: %s: %s", a.Request.URL, k, h.Get(k))
			}
		}
	}
}

// It listens on loopback only, on both of its addresses, and says when a port is taken.
func TestListen(t *testing.T) {
	s := serve(t, small)
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		ip := a.(*net.IPNet).IP
		if ip.IsLoopback() || ip.IsLinkLocalUnicast() {
			continue
		}
		if c, err := net.DialTimeout("tcp", net.JoinHostPort(ip.String(), fmt.Sprint(s.port)), time.Second); err == nil {
			_ = c.Close()
			t.Errorf("%s answers", ip)
		}
	}
	if probe, err := net.Listen("tcp6", "[::1]:0"); err == nil {
		_ = probe.Close()
		a := s.do("GET", strings.Replace(s.at, "127.0.0.1", "[::1]", 1), nil)
		if a.StatusCode != http.StatusOK {
			t.Errorf("::1: %s", a.Status)
		}
		six, err := net.Listen("tcp6", "[::1]:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = six.Close() }()
		if l, err := web.Listen(six.Addr().(*net.TCPAddr).Port); err == nil {
			l.Close()
			t.Error("somebody else answers at ::1")
		}
	}
	_, err = web.Listen(s.port)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("--port %d: ", s.port)) || !strings.Contains(err.Error(), "in use") || !strings.Contains(err.Error(), "choose another") {
		t.Errorf("a port that is taken: %v", err)
	}
	if err := s.end(); err != nil {
		t.Error(err)
	}
	l, err := web.Listen(s.port)
	if err != nil {
		t.Fatalf("the port is not given back: %v", err)
	}
	l.Close()
}

// Two servers have different secrets.
func TestSecrets(t *testing.T) {
	a, err := web.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := web.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if strings.Split(a.Address(), "/")[3] == strings.Split(b.Address(), "/")[3] {
		t.Error("one secret for two")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Serve(ctx, web.Config{}); err != nil {
		t.Errorf("ended before it began: %v", err)
	}
}
