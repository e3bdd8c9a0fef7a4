// Package artifact keeps things beside images in registries: a manifest with blobs, under a tag of its own or attached to an image.
//
// It is the registry's side of what tare stores there: indexes of layers (package indexes), scans of many images (package fleet). All
// requests go through source.Registry, so mirrors, credentials, waiting and the bounds of answers are those of pulls and pushes.
//
// To keep named blobs under a tag, and to read them again:
//
//	repo, err := artifact.Open(ctx, registry, named)
//	d, err := repo.Push(ctx, &artifact.Artifact{Type: "application/vnd.tare.example.v1", Blobs: []artifact.Blob{{Name: "a", MediaType: "…", Data: b}}}, "tag")
//	d, m, err := repo.Tagged(ctx, "tag")
//	b, err := repo.Blob(ctx, *artifact.Named(m, "a"), 64<<20)
package artifact

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Artifact is something that is no image, as an OCI image manifest holds it. Equal artifacts have equal bytes in a registry.
type Artifact struct {
	// Type is the media type that says what it is: the manifest's artifactType.
	Type string
	// Subject is the manifest that it is attached to; nil for an artifact that stands by itself.
	Subject     *ocispec.Descriptor
	Annotations map[string]string
	// Blobs are its parts, in the order of the manifest.
	Blobs []Blob
}

// Blob is a part of an artifact.
type Blob struct {
	MediaType string
	// Name is kept as the annotation org.opencontainers.image.title, which other tools take for the name of a file; "" for none.
	Name        string
	Annotations map[string]string
	Data        []byte
}

// Descriptor is the blob's entry in the manifest.
func (b *Blob) Descriptor() ocispec.Descriptor {
	d := ocispec.Descriptor{MediaType: b.MediaType, Digest: digest.FromBytes(b.Data), Size: int64(len(b.Data))}
	if len(b.Annotations) > 0 || b.Name != "" {
		d.Annotations = map[string]string{}
		for k, v := range b.Annotations {
			d.Annotations[k] = v
		}
		if b.Name != "" {
			d.Annotations[ocispec.AnnotationTitle] = b.Name
		}
	}
	return d
}

// Manifest is the artifact's manifest with its descriptor. The configuration is OCI's empty one. The error says what the artifact lacks.
func (a *Artifact) Manifest() (raw []byte, d ocispec.Descriptor, err error) {
	if a.Type == "" {
		return nil, d, errors.New("an artifact needs a type")
	}
	m := ocispec.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, ArtifactType: a.Type,
		Config: ocispec.DescriptorEmptyJSON, Layers: []ocispec.Descriptor{}, Annotations: a.Annotations}
	m.Config.Data = nil // a registry may not know it, and the blob is sent
	if a.Subject != nil {
		// What an index says of a manifest, its platform, is not the manifest's own.
		m.Subject = &ocispec.Descriptor{MediaType: a.Subject.MediaType, Digest: a.Subject.Digest, Size: a.Subject.Size}
	}
	for i := range a.Blobs {
		m.Layers = append(m.Layers, a.Blobs[i].Descriptor())
	}
	if len(m.Layers) == 0 {
		m.Layers = append(m.Layers, m.Config) // the specification wants at least one
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(m); err != nil {
		return nil, d, fmt.Errorf("encode the manifest: %w", err)
	}
	raw = bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	return raw, ocispec.Descriptor{MediaType: m.MediaType, Digest: digest.FromBytes(raw), Size: int64(len(raw)), ArtifactType: a.Type, Annotations: a.Annotations}, nil
}

// Named is the blob of a name in an artifact's manifest; nil if there is none.
func Named(m *ocispec.Manifest, name string) *ocispec.Descriptor {
	for i := range m.Layers {
		if m.Layers[i].Annotations[ocispec.AnnotationTitle] == name {
			return &m.Layers[i]
		}
	}
	return nil
}

// emptyConfig is the blob of the empty configuration.
var emptyConfig = Blob{MediaType: ocispec.MediaTypeEmptyJSON, Data: []byte("{}")}
