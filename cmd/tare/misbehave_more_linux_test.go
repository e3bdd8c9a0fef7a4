package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// body answers with a text of some type.
func body(kind, text string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, text)
	}
}

// said answers with bytes, past HTTP's own server.
func said(text string) func(http.ResponseWriter, *http.Request) {
	return raw(func(write func(string) bool) { write(text) })
}

// lies are misbehaviours of what an answer says rather than of how it comes.
func lies() []misbehaviour {
	const index = "application/vnd.oci.image.index.v1+json"
	const manifest = "application/vnd.oci.image.manifest.v1+json"
	zero := "sha256:" + strings.Repeat("0", 64)
	many := func(n int, one func(int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(one(i))
		}
		return b.String()
	}
	list := []misbehaviour{
		{name: "says null", do: body("application/json", "null")},
		{name: "says a number where a document should be", do: body("application/json", "1e400")},
		{name: "says numbers where texts should be", do: body("application/json", `{"token":1,"access_token":[],"schemaVersion":"2","mediaType":{}}`)},
		{name: "says texts where lists should be", do: body(index, `{"schemaVersion":2,"manifests":"all of them","layers":"none"}`)},
		{name: "nests objects a hundred thousand times", do: body(index, strings.Repeat(`{"manifests":[`, 100_000))},
		{name: "has a million keys", do: body("application/json", "{"+many(1_000_000, func(n int) string { return fmt.Sprintf(`"%x":0,`, n) })+`"x":0}`)},
		{name: "has one key a million times", do: body("application/json", "{"+strings.Repeat(`"errors":0,`, 1_000_000)+`"x":0}`)},
		{name: "lists a hundred thousand errors", do: func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(400)
			_, _ = io.WriteString(w, `{"errors":[`+strings.Repeat(`{"code":"DENIED","message":"no","detail":"no"},`, 100_000)+`{}]}`)
		}},
		{name: "lists itself in an index", do: body(index, `{"schemaVersion":2,"manifests":[{"mediaType":"`+index+`","digest":"`+zero+`","size":1}]}`)},
		{name: "lists ten thousand indexes", do: body(index, `{"schemaVersion":2,"manifests":[`+many(10_000, func(n int) string {
			return fmt.Sprintf(`{"mediaType":"%s","digest":"sha256:%064x","size":400},`, index, n)
		})+`{}]}`)},
		{name: "has layers of negative size", do: body(manifest, `{"schemaVersion":2,"config":{"digest":"`+zero+`","size":-1},"layers":[{"digest":"`+zero+`","size":-5}]}`)},
		{name: "has layers of an exabyte", do: body(manifest, `{"schemaVersion":2,"config":{"digest":"`+zero+`","size":2},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"`+zero+`","size":1152921504606846976}]}`)},
		{name: "has digests that lead out", do: body(manifest, `{"schemaVersion":2,"config":{"digest":"sha256:../../../../etc/passwd","size":2},"layers":[]}`)},
		{name: "has digests of an unknown kind", do: body(manifest, `{"schemaVersion":2,"config":{"digest":"md5:d41d8cd98f00b204e9800998ecf8427e","size":2},"layers":[]}`)},
		{name: "has a thousand layers of one digest", do: body(manifest, `{"schemaVersion":2,"config":{"digest":"`+zero+`","size":2},"layers":[`+strings.Repeat(`{"digest":"`+zero+`","size":9},`, 1000)+`{}]}`)},
		{name: "says another digest in its header", do: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Docker-Content-Digest", zero)
			body(manifest, `{"schemaVersion":2}`)(w, nil)
		}},
		{name: "says a digest that is none in its header", do: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Docker-Content-Digest", "sha256:"+strings.Repeat("z", 1<<16))
			body(manifest, `{"schemaVersion":2}`)(w, nil)
		}},
		{name: "has a content type of a hundred kilobytes", do: body(strings.Repeat("application/", 9000), "{}")},
		{name: "answers in UTF-16", do: body("application/json", "\xff\xfe{\x00}\x00")},
		{name: "answers with NUL bytes", do: body("application/json", strings.Repeat("\x00", 1<<20))},
		{name: "answers with a byte order mark only", do: body("application/json", "\xef\xbb\xbf")},
		{name: "answers with a gzip nobody asked for", do: func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bomb()) }},
		{name: "answers twice", do: body("application/json", `{"token":""}{"token":""}`)},
		{name: "gives an empty token", do: body("application/json", `{"token":"","access_token":"","expires_in":-9223372036854775808}`)},
		{name: "gives a token with line ends in it", do: body("application/json", `{"token":"a\r\nX-Evil: 1","access_token":"a\r\nX-Evil: 1"}`)},
		{name: "gives a token with control characters", do: body("application/json", `{"token":"a\u001b]0;x\u0007","access_token":"a\u0000"}`)},
		{name: "says nothing has changed", do: status(304)},
		{name: "says to use a proxy", do: status(305, "Location", "http://127.0.0.1:1/")},
		{name: "wants a login at a proxy", do: status(407, "Proxy-Authenticate", `Basic realm="x"`)},
		{name: "wants another protocol", do: status(426, "Upgrade", "h2c", "Connection", "Upgrade")},
		{name: "is out of its range", do: status(416, "Content-Range", "bytes */0")},
		{name: "is forbidden by law", do: status(451)},
		{name: "has no room", do: status(507)},
		{name: "answers 999", do: said("HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n")},
		{name: "answers 99999", do: said("HTTP/1.1 99999 What\r\nContent-Length: 0\r\n\r\n")},
		{name: "answers in HTTP/0.9", do: said("<html>hello</html>")},
		{name: "answers in HTTP/1.0", do: said("HTTP/1.0 200 OK\r\n\r\n")},
		{name: "answers in HTTP/3.7", do: said("HTTP/3.7 200 OK\r\nContent-Length: 0\r\n\r\n")},
		{name: "answers in HTTP/2, unasked", do: said("\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64\x00\x04\x00\x00\xff\xff\x00\x05\x00\x00\x40\x00")},
		{name: "answers with TLS, unasked", do: said("\x15\x03\x01\x00\x02\x02\x28")},
		{name: "switches to another protocol", do: said("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x05hello")},
		{name: "says that a chunk has an exabyte", do: said("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\nhello")},
		{name: "says both a length and chunks", do: said("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n\r\n")},
		{name: "says an unknown transfer encoding", do: said("HTTP/1.1 200 OK\r\nTransfer-Encoding: rot13\r\n\r\n{}")},
		{name: "folds its headers", do: said("HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\tc\r\nContent-Length: 2\r\n\r\n{}")},
		{name: "has a header without a name", do: said("HTTP/1.1 200 OK\r\n: x\r\nContent-Length: 2\r\n\r\n{}")},
		{name: "has ten thousand cookies", do: func(w http.ResponseWriter, _ *http.Request) {
			for n := range 10_000 {
				w.Header().Add("Set-Cookie", fmt.Sprintf("c%d=%s", n, strings.Repeat("x", 50)))
			}
			w.WriteHeader(200)
		}},
		{name: "leads through pages without end", do: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", "<"+r.URL.Path+"?n=1>; rel=\"next\"")
			body("application/json", `{"name":"app","tags":[]}`)(w, r)
		}},
		{name: "redirects with a password", do: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://user:secret@"+r.Host+r.URL.Path)
			w.WriteHeader(307)
		}},
		{name: "redirects to every port in turn", do: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, fmt.Sprintf("http://127.0.0.1:%d/", 1+time.Now().UnixNano()%900), 307)
		}},
		{name: "answers late each time", slow: true, do: func(w http.ResponseWriter, r *http.Request) {
			if pause(r, 900*time.Millisecond) {
				w.WriteHeader(503)
			}
		}},
		{name: "stops in the middle of each answer", slow: true, do: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000000")
			_, _ = w.Write(bytes.Repeat([]byte("x"), 1000))
			flush(w)
			pause(r, time.Minute)
		}},
	}
	return list
}
