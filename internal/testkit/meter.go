package testkit

import (
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
)

// Meter is a registry behind a proxy that counts the bytes of what it sends.
type Meter struct {
	*Registry
	Host string       // of the proxy
	Sent atomic.Int64 // bytes of bodies that were answers to GET
	Cut  atomic.Int64 // a body ends after that many bytes, and the connection with it; 0 for whole ones
}

// NewMeter starts a registry and its proxy on loopback, with plain http.
func NewMeter(t testing.TB) *Meter {
	t.Helper()
	m := &Meter{Registry: NewRegistry(t)}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: m.Registry.Host})
	proxy.ErrorLog = log.New(io.Discard, "", 0)
	proxy.ModifyResponse = func(r *http.Response) error {
		if r.Request.Method == http.MethodGet && r.StatusCode < 300 && r.Request.URL.Path != "/v2/" {
			r.Body = &counted{ReadCloser: r.Body, m: m}
		}
		return nil
	}
	s := httptest.NewServer(proxy)
	t.Cleanup(s.Close)
	m.Host = strings.TrimPrefix(s.URL, "http://")
	return m
}

type counted struct {
	io.ReadCloser
	m *Meter
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	if most := c.m.Cut.Load(); most > 0 && c.n >= most {
		return 0, errors.New("cut")
	} else if most > 0 {
		p = p[:min(int64(len(p)), most-c.n)]
	}
	n, err := c.ReadCloser.Read(p)
	c.n += int64(n)
	c.m.Sent.Add(int64(n))
	return n, err
}
