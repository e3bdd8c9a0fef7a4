package image

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/layer"
	"tare/internal/units"
)

// Sent says how it is known what a push sends of a layer.
type Sent string

// The ways to know it.
const (
	SentStored   Sent = "stored"   // the blob is sent as it is stored
	SentRegistry Sent = "registry" // a registry has this blob of the layer, by its DiffID
	SentStore    Sent = "store"    // an image of the store has this blob of the layer, by its DiffID
	SentPacked   Sent = "push"     // compressed as tare push does
	SentUnknown  Sent = "unknown"  // it is not known
)

// Blob is a layer as it is sent.
type Blob struct {
	ocispec.Descriptor
	From Sent
	// Provider reads the blob; nil where only what is cached of it can be had.
	Provider content.Provider
}

// Unsent says what to do about layers of a source that keeps them uncompressed, or in xz,
// whatever a push sends of them: a Docker daemon, and who saves as it does.
type Unsent struct {
	// All says that the source keeps all layers so. Without it only those are meant that
	// have one of Docker's media types: no push of Docker's sends a layer uncompressed.
	All bool
	// Known finds a blob that has the layer with a DiffID; nil knows none.
	Known func(ctx context.Context, diff digest.Digest) (Blob, bool)
	// Compress works out the layers that are not known otherwise.
	Compress bool
}

// MakeUp is the manifest of an image that was saved without one, as containerd's importer
// makes it up: whoever reads, loads or pushes the image has the same. It has Docker's media
// types, and is of MediaTypeDockerSchema2Manifest.
func MakeUp(config ocispec.Descriptor, layers []ocispec.Descriptor) ([]byte, error) {
	return json.Marshal(struct {
		SchemaVersion int                  `json:"schemaVersion"`
		MediaType     string               `json:"mediaType"`
		Config        ocispec.Descriptor   `json:"config"`
		Layers        []ocispec.Descriptor `json:"layers"`
	}{2, images.MediaTypeDockerSchema2Manifest, config, layers})
}

// Size is the number of bytes that a push sends of layer n.
func (p *Pushed) Size(n int) units.Amount {
	if p.How(n) == SentUnknown {
		return units.Unknown()
	}
	return units.Known(p.Layers[n].Size)
}

// How says how it is known what a push sends of layer n.
func (p *Pushed) How(n int) Sent {
	if n >= len(p.From) {
		return SentStored
	}
	return p.From[n]
}

// Stored are the blobs of an image's layers as its source has them, bottom first.
func (i *Image) Stored() (out []ocispec.Descriptor) {
	for _, l := range i.Layers {
		out = append(out, l.Descriptor)
	}
	return out
}

// Known tells whether it is known of every layer what a push sends.
func (p *Pushed) Known() bool {
	for n := range p.Layers {
		if !p.Size(n).Known() {
			return false
		}
	}
	return true
}

// means tells whether a layer is one that u is about. A blob whose digest is the DiffID is
// uncompressed, whatever its media type says. One in xz or bzip2, which an archive of
// docker save may have, nobody sends either: no media type says that.
func (u *Unsent) means(l *Layer) bool {
	return u != nil && (l.Digest == l.DiffID || unsendable(l.MediaType)) && (u.All || strings.HasPrefix(l.MediaType, "application/vnd.docker."))
}

// unsendable tells whether a media type is one that only readers of archives give to
// layers.
func unsendable(media string) bool {
	return strings.HasSuffix(media, "+"+string(layer.Xz)) || strings.HasSuffix(media, "+"+string(layer.Bzip2))
}

func (u *Unsent) find(ctx context.Context, diff digest.Digest) (Blob, bool) {
	if u.Known == nil {
		return Blob{}, false
	}
	return u.Known(ctx, diff)
}

// learned tells whether it is known what a push sends of a layer that m.Unsent means.
func (m Measurer) learned(ctx context.Context, l *Layer) bool {
	if _, ok := m.Unsent.find(ctx, l.DiffID); ok {
		return true
	}
	var d ocispec.Descriptor
	return m.Cache != nil && m.Cache.Get(pushKind, l.DiffID, &d)
}

// errNoShares says that a blob's shares are neither cached nor can be worked out.
var errNoShares = errors.New("the blob is not here")

// unsent works out what a push sends of a layer that m.Unsent means: the blob that is known
// of it, else what compressing it gave or gives. Without either it is as stored, and
// unknown.
func (m Measurer) unsent(ctx context.Context, l *Layer) (ocispec.Descriptor, Sent, error) {
	l.Shares = nil
	if b, ok := m.Unsent.find(ctx, l.DiffID); ok {
		as := *l
		as.Descriptor = b.Descriptor
		m := m
		m.Provider = b.Provider
		var err error
		if as.Index != nil {
			err = m.shares(ctx, &as)
		}
		if err == nil {
			l.Shares = as.Shares
			return b.Descriptor, b.From, nil
		}
		if !errors.Is(err, errNoShares) && !errdefs.IsNotFound(err) { // else it went meanwhile
			return b.Descriptor, b.From, err
		}
	}
	var d ocispec.Descriptor
	if !m.Unsent.Compress && (m.Cache == nil || !m.Cache.Get(pushKind, l.DiffID, &d)) {
		return l.Descriptor, SentUnknown, nil
	}
	d, err := m.packed(ctx, l)
	return d, SentPacked, err
}

// packedType is the media type of a layer of a given type when it is compressed.
func packedType(plain string) string {
	if strings.HasPrefix(plain, "application/vnd.docker.") {
		return images.MediaTypeDockerSchema2LayerGzip
	}
	return ocispec.MediaTypeImageLayerGzip
}
