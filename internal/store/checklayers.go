package store

import (
	"context"
	"fmt"

	"github.com/containerd/containerd/v2/core/images"
	"github.com/opencontainers/go-digest"

	"tare/internal/image"
)

// pair is a layer as an image claims it: a blob that unpacks to a DiffID.
type pair struct{ blob, diff digest.Digest }

// readLayers unpacks the layers of all images in memory and holds them against their
// DiffIDs; those for which that was done before, by whomever, are not read again, for
// their blobs are what they were. It is the long part, and takes no lock.
func (c *checker) readLayers(ctx context.Context) error {
	recs, err := c.Records()
	if err != nil {
		return nil //nolint:nilerr // images tells of it
	}
	m := image.Measurer{Provider: c.blob, Cache: c.Store}
	var todo []*image.Layer
	var total int64
	for _, r := range recs {
		for _, img := range c.whole(ctx, r) {
			for i := range img.Layers {
				l := &img.Layers[i]
				p := pair{l.Digest, l.DiffID}
				if _, ok := c.layers[p]; ok {
					continue
				}
				c.layers[p] = nil
				c.out.Layers++
				if !m.Verified(l) {
					todo = append(todo, l)
					total += l.Size
				}
			}
		}
	}
	done := int64(0)
	for _, l := range todo {
		if c.o.Progress != nil {
			c.o.Progress(c.out.Bytes+done, c.out.Bytes+total)
		}
		err := m.VerifyLayer(ctx, l)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		done += l.Size
		if image.BeyondLimits(err) {
			c.out.Layers--
			c.out.Unread++
			c.note("%v: it was not checked", err)
			continue
		}
		c.layers[pair{l.Digest, l.DiffID}] = err
	}
	return nil
}

// whole are the images of a record of which every blob is here and what its digest says.
// Artifacts (charts, signatures) have no DiffIDs and are none.
func (c *checker) whole(ctx context.Context, r Record) []*image.Image {
	list := []digest.Digest{r.Target.Digest}
	var out []*image.Image
	for depth := 0; depth <= image.MaxDepth && len(list) > 0; depth++ {
		var inner []digest.Digest
		for _, d := range list {
			doc, ok := c.document(ctx, d)
			if !ok || c.unpacked[d] {
				continue
			}
			c.unpacked[d] = true
			for _, m := range doc.Manifests {
				if !image.IsAttestation(m) {
					inner = append(inner, m.Digest)
				}
			}
			if len(doc.Manifests) > 0 || !images.IsConfigType(doc.Config.MediaType) || !c.complete(ctx, doc) {
				continue
			}
			desc := r.Target
			desc.Digest, desc.Size = d, c.state(ctx, d).size
			img, err := image.LoadManifest(ctx, c.blob, desc, desc)
			if err != nil {
				c.broken[d] = err
				continue
			}
			out = append(out, img)
		}
		list = inner
	}
	return out
}

func (c *checker) complete(ctx context.Context, doc document) bool {
	if c.fault(ctx, "config", doc.Config) != "" {
		return false
	}
	for _, l := range doc.Layers {
		if c.fault(ctx, "layer", l) != "" {
			return false
		}
	}
	return true
}

// layerFaults says which layers of a manifest do not unpack to their DiffIDs.
func (c *checker) layerFaults(ctx context.Context, d digest.Digest, doc document) []string {
	if err := c.broken[d]; err != nil {
		return []string{err.Error()}
	}
	var cfg struct {
		RootFS struct {
			DiffIDs []digest.Digest `json:"diff_ids"`
		} `json:"rootfs"`
	}
	config := doc.Config
	if st := c.state(ctx, config.Digest); st != nil {
		config.Size = st.size
	}
	if _, err := image.ReadJSON(ctx, c.blob, config, &cfg); err != nil || len(cfg.RootFS.DiffIDs) != len(doc.Layers) {
		return nil
	}
	var out []string
	for i, l := range doc.Layers {
		if err := c.layers[pair{l.Digest, cfg.RootFS.DiffIDs[i]}]; err != nil {
			out = append(out, fmt.Sprintf("%v: it was made or published so", err))
		}
	}
	return out
}
