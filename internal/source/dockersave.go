package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/containerd/containerd/v2/core/images"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/layer"
)

// saved is an entry of docker save's manifest.json.
type saved struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// dockerSave makes up a manifest for an image of a docker save archive: it has none. name
// is that of the image's own that ref is, else the first.
func (a *archiveFile) dockerSave(ref string) (d ocispec.Descriptor, name string, err error) {
	var none ocispec.Descriptor
	var list []saved
	if err := a.json("manifest.json", &list); err != nil {
		return none, "", err
	}
	var names []string
	for _, s := range list {
		if len(s.RepoTags) == 0 {
			names = append(names, "(no name)")
		}
		names = append(names, s.RepoTags...)
	}
	fit := choose(list, ref)
	switch {
	case len(list) == 0:
		return none, "", errors.New("the archive has no images")
	case len(fit) == 0:
		return none, "", fmt.Errorf("no image %q in the archive: it has %s", ref, shortList(names))
	case len(fit) > 1:
		return none, "", fmt.Errorf("the archive has several images: write which one after a colon (it has %s)", shortList(names))
	}
	cfg, err := a.document(fit[0].Config)
	if err != nil {
		return none, "", fmt.Errorf("the image's configuration: %w", err)
	}
	if id, ok := strings.CutPrefix(ref, "@"); ok && digest.FromBytes(cfg).String() != id {
		return none, "", fmt.Errorf("the image's configuration %s is not %s: the archive is damaged", quote(fit[0].Config), id)
	}
	var c ocispec.Image
	if err := json.Unmarshal(cfg, &c); err != nil {
		return none, "", fmt.Errorf("the image's configuration: %w", err)
	}
	if len(c.RootFS.DiffIDs) != len(fit[0].Layers) {
		return none, "", fmt.Errorf("manifest.json has %d layers, the configuration %d diff_ids: the archive is damaged", len(fit[0].Layers), len(c.RootFS.DiffIDs))
	}
	layers := []ocispec.Descriptor{}
	for i, name := range fit[0].Layers {
		d, err := a.savedLayer(name, c.RootFS.DiffIDs[i])
		if err != nil {
			return none, "", fmt.Errorf("layer %d: %w", i+1, err)
		}
		layers = append(layers, d)
	}
	raw, err := image.MakeUp(a.add(images.MediaTypeDockerSchema2Config, cfg), layers)
	if err != nil {
		return none, "", err
	}
	for n, t := range fit[0].RepoTags {
		if n == 0 || sameName(ref, t) {
			name = familiar(t)
		}
	}
	return a.add(images.MediaTypeDockerSchema2Manifest, raw), name, nil
}

// choose are the images that a name or "@sha256:ID" means; all without one.
func choose(list []saved, ref string) (fit []saved) {
	id, byID := strings.CutPrefix(ref, "@sha256:")
	for _, s := range list {
		hit := ref == "" || byID && id != "" && strings.Contains(s.Config, id) // files are named by their digests
		for _, t := range s.RepoTags {
			hit = hit || sameName(ref, t)
		}
		if hit {
			fit = append(fit, s)
		}
	}
	return fit
}

func (a *archiveFile) add(media string, b []byte) ocispec.Descriptor {
	d := ocispec.Descriptor{MediaType: media, Digest: digest.FromBytes(b), Size: int64(len(b))}
	a.blobs[d.Digest] = io.NewSectionReader(bytes.NewReader(b), 0, d.Size)
	return d
}

// savedLayer describes a layer file. That of an uncompressed one is its DiffID: who
// reads it checks that. A compressed one has to be read for its digest.
func (a *archiveFile) savedLayer(name string, diff digest.Digest) (ocispec.Descriptor, error) {
	d := ocispec.Descriptor{MediaType: images.MediaTypeDockerSchema2Layer, Digest: diff}
	if err := diff.Validate(); err != nil {
		return d, fmt.Errorf("diff_id %s: %w", quote(diff.String()), err)
	}
	r, err := a.open(name)
	if err != nil {
		return d, err
	}
	d.Size = r.Size()
	magic := make([]byte, layer.SniffLen)
	n, _ := r.ReadAt(magic, 0)
	switch kind := layer.Sniff(magic[:n]); kind {
	case layer.None:
	case layer.Gzip, layer.Zstd:
		d.MediaType += "." + string(kind)
	default:
		d.MediaType += "+" + string(kind) // no media type says that
	}
	if d.MediaType != images.MediaTypeDockerSchema2Layer {
		_, at, _ := r.Outer()
		if known, ok := a.hashed[at]; ok {
			d.Digest = known
		} else if d.Digest, err = digest.FromReader(r); err != nil {
			return d, err
		}
		a.hashed[at] = d.Digest
	}
	a.blobs[d.Digest] = r
	return d, nil
}
