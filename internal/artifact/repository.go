package artifact

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/remotes/docker"
	remoteerrors "github.com/containerd/containerd/v2/core/remotes/errors"
	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/repository"
	"tare/internal/source"
)

// Repository is one repository of a registry. It may be used by several goroutines at once.
type Repository struct {
	registry *source.Registry
	named    reference.Named // without tag and digest
	asked    *repository.Repository
	hosts    []docker.RegistryHost
	blobs    content.Provider
}

// Open opens the repository of a name; a tag or a digest of the name does not matter. Nothing is asked for yet.
func Open(ctx context.Context, registry *source.Registry, named reference.Named) (*Repository, error) {
	named = reference.TrimNamed(named)
	asked, err := repository.Open(ctx, registry, named)
	if err != nil {
		return nil, err
	}
	hosts, err := asked.Hosts(ctx)
	if err != nil {
		return nil, err
	}
	blobs, err := registry.Blobs(ctx, named)
	if err != nil {
		return nil, err
	}
	return &Repository{registry: registry, named: named, asked: asked, hosts: hosts, blobs: blobs}, nil
}

// Name is the full name of the repository: REGISTRY/PATH.
func (r *Repository) Name() string { return r.named.Name() }

// Manifest reads an artifact's manifest, and verifies its digest, its size and that it is one.
func (r *Repository) Manifest(ctx context.Context, d ocispec.Descriptor) (*ocispec.Manifest, error) {
	var m ocispec.Manifest
	// Its bytes are those of the registry, whatever a descriptor carries with it.
	if _, err := image.ReadJSON(ctx, r.blobs, ocispec.Descriptor{MediaType: d.MediaType, Digest: d.Digest, Size: d.Size}, &m); err != nil {
		return nil, fmt.Errorf("manifest %s: %w", d.Digest, err)
	}
	return checked(&m, d)
}

// checked is a manifest if it may be an artifact's.
func checked(m *ocispec.Manifest, d ocispec.Descriptor) (*ocispec.Manifest, error) {
	if m.MediaType != ocispec.MediaTypeImageManifest || m.SchemaVersion != 2 || m.ArtifactType == "" {
		return nil, fmt.Errorf("manifest %s is not an artifact's", d.Digest)
	}
	return m, nil
}

// Tagged reads the manifest of an artifact that has a tag. The error wraps errdefs.ErrNotFound where the repository has no such tag.
func (r *Repository) Tagged(ctx context.Context, tag string) (ocispec.Descriptor, *ocispec.Manifest, error) {
	var first error
	for _, h := range r.able(docker.HostCapabilityPull) {
		raw, media, err := r.tagged(ctx, h, tag)
		if err == nil {
			d := ocispec.Descriptor{MediaType: media, Digest: digest.FromBytes(raw), Size: int64(len(raw))}
			var m ocispec.Manifest
			if err := json.Unmarshal(raw, &m); err != nil {
				return d, nil, fmt.Errorf("manifest %s: %w", d.Digest, err)
			}
			out, err := checked(&m, d)
			return d, out, err
		}
		if first == nil || errdefs.IsNotFound(first) {
			first = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	if first == nil {
		first = fmt.Errorf("no host is configured for %s", reference.Domain(r.named))
	}
	return ocispec.Descriptor{}, nil, r.registry.Explain(r.named, first)
}

// Blob reads a blob, and verifies its digest. One that says it has more than most bytes is refused before anything is read.
func (r *Repository) Blob(ctx context.Context, d ocispec.Descriptor, most int64) ([]byte, error) {
	if d.Size < 0 || d.Size > most {
		return nil, fmt.Errorf("blob %s has %d bytes: more than %d", d.Digest, d.Size, most)
	}
	if err := d.Digest.Validate(); err != nil {
		return nil, fmt.Errorf("a blob's digest %.80q: %w", d.Digest.String(), err)
	}
	b, err := content.ReadBlob(ctx, r.blobs, ocispec.Descriptor{MediaType: d.MediaType, Digest: d.Digest, Size: d.Size})
	if err != nil {
		return nil, fmt.Errorf("blob %s: %w", d.Digest, err)
	}
	if got := d.Digest.Algorithm().FromBytes(b); got != d.Digest {
		return nil, fmt.Errorf("blob %s has the digest %s", d.Digest, got)
	}
	return b, nil
}

// able are the hosts that can do something, in their order: mirrors come first.
func (r *Repository) able(what docker.HostCapabilities) (out []docker.RegistryHost) {
	for _, h := range r.hosts {
		if h.Capabilities.Has(what) {
			out = append(out, h)
		}
	}
	return out
}

// origin is the host that pushes go to.
func (r *Repository) origin() (docker.RegistryHost, error) {
	list := r.able(docker.HostCapabilityPush)
	if len(list) == 0 {
		return docker.RegistryHost{}, fmt.Errorf("hosts.toml has no host for %s that takes a push", reference.Domain(r.named))
	}
	return list[0], nil
}

// maxDocument bounds what is read as a manifest or a list; registries refuse manifests above 4 MiB.
const maxDocument = 8 << 20

// tagged reads what a tag names at one host, with the media type that the host says.
func (r *Repository) tagged(ctx context.Context, h docker.RegistryHost, tag string) (raw []byte, media string, err error) {
	resp, err := r.asked.Ask(ctx, h, "manifests/"+tag, ocispec.MediaTypeImageIndex+", "+ocispec.MediaTypeImageManifest)
	if err != nil {
		return nil, "", err
	}
	raw, err = body(resp)
	media, _, _ = strings.Cut(resp.Header.Get("Content-Type"), ";")
	return raw, media, err
}

// body reads and closes an answer.
func body(resp *http.Response) ([]byte, error) {
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument+1))
	if err == nil && len(b) > maxDocument {
		err = fmt.Errorf("an answer of more than %d bytes", maxDocument)
	}
	return b, err
}

// status is the HTTP status of a registry's answer that was an error; 0 if it was something else.
func status(err error) int {
	var s remoteerrors.ErrUnexpectedStatus
	if errors.As(err, &s) {
		return s.StatusCode
	}
	return 0
}
