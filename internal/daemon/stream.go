package daemon

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/members"
)

// Stream is an image of which a daemon's archive has gone by: its documents, and its
// layers as indexes. It serves the documents, not the layers.
type Stream struct {
	Target ocispec.Descriptor // an index or a manifest
	// MadeUp says that the manifest is made of docker save's list: a push sends another.
	MadeUp bool
	// Docs are manifests, indexes and configurations.
	Docs map[digest.Digest][]byte
	// Indexes are the layers', by DiffID; not kept with the rest.
	Indexes map[digest.Digest]*layer.Index `json:"-"`
}

// maxDocs bounds the documents of one archive, in bytes: they are kept in memory.
const maxDocs = 4 * image.MaxDocument

// streaming is an archive that goes by.
type streaming struct {
	m       image.Measurer
	docs    members.Of[[]byte]
	layers  members.Of[passed]
	bytes   int64 // of all documents
	indexes map[digest.Digest]*layer.Index
}

// passed is a layer that has gone by, or why it could not be read.
type passed struct {
	size         int64
	blob, diffID digest.Digest
	err          error
}

// Read takes in an archive that docker save writes of one image, in one pass: every layer
// is indexed as it comes, and nothing is written to a disk but what m's cache keeps. i is
// what the daemon said of the image.
func Read(ctx context.Context, r io.Reader, i *Image, m image.Measurer) (*Stream, error) {
	s := &streaming{m: m, docs: members.New[[]byte](), layers: members.New[passed](), indexes: map[digest.Digest]*layer.Index{}}
	n, err := members.Each(r, func(name string, size int64, r io.Reader) error { return s.file(ctx, name, size, r) }, func(name, to string) {
		s.docs.Link(name, to)
		s.layers.Link(name, to)
	})
	if err == nil && n == 0 {
		err = errors.New("it sent an empty archive")
	}
	if err != nil {
		return nil, err
	}
	out := &Stream{Docs: map[digest.Digest][]byte{}, Indexes: s.indexes}
	for name, b := range s.docs.Files {
		if d := members.Blob(name); d != "" {
			out.Docs[d] = b
		}
	}
	if d, ok := s.listed(i.ID); ok {
		out.Target = d
		return out, nil
	}
	return out, s.made(out, i)
}

// listed finds the index or manifest that the daemon calls by an ID: Docker's containerd
// store has real ones.
func (s *streaming) listed(id digest.Digest) (ocispec.Descriptor, bool) {
	var x ocispec.Index
	b, err := s.docs.Find(ocispec.ImageIndexFile)
	if err != nil || json.Unmarshal(b, &x) != nil {
		return ocispec.Descriptor{}, false
	}
	for _, d := range x.Manifests {
		if d.Digest == id {
			return d, true
		}
	}
	return ocispec.Descriptor{}, false
}

// made makes up the manifest that a graph driver has not.
func (s *streaming) made(out *Stream, i *Image) error {
	var list []struct {
		Config string
		Layers []string
	}
	b, err := s.docs.Find("manifest.json")
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, &list); err != nil {
		return fmt.Errorf("manifest.json: %w", err)
	}
	if len(list) != 1 {
		return fmt.Errorf("it sent %d images, not one", len(list))
	}
	cfg, err := s.docs.Find(list[0].Config)
	if err != nil {
		return fmt.Errorf("the image's configuration: %w", err)
	}
	if got := digest.FromBytes(cfg); got != i.ID {
		return fmt.Errorf("it was asked for %s and sent %s", i.ID, got)
	}
	var c ocispec.Image
	if err := json.Unmarshal(cfg, &c); err != nil {
		return fmt.Errorf("the image's configuration: %w", err)
	}
	if len(c.RootFS.DiffIDs) != len(list[0].Layers) {
		return fmt.Errorf("it sent %d layers, and its configuration has %d diff_ids", len(list[0].Layers), len(c.RootFS.DiffIDs))
	}
	layers := []ocispec.Descriptor{}
	for n, name := range list[0].Layers {
		l, err := s.layers.Find(name)
		if err == nil {
			err = l.err
		}
		if err == nil && l.diffID != c.RootFS.DiffIDs[n] {
			err = &layer.MismatchError{What: "DiffID", Want: c.RootFS.DiffIDs[n], Got: l.diffID}
		}
		if err != nil {
			return fmt.Errorf("layer %d: %w", n+1, err)
		}
		d := ocispec.Descriptor{MediaType: images.MediaTypeDockerSchema2Layer, Digest: l.blob, Size: l.size}
		if x := s.indexes[l.diffID]; x != nil && x.Compression != layer.None && l.blob != l.diffID {
			d.MediaType += "." + string(x.Compression)
		}
		layers = append(layers, d)
	}
	raw, err := image.MakeUp(out.add(images.MediaTypeDockerSchema2Config, cfg), layers)
	if err != nil {
		return err
	}
	out.Target, out.MadeUp = out.add(images.MediaTypeDockerSchema2Manifest, raw), true
	return nil
}

func (s *Stream) add(media string, b []byte) ocispec.Descriptor {
	d := ocispec.Descriptor{MediaType: media, Digest: digest.FromBytes(b), Size: int64(len(b))}
	s.Docs[d.Digest] = b
	return d
}

// file takes a file of the archive: a document if it is JSON, a layer if not.
func (s *streaming) file(ctx context.Context, name string, size int64, r io.Reader) error {
	if members.Superseded(name) || name == ocispec.ImageLayoutFile {
		return nil
	}
	br := bufio.NewReaderSize(r, 64<<10)
	if size <= image.MaxDocument && begunAsJSON(br) {
		if s.bytes += size; s.bytes > maxDocs {
			return fmt.Errorf("documents of more than %d bytes", maxDocs)
		}
		b, err := io.ReadAll(br)
		if err != nil {
			return err
		}
		if json.Valid(b) {
			s.docs.File(name, b)
			return nil
		}
		s.bytes -= size
		return s.layer(ctx, name, size, bytes.NewReader(b))
	}
	return s.layer(ctx, name, size, br)
}

// begunAsJSON tells whether what comes may be JSON: an object or a list.
func begunAsJSON(br *bufio.Reader) bool {
	head, _ := br.Peek(1)
	return len(head) > 0 && (head[0] == '{' || head[0] == '[')
}

// layer indexes a layer. One that cannot be read is an error only for who needs it; a
// stream that breaks off is found by who reads on.
func (s *streaming) layer(ctx context.Context, name string, size int64, r io.Reader) error {
	p := passed{size: size, blob: members.Blob(name)}
	if x := s.known(p.blob); x != nil {
		p.diffID = p.blob
		s.indexes[p.diffID] = x
		s.layers.File(name, p)
		return nil
	}
	got := &counted{r: r}
	x, err := s.m.Take(ctx, got, size, p.blob, "")
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if got.err != nil {
		return got.err
	}
	if err != nil {
		p.err = err // of no weight unless a manifest names the file
	} else {
		p.blob, p.diffID = x.Blob, x.DiffID
		s.indexes[x.DiffID] = x
	}
	s.layers.File(name, p)
	return nil
}

// known is the index of an uncompressed layer that is in the cache: it need not be read.
func (s *streaming) known(d digest.Digest) *layer.Index {
	if d == "" {
		return nil
	}
	return s.m.Known(d)
}

// counted notes an error of the stream: one of the layer's own contents is another thing.
type counted struct {
	r   io.Reader
	err error
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}

// ReaderAt implements content.Provider for the documents.
func (s *Stream) ReaderAt(_ context.Context, d ocispec.Descriptor) (content.ReaderAt, error) {
	b, ok := s.Docs[d.Digest]
	if !ok {
		return nil, fmt.Errorf("%s: %w", d.Digest, errdefs.ErrNotFound)
	}
	return doc{bytes.NewReader(b)}, nil
}

type doc struct{ *bytes.Reader }

// Close implements io.Closer.
func (doc) Close() error { return nil }
