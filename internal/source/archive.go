package source

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/images/archive"
	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/store"
)

// Load reads an image archive (docker save, or an OCI layout in a tar; also
// compressed with gzip or zstd) into the store and returns what was recorded.
func Load(ctx context.Context, st *store.Store, r io.Reader) ([]store.Record, error) {
	release, err := st.Hold(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	plainTar, _, err := layer.Decompress(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = plainTar.Close() }()
	imp := st.Importer()
	top, err := archive.ImportIndex(ctx, imp, plainTar)
	if err != nil {
		return nil, fmt.Errorf("not an image archive that tare knows (docker save or OCI layout, as a tar): %w", err)
	}
	var x ocispec.Index
	if _, err := image.ReadJSON(ctx, st.Content(), top, &x); err != nil {
		return nil, fmt.Errorf("index of the archive: %w", err)
	}
	var out []store.Record
	for _, d := range x.Manifests {
		if image.IsAttestation(d) {
			continue
		}
		img, err := image.Load(ctx, st.Content(), d, nil)
		if err != nil {
			return nil, fmt.Errorf("image %s of the archive: %w", d.Digest, err)
		}
		for _, l := range img.Layers {
			if !st.Has(ctx, l.Digest) {
				return nil, fmt.Errorf("image %s of the archive: its layer %s is missing", d.Digest, l.Digest)
			}
		}
		rec := store.Record{Target: d, Origin: store.Loaded, Name: archiveName(d)}
		rec.Target.Annotations = nil
		out = append(out, rec)
	}
	// Once for all: thousands of changes of index.json would take the square of their number.
	if err := st.PutAll(ctx, out...); err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the archive holds no image")
	}
	return out, nil
}

// archiveName is the full name in an archive's index, "" if there is none. A
// ref.name that is a mere tag says nothing about the repository.
func archiveName(d ocispec.Descriptor) string {
	for _, n := range []string{d.Annotations[images.AnnotationImageName], d.Annotations[ocispec.AnnotationRefName]} {
		if named, err := reference.ParseDockerRef(n); err == nil && n != "" && (n == d.Annotations[images.AnnotationImageName] || bytes.ContainsAny([]byte(n), ":/")) {
			return named.String()
		}
	}
	return ""
}

// Save writes images as one archive that `docker load`, `tare load`, skopeo and
// crane read: an OCI layout with Docker's manifest.json. names[i] are the names
// under which recs[i] is saved; none for an ID.
func Save(ctx context.Context, st *store.Store, w io.Writer, recs []store.Record, names [][]string, want platforms.MatchComparer) error {
	var opts []archive.ExportOpt
	for i, r := range recs {
		img, err := image.Load(ctx, st.Content(), r.Target, want)
		if err != nil {
			return err
		}
		d := img.Manifest
		if d.Platform == nil {
			p := img.Platform()
			d.Platform = &p
		}
		opts = append(opts, archive.WithManifest(d, names[i]...))
	}
	opts = append(opts, archive.WithAllPlatforms())
	return archive.Export(ctx, st.Content(), w, opts...)
}
