package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tare/internal/progress"
	"tare/internal/store"
	"tare/internal/target"
	"tare/internal/testkit"
	"tare/internal/web"
)

// site is a server of images, and a client that knows its address.
type site struct {
	t    *testing.T
	at   string // the address with the secret
	port int
	end  func() error // ends it, and returns what Serve did
}

// layers are those of an image.
type layers [][]testkit.Entry

// serve serves images with these layers.
func serve(t *testing.T, images ...layers) *site {
	t.Helper()
	set, list := opened(t, images...)
	return start(t, web.Config{Images: list, Source: set, Page: func(w io.Writer, nonce string) error {
		_, err := fmt.Fprintf(w, "<!doctype html><script nonce=%q></script>the page", nonce)
		return err
	}})
}

// imagesOf are images with these layers.
func imagesOf(t *testing.T, images ...layers) []web.Image {
	t.Helper()
	_, list := opened(t, images...)
	return list
}

func opened(t *testing.T, images ...layers) (*target.Set, []web.Image) {
	t.Helper()
	st := testkit.Store(t)
	var words []string
	for n, list := range images {
		var o testkit.Options
		for _, l := range list {
			o.Layers = append(o.Layers, testkit.Tar(t, l...))
		}
		words = append(words, fmt.Sprintf("app%d", n))
		testkit.Put(t, st, "docker.io/library/"+words[n]+":latest", store.Pulled, testkit.Image(t, o))
	}
	f := &target.Finder{Store: func() (*store.Store, error) { return st, nil }, Watch: func() (progress.Func, func()) { return nil, func() {} }, Note: func(string) {}}
	set, err := f.Open(t.Context(), words, target.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(set.Close)
	facts, err := set.Facts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []web.Image
	for n, i := range set.Images {
		out = append(out, web.Image{Name: i.Name, Facts: facts[n]})
	}
	return set, out
}

func start(t *testing.T, c web.Config) *site {
	t.Helper()
	l, err := web.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Serve(ctx, c) }()
	s := &site{t: t, at: l.Address(), port: l.Port(), end: func() error { cancel(); return <-ended }}
	t.Cleanup(func() {
		cancel()
		l.Close()
	})
	return s
}

// host is the address without the secret.
func (s *site) host() string { return fmt.Sprintf("127.0.0.1:%d", s.port) }

// answer is what a server said.
type answer struct {
	*http.Response
	body string
}

// get asks for a path below the secret.
func (s *site) get(path string) answer { return s.do("GET", s.at+path, nil) }

// do sends a request with headers; "Host" is the request's.
func (s *site) do(method, address string, headers map[string]string) answer {
	s.t.Helper()
	r, err := http.NewRequest(method, address, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for k, v := range headers {
		if k == "Host" {
			r.Host = v
		} else {
			r.Header.Set(k, v)
		}
	}
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{resp, string(b)}
}

// api asks for a document.
func api[T any](s *site, name string, pairs ...string) (out T) {
	s.t.Helper()
	q := url.Values{}
	for n := 0; n < len(pairs); n += 2 {
		q.Set(pairs[n], pairs[n+1])
	}
	a := s.get("api/" + name + "?" + q.Encode())
	if a.StatusCode != http.StatusOK {
		s.t.Fatalf("%s %v: %s %s", name, pairs, a.Status, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), &out); err != nil {
		s.t.Fatal(err)
	}
	return out
}

// shown are rows in short: sign, name, size, hidden.
func shown(l web.Listing) string {
	var out []string
	for _, r := range l.Rows {
		text := strings.TrimSpace(r.Sign+" "+r.Name) + fmt.Sprintf(" %d", r.Size)
		if r.Hidden > 0 {
			text += fmt.Sprintf(" hidden %d", r.Hidden)
		}
		if r.Change != nil {
			text += fmt.Sprintf(" to %d by %d", *r.Other, *r.Change)
		}
		out = append(out, text)
	}
	return strings.Join(out, "\n")
}

// raw sends text over a connection of its own and returns all that comes back.
func (s *site) raw(text string) string {
	s.t.Helper()
	c, err := net.Dial("tcp", s.host())
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, text); err != nil {
		return ""
	}
	b, _ := io.ReadAll(c)
	return string(b)
}
