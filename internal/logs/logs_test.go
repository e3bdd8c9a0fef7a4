package logs

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/containerd/log"
)

// told returns what f tells at a level.
func told(t *testing.T, level Level, f func()) string {
	t.Helper()
	var b strings.Builder
	Start(&b, level)
	Libraries(level)
	t.Cleanup(func() { Start(io.Discard, Off); Libraries(Off) })
	f()
	return b.String()
}

// Each level tells what it says, and libraries are details.
func TestLevels(t *testing.T) {
	all := func() {
		Info("ours")
		Detail("detail")
		Took("work", "n", 3)(errors.New("broken"))
		slog.Warn("slogged")
		log.L.WithField("digest", "sha256:x").Error("logged")
		log.L.Debug("debugged")
	}
	for level, want := range map[Level]string{Off: "", Verbose: "ours work", Debug: "ours work detail slogged logged debugged"} {
		got := told(t, level, all)
		for _, w := range []string{"ours", "work", "detail", "slogged", "logged", "debugged"} {
			if strings.Contains(got, "msg="+w) != strings.Contains(want, w) {
				t.Errorf("level %d, %s: %q", level, w, got)
			}
		}
	}
	got := told(t, Verbose, all)
	if !strings.Contains(got, `msg=work n=3 took=`) || !strings.Contains(got, "error=broken") || !strings.HasPrefix(got, "at=") || strings.Contains(got, "time=") {
		t.Error(got)
	}
}

// Nothing is made while nobody wants to know.
func TestOffCostsNothing(t *testing.T) {
	Start(io.Discard, Off)
	text, next := "x", http.DefaultTransport
	if n := testing.AllocsPerRun(100, func() { Info(text); Detail(text); Took(text)(nil); Hide("a long secret"); _ = Requests(next) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if Requests(next) != next {
		t.Error("requests go through something")
	}
}

// Text of strangers commands no terminal.
func TestStrangers(t *testing.T) {
	if got := told(t, Verbose, func() { Info("x\x1b[31m", "name", "a\nb\x1b]0;title\a") }); strings.ContainsAny(strings.TrimSuffix(got, "\n"), "\x1b\a\n") {
		t.Errorf("%q", got)
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"https://me:pw@host/x":                                   "https://(hidden)@host/x",
		"git clone https://ghp_token@github.com/a.git#main":      "git clone https://(hidden)@github.com/a.git#main",
		"get https://cdn/x?X-Amz-Signature=abc&Expires=1 failed": "get https://cdn/x?(hidden) failed",
		`Get "https://auth/token?account=me&scope=x": EOF`:       `Get "https://auth/token?(hidden)": EOF`,
		"redirect to /v2/x/blobs/uploads/1?_state=abc":           "redirect to /v2/x/blobs/uploads/1?(hidden)",
		"Authorization: Bearer abcd.efgh":                        "Authorization: Bearer (hidden)",
		"basic bWU6c2VjcmV0":                                     "basic (hidden)",
		"eyJhbGciOiJI.eyJzdWIi.c2ln in a line":                   "(hidden) in a line",
		`{"access_token":"abc","expires_in":60}`:                 `{"access_token":"(hidden)","expires_in":60}`,
		"password=abc&user=me":                                   "password=(hidden)&user=me",
		"docker.io/library/app@sha256:0123":                      "docker.io/library/app@sha256:0123",
		"http://127.0.0.1:5000/v2/a@b/manifests/x":               "http://127.0.0.1:5000/v2/a@b/manifests/x",
		"is it there? yes":                                       "is it there? yes",
	} {
		if got := Clean(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// What goes to a registry and what comes back is told without what is secret in it.
func TestRequests(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			w.Header().Set("Location", "https://cdn.example/blob?X-Amz-Signature=signed")
			w.WriteHeader(http.StatusTemporaryRedirect)
			return
		}
		_, _ = w.Write([]byte("body"))
	}))
	defer server.Close()
	got := told(t, Debug, func() {
		c := &http.Client{Transport: Requests(http.DefaultTransport), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		for _, path := range []string{"/v2/app?token=query", "/away"} {
			req, err := http.NewRequest(http.MethodGet, server.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.SetBasicAuth("someone", "hunter2pass")
			resp, err := c.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
		}
		req, _ := http.NewRequest(http.MethodGet, "http://127.0.0.1:1/x", nil)
		req.Header.Set("Authorization", "Bearer tokentoken")
		_, _ = c.Do(req)
		Info("echo", "text", "the server said hunter2pass and tokentoken", "password", "pw-by-key", "value", fmt.Errorf("hunter2pass"))
		log.L.WithField("response.header.www-authenticate", `Bearer realm="x"`).WithField("authorization", "pw-by-key").Debug("fetched hunter2pass")
	})
	for _, secret := range []string{"hunter2pass", "query", "signed", "tokentoken", "pw-by-key", "realm", "c29tZW9uZTpodW50ZXIycGFzcw"} {
		if strings.Contains(got, secret) {
			t.Errorf("%s is told:\n%s", secret, got)
		}
	}
	for _, want := range []string{"method=GET", "url=" + server.URL + "/v2/app?(hidden)", "status=200 bytes=4", "status=307", `location=https://cdn.example/blob?(hidden)`, "refused", "took="} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s:\n%s", want, got)
		}
	}
}
