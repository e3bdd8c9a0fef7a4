package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// misbehaviour is a way in which a registry can be bad to its clients.
type misbehaviour struct {
	name string
	// slow ones wait: their cases set TARE_REGISTRY_STALL to a second, all other times
	// follow from it. The others run with what everybody has.
	slow bool
	do   func(w http.ResponseWriter, r *http.Request)
}

var spaces = bytes.Repeat([]byte(" "), 64<<10)

// endless writes until the client has gone.
func endless(w http.ResponseWriter) {
	for {
		if _, err := w.Write(spaces); err != nil {
			return
		}
	}
}

// trickle writes a byte a time until the client has gone.
func trickle(w http.ResponseWriter, r *http.Request, every time.Duration) {
	for {
		if _, err := w.Write([]byte(" ")); err != nil {
			return
		}
		flush(w)
		if !pause(r, every) {
			return
		}
	}
}

func flush(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }

// pause waits, and tells whether the client is still there.
func pause(r *http.Request, d time.Duration) bool {
	select {
	case <-r.Context().Done():
		return false
	case <-time.After(d):
		return true
	}
}

// raw speaks to the client without HTTP's help, until it has gone or a minute is over.
func raw(say func(write func(string) bool)) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }()
		_ = c.SetDeadline(time.Now().Add(time.Minute))
		gone := make(chan struct{})
		go func() { // until the client closes
			_, _ = c.Read(make([]byte, 1))
			close(gone)
		}()
		say(func(s string) bool {
			select {
			case <-gone:
				return false
			default:
			}
			_, err := c.Write([]byte(s))
			return err == nil
		})
	}
}

func status(code int, headers ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		for n := 0; n+1 < len(headers); n += 2 {
			w.Header().Add(headers[n], headers[n+1])
		}
		w.WriteHeader(code)
	}
}

// bomb is half a gigabyte of spaces in half a megabyte.
var bomb = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for range 1 << 13 {
		_, _ = z.Write(spaces)
	}
	_ = z.Close()
	return b.Bytes()
})

// misbehaviours are tried at every place where a registry answers.
func misbehaviours() []misbehaviour {
	with := func(code int, then func(http.ResponseWriter, *http.Request)) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(code)
			flush(w)
			then(w, r)
		}
	}
	forever := func(w http.ResponseWriter, _ *http.Request) { endless(w) }
	drip := func(w http.ResponseWriter, r *http.Request) { trickle(w, r, 300*time.Millisecond) }
	silence := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else the server would not see the client go
		pause(r, time.Minute)
	}
	list := []misbehaviour{
		{name: "never ends", do: forever},
		{name: "never ends, in one JSON string", do: func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"token":"`))
			for {
				if _, err := w.Write(bytes.ReplaceAll(spaces, []byte(" "), []byte("x"))); err != nil {
					return
				}
			}
		}},
		{name: "never ends, in nested arrays", do: func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(bytes.ReplaceAll(spaces, []byte(" "), []byte("["))); err != nil {
					return
				}
			}
		}},
		{name: "announces an exabyte", do: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1152921504606846976")
			endless(w)
		}},
		{name: "announces a byte and sends none", slow: true, do: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1")
			w.WriteHeader(200)
			flush(w)
			silence(w, r)
		}},
		{name: "never answers", slow: true, do: silence},
		{name: "takes nothing, and never answers", slow: true, do: func(_ http.ResponseWriter, r *http.Request) { pause(r, 25*time.Second) }},
		{name: "answers, and sends nothing", slow: true, do: with(200, silence)},
		{name: "sends a byte now and then", slow: true, do: drip},
		{name: "sends its headers byte by byte", slow: true, do: raw(func(write func(string) bool) {
			for _, c := range "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1000) {
				if !write(string(c)) {
					return
				}
				time.Sleep(200 * time.Millisecond)
			}
		})},
		{name: "sends headers without end", do: raw(func(write func(string) bool) {
			write("HTTP/1.1 200 OK\r\n")
			for n := 0; write(fmt.Sprintf("X-%d: %s\r\n", n, spaces[:1000])); n++ {
			}
		})},
		{name: "sends one header without end", do: raw(func(write func(string) bool) {
			write("HTTP/1.1 200 OK\r\nX: ")
			for write(strings.Repeat("x", 64<<10)) {
			}
		})},
		{name: "sends a status without end", do: raw(func(write func(string) bool) {
			write("HTTP/1.1 200 ")
			for write(strings.Repeat("x", 64<<10)) {
			}
		})},
		{name: "says to go on, forever", slow: true, do: raw(func(write func(string) bool) {
			for write("HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n") {
				time.Sleep(time.Millisecond)
			}
		})},
		{name: "sends chunks with endless extensions", do: raw(func(write func(string) bool) {
			write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=")
			for write(strings.Repeat("x", 64<<10)) {
			}
		})},
		{name: "sends a chunk of negative size", do: raw(func(write func(string) bool) {
			write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n")
		})},
		{name: "sends trailers without end", do: raw(func(write func(string) bool) {
			write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n")
			for n := 0; write(fmt.Sprintf("X-%d: %s\r\n", n, spaces[:1000])); n++ {
			}
		})},
		{name: "speaks no HTTP", do: raw(func(write func(string) bool) { write("220 smtp.example ESMTP\r\n") })},
		{name: "sends noise without end", do: raw(func(write func(string) bool) {
			for write(strings.Repeat("\x00\xff\x1b[31m", 10_000)) {
			}
		})},
		{name: "says two lengths", do: raw(func(write func(string) bool) {
			write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello")
		})},
		{name: "says a negative length", do: raw(func(write func(string) bool) {
			write("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello")
		})},
		{name: "hangs up", do: raw(func(func(string) bool) {})},
		{name: "hangs up in the middle", do: raw(func(write func(string) bool) { write("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello") })},
		{name: "compresses half a gigabyte", do: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb())
		}},
		{name: "compresses with nonsense", do: status(200, "Content-Encoding", "gzip, zstd, deflate, br, x\x1b[31m")},
		{name: "has a fault, described without end", do: with(500, forever)},
		{name: "has a fault, described slowly", slow: true, do: with(500, drip)},
		{name: "finds nothing, and says so without end", do: with(404, forever)},
		{name: "refuses without end", do: with(403, forever)},
		{name: "refuses slowly", slow: true, do: with(403, drip)},
		{name: "is a teapot without end", do: with(418, forever)},
		{name: "has a bad gateway, slowly", slow: true, do: with(502, drip)},
		{name: "wants a login, with a realm of a megabyte", do: status(401, "WWW-Authenticate", `Bearer realm="http://127.0.0.1:1/`+strings.Repeat("x", 900<<10)+`"`)},
		{name: "wants a login in a thousand ways", do: func(w http.ResponseWriter, _ *http.Request) {
			for range 1000 {
				w.Header().Add("WWW-Authenticate", `Bearer realm="http://127.0.0.1:1/",scope="`+strings.Repeat("a:b:c ", 50)+`"`)
			}
			w.WriteHeader(401)
		}},
		{name: "wants a login again and again", do: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/good-token",error="invalid_token"`, r.Host))
			w.WriteHeader(401)
		}},
		{name: "wants a login by words unknown", do: status(401, "WWW-Authenticate", "\x01\x02 =,,=\"\\")},
		{name: "puts off for 292 years", do: status(429, "Retry-After", "9223372037")},
		{name: "puts off by more digits than numbers have", do: status(429, "Retry-After", strings.Repeat("9", 5000))},
		{name: "puts off for a negative time", slow: true, do: status(429, "Retry-After", "-1")},
		{name: "puts off for no time, forever", slow: true, do: status(429, "Retry-After", "0")},
		{name: "puts off until a date long past", slow: true, do: status(429, "Retry-After", "Mon, 01 Jan 0001 00:00:00 GMT")},
		{name: "puts off until the year 9999", do: status(503, "Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT")},
		{name: "puts off without a word, forever", slow: true, do: status(429)},
		{name: "puts off without end", slow: true, do: with(429, forever)},
		{name: "is not available, forever", do: status(503)},
		{name: "times out, forever", do: status(408)},
		{name: "redirects to itself", do: func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.String(), 307) }},
		{name: "redirects around", do: func(w http.ResponseWriter, r *http.Request) {
			q := r.URL.Query()
			q.Set("n", q.Get("n")+"x")
			http.Redirect(w, r, r.URL.Path+"?"+q.Encode(), 307)
		}},
		{name: "redirects slowly", slow: true, do: func(w http.ResponseWriter, r *http.Request) {
			if pause(r, 800*time.Millisecond) {
				http.Redirect(w, r, r.URL.String(), 307)
			}
		}},
		{name: "redirects without end", do: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", r.URL.String())
			w.WriteHeader(307)
			endless(w)
		}},
		{name: "redirects nowhere", do: status(307)},
		{name: "redirects to a file", do: status(307, "Location", "file:///etc/passwd")},
		{name: "redirects to a megabyte", do: status(307, "Location", "http://127.0.0.1:1/"+strings.Repeat("x", 900<<10))},
		{name: "redirects to a host that is none", do: status(307, "Location", "http://\x7f:99999/")},
		{name: "answers with nothing", do: status(200)},
		{name: "answers with another kind of nothing", do: status(204)},
		{name: "answers with a part that nobody asked for", do: status(206, "Content-Range", "bytes 9999999999999999999-1/*")},
		{name: "answers with a page", do: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<html>please log in to this hotel's network</html>"))
		}},
		{name: "answers with commands for the terminal", do: raw(func(write func(string) bool) {
			write("HTTP/1.1 500 \x1b]0;owned\x07\x1b[2J\r\nContent-Length: 5\r\n\r\n\x1b[31m")
		})},
	}
	return list
}
