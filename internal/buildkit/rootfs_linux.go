package buildkit

import (
	"context"
	"fmt"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/moby/buildkit/solver"
	"github.com/moby/buildkit/util/leaseutil"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
)

// layerRef is what it takes to unpack one layer.
type layerRef struct {
	Desc   ocispec.Descriptor `json:"desc"`
	DiffID digest.Digest      `json:"diffID"`
}

func layersOf(img *image.Image) rootfsRequest {
	var r rootfsRequest
	for _, l := range img.Layers {
		r.Layers = append(r.Layers, layerRef{Desc: l.Descriptor, DiffID: l.DiffID})
	}
	return r
}

// rootfs unpacks layers into snapshots, unless they are already, and returns how
// to mount them read-only. The snapshots stay until the cache is pruned, which
// the runs lock prevents while a container uses them.
func (o *owner) rootfs(ctx context.Context, r rootfsRequest) (_ []mount.Mount, err error) {
	if len(r.Layers) == 0 {
		return nil, nil // FROM scratch
	}
	ctx, done, err := leaseutil.WithLease(ctx, o.worker.LeaseManager(), leaseutil.MakeTemporary)
	if err != nil {
		return nil, err
	}
	defer func() { _ = done(context.WithoutCancel(ctx)) }()
	var descs []ocispec.Descriptor
	for _, l := range r.Layers {
		d := l.Desc
		d.Annotations = map[string]string{"containerd.io/uncompressed": l.DiffID.String()}
		descs = append(descs, d)
	}
	// The provider is what lies below containerd's metadata, which denies blobs that
	// it was not told of: those of an image that was pulled and never built upon.
	ref, err := o.worker.FromRemote(ctx, &solver.Remote{Descriptors: descs, Provider: o.back})
	if err != nil {
		return nil, fmt.Errorf("unpack the image: %w", err)
	}
	defer func() { _ = ref.Release(context.WithoutCancel(ctx)) }()
	if err := ref.Extract(ctx, nil); err != nil {
		return nil, fmt.Errorf("unpack the image: %w", err)
	}
	m, err := ref.Mount(ctx, true, nil)
	if err != nil {
		return nil, err
	}
	mounts, release, err := m.Mount()
	if err != nil {
		return nil, err
	}
	return mounts, release()
}
