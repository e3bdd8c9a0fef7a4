package source

import (
	"fmt"
	"net/http"

	"github.com/containerd/errdefs"
)

// FollowNoURLs makes this process ignore the "urls" of descriptors. tare's own readers
// take them out, but containerd's fetcher, which the build engine uses on manifests as
// it finds them, asks there first, with Go's default client: nothing else in tare uses
// that. The registry is asked afterwards, as the error says that there is nothing.
func FollowNoURLs() {
	http.DefaultClient = &http.Client{Transport: noURLs{}}
}

type noURLs struct{}

// RoundTrip implements http.RoundTripper.
func (noURLs) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
	return nil, fmt.Errorf("an image says that a part of it is at %s, which tare never follows: %w", cutText(req.URL.Host), errdefs.ErrNotFound)
}
