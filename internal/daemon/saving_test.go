package daemon

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A daemon that falls silent, before an archive or in the middle of it, is not waited for
// without end; one that is merely slow is.
func TestSilentDaemon(t *testing.T) {
	before := maxSilence
	maxSilence = 300 * time.Millisecond
	t.Cleanup(func() { maxSilence = before })
	for _, c := range []struct {
		name string
		send func(w http.ResponseWriter, r *http.Request)
		want string // of the error; "" for none
	}{
		{"before the archive", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "it sends nothing for 300ms"},
		{"in the middle", func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write(make([]byte, 1000))
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, "broke off after 1000 bytes: it sends nothing for 300ms"},
		{"slowly", func(w http.ResponseWriter, _ *http.Request) {
			for range 10 {
				_, _ = w.Write(make([]byte, 100))
				_ = http.NewResponseController(w).Flush()
				time.Sleep(50 * time.Millisecond)
			}
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/images/get") {
					c.send(w, r)
				}
			}))
			t.Cleanup(s.Close)
			t.Cleanup(s.CloseClientConnections)
			e := &Endpoint{Kind: Docker, Host: "tcp://" + s.Listener.Addr().String()}
			e.at.Host = e.Host
			d, err := Connect(e)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = d.Close() })
			r, err := d.Save(t.Context(), "app")
			if err == nil {
				_, err = io.Copy(io.Discard, r)
				_ = r.Close()
			}
			if c.want == "" && err != nil || c.want != "" && (!errors.Is(err, errStalled) || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v", err)
			}
		})
	}
}
