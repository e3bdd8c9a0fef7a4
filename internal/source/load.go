package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/infile"
	"tare/internal/layer"
	"tare/internal/store"
)

// Load reads an image archive (docker save, or an OCI layout in a tar; also compressed
// with gzip, zstd, xz or bzip2) into the store and returns what was recorded. Layers that
// are in the store need not be in the archive. Every layer is held against its DiffID;
// nothing is recorded unless all images are whole and all their names are names.
func Load(ctx context.Context, st *store.Store, r io.Reader) ([]store.Record, error) {
	release, err := st.Hold(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	in := newIntake(st)
	if err := in.read(ctx, infile.Reader(ctx, r)); err != nil {
		return nil, err
	}
	list, err := in.images(ctx)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, errors.New("the archive holds no image")
	}
	var imgs []*image.Image
	var recs []store.Record
	origin := store.Loaded
	if in.docs[manifestFile] != nil {
		origin = store.Saved
	}
	for _, l := range list {
		imgs = append(imgs, l.imgs...)
		if len(l.names) == 0 {
			recs = append(recs, store.Record{Target: l.target, Origin: origin, Repo: l.repo})
		}
		for _, n := range l.names {
			recs = append(recs, store.Record{Target: l.target, Origin: origin, Name: n})
		}
	}
	m := image.Measurer{Provider: st.Content(), Cache: st}
	if err := m.Verify(ctx, imgs...); err != nil {
		return nil, fmt.Errorf("the archive's %w; nothing was loaded", err)
	}
	if err := st.PutAll(ctx, recs...); err != nil {
		return nil, err
	}
	return recs, nil
}

// loaded is an image of an archive whose blobs are in the store.
type loaded struct {
	target ocispec.Descriptor
	names  []string // full, with a tag
	repo   string   // the repository whose digest it has, where that is all that is known
	imgs   []*image.Image
}

// images finds out what the archive holds.
func (in *intake) images(ctx context.Context) ([]loaded, error) {
	var x ocispec.Index
	index, saved := in.docs[ocispec.ImageIndexFile], in.docs[manifestFile]
	if index != nil {
		if err := json.Unmarshal(index, &x); err != nil && saved == nil {
			return nil, fmt.Errorf("index.json of the archive: %w", err)
		}
	}
	// Docker 25 writes an index.json without manifests beside its own manifest.json.
	if len(x.Manifests) == 0 && saved != nil {
		return in.dockerImages(ctx, saved)
	}
	if index == nil {
		return nil, errors.New("not an image archive that tare knows: it has neither index.json (OCI layout) nor manifest.json (docker save)")
	}
	var layout ocispec.ImageLayout
	if b := in.docs[ocispec.ImageLayoutFile]; b != nil {
		if err := json.Unmarshal(b, &layout); err != nil || layout.Version != ocispec.ImageLayoutVersion {
			return nil, fmt.Errorf("the archive is an OCI layout of version %s: tare knows %s", quote(layout.Version), ocispec.ImageLayoutVersion)
		}
	}
	var out []loaded
	for _, d := range x.Manifests {
		if image.IsAttestation(d) {
			continue
		}
		l, err := in.ociImage(ctx, d)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

// ociImage is an entry of index.json.
func (in *intake) ociImage(ctx context.Context, d ocispec.Descriptor) (loaded, error) {
	l := loaded{target: d}
	l.target.Annotations, l.target.URLs, l.target.Data = nil, nil, nil
	what := shortList([]string{d.Digest.String()})
	if err := d.Digest.Validate(); err != nil {
		return l, fmt.Errorf("image %s of the archive: digest: %w", what, err)
	}
	img, err := image.Load(ctx, in.st.Content(), d, nil)
	if err != nil {
		return l, fmt.Errorf("image %s of the archive: %w", what, in.explain(err))
	}
	for i := range img.Layers {
		if err := in.has(ctx, img.Layers[i].Descriptor); err != nil {
			return l, fmt.Errorf("image %s of the archive: its layer %s %w", what, shortList([]string{img.Layers[i].Digest.String()}), err)
		}
	}
	l.imgs = append(l.imgs, img)
	l.imgs = append(l.imgs, in.others(ctx, d, img.Manifest.Digest)...)
	name, err := archiveName(d)
	if err != nil {
		return l, fmt.Errorf("image %s of the archive: %w", what, err)
	}
	l.names, l.repo = name.tags, name.repo
	return l, nil
}

// others are the images for other platforms that are whole.
func (in *intake) others(ctx context.Context, d ocispec.Descriptor, chosen digest.Digest) []*image.Image {
	if !images.IsIndexType(d.MediaType) {
		return nil
	}
	list, _ := image.Manifests(ctx, in.st.Content(), d)
	var out []*image.Image
	for _, m := range list {
		if m.Digest == chosen || !in.st.Has(ctx, m.Digest) {
			continue
		}
		img, err := image.LoadManifest(ctx, in.st.Content(), d, m)
		if err != nil {
			continue
		}
		whole := true
		for _, l := range img.Layers {
			whole = whole && in.st.Has(ctx, l.Digest)
		}
		if whole {
			out = append(out, img)
		}
	}
	return out
}

// has tells whether a layer is in the store; the error goes on from "its layer X".
func (in *intake) has(ctx context.Context, d ocispec.Descriptor) error {
	if d.Digest.Validate() != nil {
		return errors.New("has no valid digest")
	}
	info, err := in.st.Content().Info(ctx, d.Digest)
	if err != nil {
		if m, ok := in.members.Files["blobs/"+d.Digest.Algorithm().String()+"/"+d.Digest.Encoded()]; ok {
			return fmt.Errorf("is damaged: the archive has %s under its name", m.desc.Digest)
		}
		return errors.New("is missing: it is neither in the archive nor in the store")
	}
	return sized(d, info.Size)
}

// explain says of a blob that is not there whether the archive has another in its place.
func (in *intake) explain(err error) error {
	if !errdefs.IsNotFound(err) {
		return err
	}
	for name, m := range in.members.Files {
		if m.want != "" && m.want != m.desc.Digest {
			return fmt.Errorf("%w (%s of the archive is damaged: it has %s)", err, shortList([]string{name}), m.desc.Digest)
		}
	}
	return err
}

// dockerImages are those of docker save's manifest.json. They have no manifests of their
// own: some are made up, as containerd's importer does.
func (in *intake) dockerImages(ctx context.Context, raw []byte) ([]loaded, error) {
	var list []saved
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("manifest.json of the archive: %w", err)
	}
	var out []loaded
	for i, s := range list {
		l, err := in.dockerImage(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("image %d of the archive: %w", i+1, err)
		}
		out = append(out, l)
	}
	return out, nil
}

func (in *intake) dockerImage(ctx context.Context, s saved) (loaded, error) {
	var l loaded
	var err error
	if l.names, err = repoTags(s.RepoTags); err != nil {
		return l, err
	}
	cfg, err := in.members.Find(s.Config)
	if err != nil {
		return l, fmt.Errorf("its configuration: %w", err)
	}
	config := cfg.desc
	config.MediaType = images.MediaTypeDockerSchema2Config
	var c ocispec.Image
	if _, err := image.ReadJSON(ctx, in.st.Content(), config, &c); err != nil {
		return l, fmt.Errorf("its configuration %s: %w", quote(s.Config), err)
	}
	if n := len(c.RootFS.DiffIDs); n != len(s.Layers) {
		return l, fmt.Errorf("manifest.json has %d layers, the configuration %d diff_ids: the archive is damaged", len(s.Layers), n)
	}
	layers := []ocispec.Descriptor{}
	for i, file := range s.Layers {
		d, err := in.dockerLayer(ctx, file, c.RootFS.DiffIDs[i])
		if err != nil {
			return l, fmt.Errorf("its layer %d: %w", i+1, err)
		}
		layers = append(layers, d)
	}
	raw, err := image.MakeUp(config, layers)
	if err != nil {
		return l, err
	}
	l.target = ocispec.Descriptor{MediaType: images.MediaTypeDockerSchema2Manifest, Digest: digest.FromBytes(raw), Size: int64(len(raw))}
	if err := in.write(ctx, l.target, raw); err != nil {
		return l, err
	}
	img, err := image.Load(ctx, in.st.Content(), l.target, nil)
	if err != nil {
		return l, err
	}
	l.imgs = []*image.Image{img}
	return l, nil
}

// dockerLayer is the layer in a file of the archive; one that is not there may be here.
func (in *intake) dockerLayer(ctx context.Context, file string, diff digest.Digest) (ocispec.Descriptor, error) {
	if err := diff.Validate(); err != nil {
		return ocispec.Descriptor{}, fmt.Errorf("diff_id %s: %w", quote(diff.String()), err)
	}
	m, err := in.members.Find(file)
	if err != nil { // then perhaps elsewhere
		d, ok, err := in.here(ctx, diff)
		if err == nil && !ok {
			err = fmt.Errorf("%s is not in the archive, and the store has no layer with the diff_id %s", quote(file), diff)
		}
		return d, err
	}
	d := m.desc
	switch m.kind {
	case layer.Gzip:
		d.MediaType = images.MediaTypeDockerSchema2LayerGzip
	case layer.Zstd:
		d.MediaType = images.MediaTypeDockerSchema2LayerZstd
	case layer.Xz, layer.Bzip2:
		return in.unpack(ctx, d, diff) // no media type says that: it is kept as it unpacks
	default:
		d.MediaType = images.MediaTypeDockerSchema2Layer
	}
	return d, nil
}

// unpack stores the tar of a compressed layer.
func (in *intake) unpack(ctx context.Context, d ocispec.Descriptor, diff digest.Digest) (ocispec.Descriptor, error) {
	out := ocispec.Descriptor{MediaType: images.MediaTypeDockerSchema2Layer, Digest: diff}
	if info, err := in.st.Content().Info(ctx, diff); err == nil {
		out.Size = info.Size
		return out, nil
	}
	ra, err := in.st.Content().ReaderAt(ctx, d)
	if err != nil {
		return out, err
	}
	defer func() { _ = ra.Close() }()
	plain, _, err := layer.Decompress(infile.Reader(ctx, io.NewSectionReader(ra, 0, d.Size)))
	if err != nil {
		return out, err
	}
	defer func() { _ = plain.Close() }()
	got, err := in.ingest(ctx, "unpacked-"+diff.String(), diff, layer.Bounded(plain, in.limits.MaxBytes))
	if err != nil {
		return out, err
	}
	if got.Digest != diff {
		return out, &layer.MismatchError{What: "uncompressed tar", Want: diff, Got: got.Digest}
	}
	out.Size = got.Size
	return out, nil
}

// here finds a layer that the store has by its DiffID: as a tar, or as a blob of an image.
func (in *intake) here(ctx context.Context, diff digest.Digest) (ocispec.Descriptor, bool, error) {
	if info, err := in.st.Content().Info(ctx, diff); err == nil {
		return ocispec.Descriptor{MediaType: images.MediaTypeDockerSchema2Layer, Digest: diff, Size: info.Size}, true, nil
	}
	if in.known == nil {
		in.known = map[digest.Digest]ocispec.Descriptor{}
		recs, err := in.st.Records()
		if err != nil {
			return ocispec.Descriptor{}, false, err
		}
		seen := map[digest.Digest]bool{}
		for _, r := range recs {
			if seen[r.Target.Digest] {
				continue
			}
			seen[r.Target.Digest] = true
			img, err := image.Load(ctx, in.st.Content(), r.Target, nil)
			if err != nil {
				continue // damaged, or no image
			}
			for _, l := range img.Layers {
				if in.st.Has(ctx, l.Digest) {
					in.known[l.DiffID] = l.Descriptor
				}
			}
		}
	}
	d, ok := in.known[diff]
	d.Annotations, d.URLs = nil, nil
	return d, ok, nil
}
