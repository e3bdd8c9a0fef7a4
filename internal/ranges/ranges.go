// Package ranges asks for a part of a blob, and takes no other answer for it.
package ranges

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// ErrNone says that a registry sends blobs only as a whole.
var ErrNone = errors.New("the registry sends blobs only as a whole (no range requests)")

// key is where a request's context keeps which part is wanted.
type key struct{}

// Part is a part of a blob, in bytes.
type Part struct{ Off, N int64 }

// With is a context whose requests for blobs are for a part.
func With(ctx context.Context, p Part) context.Context { return context.WithValue(ctx, key{}, p) }

// Of is the part that a context wants; ok is false if it wants no part.
func Of(ctx context.Context) (p Part, ok bool) {
	p, ok = ctx.Value(key{}).(Part)
	return p, ok
}

// Ask puts the part into a request. containerd's client asks for all that follows a place; a part in the middle has an end.
func (p Part) Ask(req *http.Request) {
	if req.Method == http.MethodGet {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", p.Off, p.Off+p.N-1))
	}
}

// Check refuses an answer that is another part, or the whole blob, which would be read up to the part in vain.
func (p Part) Check(resp *http.Response) error {
	switch {
	case resp.StatusCode == http.StatusOK:
		return ErrNone
	case resp.StatusCode != http.StatusPartialContent:
		return nil
	}
	if got := resp.Header.Get("Content-Range"); !strings.HasPrefix(got, fmt.Sprintf("bytes %d-%d/", p.Off, p.Off+p.N-1)) {
		return fmt.Errorf("%w: asked for %d bytes at %d, it sends %.60q", ErrNone, p.N, p.Off, got)
	}
	return nil
}
