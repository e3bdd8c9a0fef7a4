// Package image holds all facts of one image: manifest, configuration, layers
// and history. It is what everything that compares and explains stands on.
package image

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/layer"
)

// Image is one image for one platform.
type Image struct {
	Target   ocispec.Descriptor // what the name points to: an index or the manifest itself
	Manifest ocispec.Descriptor // the chosen platform's manifest
	Config   Config             // the configuration blob, parsed
	Raw      []byte             // the configuration blob as it is
	ConfigID ocispec.Descriptor // its descriptor; the digest is Docker's image ID
	Layers   []Layer            // bottom first
	History  []Step             // oldest first

	RawManifest []byte  // the manifest as it is
	MadeUp      bool    // the source has no manifest: this one is what a push makes up
	Push        *Pushed // nil until Measurer.Pack
}

// Config is an image configuration with Docker's additions to the OCI fields.
type Config struct {
	ocispec.Image
	Config        RunConfig `json:"config"`
	DockerVersion string    `json:"docker_version,omitempty"`
	Comment       string    `json:"comment,omitempty"`
}

// RunConfig is the part of a configuration that a container starts with.
type RunConfig struct {
	ocispec.ImageConfig
	Shell       []string        `json:"Shell,omitempty"`
	OnBuild     []string        `json:"OnBuild,omitempty"`
	Healthcheck json.RawMessage `json:"Healthcheck,omitempty"`
}

// Layer is one layer of an image.
type Layer struct {
	ocispec.Descriptor               // the blob as stored
	DiffID             digest.Digest // digest of the uncompressed tar
	Sums               *layer.Sums   // what is in it as a whole; nil until Measurer.Measure
	Index              *layer.Index  // entry by entry; nil until Measurer.Index
	Shares             *layer.Shares // of the blob as pushed; nil until Measurer.Index and Pack, and where that blob is not known
}

// Step is one entry of the history.
type Step struct {
	ocispec.History
	Layer int // index into Layers; -1 where the step made none
}

// ErrNoPlatform is returned (wrapped) when an index has no manifest for the
// platform that was asked for.
var ErrNoPlatform = errors.New("no image for this platform")

// MaxDocument bounds manifests, indexes and configurations, in bytes. Registries
// refuse manifests above 4 MiB; a configuration has one line a step.
const MaxDocument = 16 << 20

// Load reads the manifest and configuration of target from p. Where target is an
// index, want chooses the platform; with no exact wish (nil) the machine's own
// platform is preferred and any other that is present is taken. Entries for
// "unknown/unknown" (attestations) are never chosen.
func Load(ctx context.Context, p content.Provider, target ocispec.Descriptor, want platforms.MatchComparer) (*Image, error) {
	m, err := Choose(ctx, p, target, want)
	if err != nil {
		return nil, err
	}
	return LoadManifest(ctx, p, target, m)
}

// LoadManifest is Load for a manifest that is chosen already; target is what led to it.
func LoadManifest(ctx context.Context, p content.Provider, target, desc ocispec.Descriptor) (*Image, error) {
	if err := CheckType(desc); err != nil && desc.MediaType != "" {
		return nil, err
	}
	var m manifest
	rawManifest, err := ReadJSON(ctx, p, desc, &m)
	if errdefs.IsNotFound(err) && desc.Platform != nil && desc.Digest != target.Digest {
		// A place may have some platforms of an image, and the index of all.
		return nil, fmt.Errorf("its image for %s is not here, only the index that lists it: manifest %s: %w", platforms.Format(*desc.Platform), shown(desc.Digest), err)
	}
	if err != nil {
		return nil, fmt.Errorf("manifest %s: %w", shown(desc.Digest), err)
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	img := &Image{Target: target, Manifest: desc, RawManifest: rawManifest, ConfigID: m.Config}
	raw, err := ReadJSON(ctx, p, m.Config, &img.Config)
	if err != nil {
		return nil, fmt.Errorf("config %s: %w", shown(m.Config.Digest), err)
	}
	img.Raw = raw
	ids := img.Config.RootFS.DiffIDs
	if len(ids) != len(m.Layers) {
		return nil, fmt.Errorf("manifest %s has %d layers, its config %s has %d diff_ids: the image is damaged", desc.Digest, len(m.Layers), m.Config.Digest, len(ids))
	}
	for i, l := range m.Layers {
		img.Layers = append(img.Layers, Layer{Descriptor: l, DiffID: ids[i]})
	}
	img.History = Steps(img.Config.History, len(m.Layers))
	return img, nil
}

// CheckManifest tells whether a manifest is an image's, if p has it: an *ArtifactError
// or ErrSchema1 says what it is instead.
func CheckManifest(ctx context.Context, p content.Provider, d ocispec.Descriptor) error {
	if IsSchema1(d.MediaType) {
		return ErrSchema1
	}
	var m manifest
	if _, err := ReadJSON(ctx, p, d, &m); err != nil {
		return nil //nolint:nilerr // whoever reads it for its contents will say so
	}
	return m.check()
}

// Steps assigns an image's layers to its history entries in order. Entries beyond the last
// layer get none; layers that no entry claims get an entry without a text, since
// some builders write no history.
func Steps(h []ocispec.History, layers int) []Step {
	var out []Step
	next := 0
	for _, e := range h {
		s := Step{History: e, Layer: -1}
		if !e.EmptyLayer && next < layers {
			s.Layer = next
			next++
		}
		out = append(out, s)
	}
	for ; next < layers; next++ {
		out = append(out, Step{Layer: next})
	}
	return out
}

// Choose walks indexes down to the manifest that Load would take.
func Choose(ctx context.Context, p content.Provider, d ocispec.Descriptor, want platforms.MatchComparer) (ocispec.Descriptor, error) {
	if !images.IsIndexType(d.MediaType) {
		return d, nil
	}
	list, err := Manifests(ctx, p, d)
	if err != nil {
		return d, err
	}
	best, err := ChooseOf(ctx, p, list, want)
	if err != nil {
		return d, fmt.Errorf("%s: %w", d.Digest, err)
	}
	return best, nil
}

// ChooseOf is Choose for manifests that are listed already.
func ChooseOf(ctx context.Context, p content.Provider, list []ocispec.Descriptor, want platforms.MatchComparer) (ocispec.Descriptor, error) {
	match := want
	if match == nil {
		match = platforms.Default()
	}
	var best, other *ocispec.Descriptor
	for i := range list {
		m := &list[i]
		if m.Platform == nil || !match.Match(*m.Platform) {
			if want == nil && other == nil && present(ctx, p, *m) {
				other = m
			}
			continue
		}
		if best == nil || match.Less(*m.Platform, *best.Platform) {
			best = m
		}
	}
	if want == nil && other != nil && (best == nil || !present(ctx, p, *best)) {
		best = other
	}
	if best != nil {
		return *best, nil
	}
	for _, m := range list[:min(len(list), 1)] {
		if m.Platform == nil {
			if err := CheckManifest(ctx, p, m); err != nil {
				return m, err
			}
			if len(list) == 1 && !present(ctx, p, m) {
				return m, nil // whoever fetches it will see what it is for
			}
		}
	}
	return ocispec.Descriptor{}, fmt.Errorf("%w (it has %s)", ErrNoPlatform, platformList(list))
}

func present(ctx context.Context, p content.Provider, d ocispec.Descriptor) bool {
	r, err := p.ReaderAt(ctx, d)
	if err != nil {
		return false
	}
	_ = r.Close()
	return true
}

func platformList(list []ocispec.Descriptor) string {
	s := ""
	for n, m := range list {
		if n == 20 {
			return s + " and more"
		}
		if m.Platform != nil {
			if s != "" {
				s += ", "
			}
			s += platforms.Format(*m.Platform)
		}
	}
	if s == "" {
		return "none"
	}
	return s
}

// ReadJSON reads the blob d, checks its size and digest, and decodes it into v.
func ReadJSON(ctx context.Context, p content.Provider, d ocispec.Descriptor, v any) ([]byte, error) {
	if d.Size > MaxDocument || d.Size < 0 {
		return nil, fmt.Errorf("%d bytes: larger than any such document may be (%d)", d.Size, MaxDocument)
	}
	if err := d.Digest.Validate(); err != nil {
		return nil, fmt.Errorf("digest %s: %w", shown(d.Digest), err)
	}
	b, err := content.ReadBlob(ctx, p, d)
	if err != nil {
		return nil, err
	}
	if got := d.Digest.Algorithm().FromBytes(b); got != d.Digest {
		return nil, &layer.MismatchError{What: "blob", Want: d.Digest, Got: got}
	}
	if err := json.Unmarshal(b, v); err != nil {
		return nil, &notJSON{err}
	}
	return b, nil
}

// ID is Docker's image ID: the digest of the configuration.
func (i *Image) ID() digest.Digest { return i.ConfigID.Digest }

// Created is when the image was made, the zero time if it does not say.
func (i *Image) Created() time.Time {
	if i.Config.Created == nil {
		return time.Time{}
	}
	return *i.Config.Created
}

// Platform is what the image is for.
func (i *Image) Platform() ocispec.Platform { return i.Config.Platform }
