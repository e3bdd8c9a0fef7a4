package source

import (
	"context"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/remotes"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
)

// Blobs serves the manifests and blobs of a repository by digest, as looks at images in registries read them. Nothing is asked for
// before it is read, and nothing is verified: whoever reads does that.
func (r *Registry) Blobs(ctx context.Context, named reference.Named) (content.Provider, error) {
	f, err := r.resolver(ctx).Fetcher(ctx, named.String())
	if err != nil {
		return nil, r.explain(named, err)
	}
	return &remoteBlobs{r: r, named: named, f: f, docs: map[digest.Digest][]byte{}}, nil
}

// BlobsFrom is Blobs for whoever fetches over connections of their own. An io.Seeker that is fetched lets a download that broke go on
// where it was.
func (r *Registry) BlobsFrom(named reference.Named, f remotes.Fetcher) content.Provider {
	return &remoteBlobs{r: r, named: named, f: f, docs: map[digest.Digest][]byte{}}
}

// Pusher sends blobs and manifests to the repository of a name. A manifest gets the name's tag; where the name has none, only its digest.
func (r *Registry) Pusher(ctx context.Context, named reference.Named) (remotes.Pusher, error) {
	p, err := r.resolver(ctx).Pusher(ctx, named.String())
	if err != nil {
		return nil, r.explain(named, err)
	}
	return p, nil
}
