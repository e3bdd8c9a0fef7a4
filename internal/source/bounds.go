package source

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// kind says what an answer of a registry is. It decides how much of it is read, and
// how long.
type kind int

const (
	document kind = iota // a manifest, an index, a list of tags, a ping
	token                // what a token server answers
	blob                 // a layer or a configuration: its descriptor bounds the bytes
	uploaded             // the answer to a piece of a push
	failure              // the body of any answer that is an error
	moved                // that of a redirect, which nobody reads
)

// Bounds of answers, in bytes.
const (
	maxToken    = 256 << 10 // tokens have some 4 kB
	maxFailure  = 64 << 10  // more is not shown
	maxAnswer   = 16 << 20  // image.MaxDocument; registries refuse manifests above 4 MiB
	minSpeed    = 1000      // bytes a second; what DNF demands, too
	maxRedirect = 10
)

// defaultStall is how long a registry may send nothing, or too little.
const defaultStall = 15 * time.Second

// bounds are what an answer may take. All times follow from the one that TARE_REGISTRY_STALL
// sets, so that whoever has a slow registry needs to know only that.
type bounds struct {
	what  string
	bytes int64         // 0: the reader knows how many
	begin time.Duration // until the answer begins
	flow  time.Duration // minSpeed is reached within this, or the answer ends
	whole time.Duration // from the request to the end of the answer; 0: as long as it flows
	cut   bool          // what is beyond bytes is cut off, rather than an error
}

func (k kind) bounds(stall time.Duration) bounds {
	switch k {
	case token:
		return bounds{what: "a token", bytes: maxToken, begin: stall, flow: stall, whole: stall}
	case blob:
		return bounds{what: "a blob", begin: 2 * stall, flow: stall}
	case uploaded:
		return bounds{what: "the answer to an upload", bytes: maxFailure, begin: 12 * stall, flow: stall, cut: true}
	case failure:
		return bounds{what: "an error", bytes: maxFailure, flow: stall / 3, whole: stall / 3, cut: true}
	case moved:
		return bounds{what: "a redirect", bytes: 2 << 10, flow: stall / 15, whole: stall / 15, cut: true}
	}
	return bounds{what: "a manifest", bytes: maxAnswer, begin: stall, flow: stall, whole: 4 * stall}
}

// StallFromEnv is TARE_REGISTRY_STALL, a duration such as 60s; 0 if it is not set.
func StallFromEnv() (time.Duration, error) {
	v := os.Getenv("TARE_REGISTRY_STALL")
	if v == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < 100*time.Millisecond || d > 24*time.Hour {
		return 0, fmt.Errorf("TARE_REGISTRY_STALL=%q: want a duration from 100ms to 24h, such as 60s", v)
	}
	return d, nil
}

// kindOf tells what an answer to req will be. A redirect does not change what was
// asked for.
func kindOf(req *http.Request) kind {
	for req.Response != nil && req.Response.Request != nil {
		req = req.Response.Request
	}
	p := req.URL.Path
	switch {
	case strings.Contains(p, "/blobs/uploads/"), req.Method == http.MethodPut || req.Method == http.MethodPatch:
		return uploaded
	case strings.Contains(p, "/blobs/"):
		return blob
	}
	return document
}

// stalledError is an answer that does not come, or too slowly. One that has begun
// counts as a broken connection: a download goes on over a new one.
type stalledError struct {
	host, text string
	begun      bool
	again      bool // worth another try: it may be there by then, as in a registry that fetches blobs itself
}

// Error implements error.
func (e *stalledError) Error() string {
	return e.host + " " + e.text + " (TARE_REGISTRY_STALL=60s waits longer)"
}

// Unwrap implements errors.Unwrap.
func (e *stalledError) Unwrap() error {
	if e.begun {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// tooMuchError is an answer with more bytes than any honest one has.
type tooMuchError struct {
	host string
	b    bounds
}

// Error implements error.
func (e *tooMuchError) Error() string {
	return fmt.Sprintf("%s sends more than %d bytes as %s: refused", e.host, e.b.bytes, e.b.what)
}
