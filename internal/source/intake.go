package source

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/members"
	"tare/internal/store"
)

// manifestFile is docker save's list of images.
const manifestFile = "manifest.json"

// intake takes the files of an archive into the store as they stream past: documents are
// kept in memory, all else becomes blobs. Where each belongs is known only at the end.
type intake struct {
	st      *store.Store
	cs      content.Store
	limits  layer.Options
	docs    map[string][]byte
	members members.Of[taken]
	known   map[digest.Digest]ocispec.Descriptor // layers in the store, by DiffID; nil until needed
}

// taken is a file of the archive that is a blob now.
type taken struct {
	desc ocispec.Descriptor
	want digest.Digest // what its name says it is; "" for nothing
	kind layer.Compression
}

func newIntake(st *store.Store) *intake {
	return &intake{st: st, cs: st.Importer(), docs: map[string][]byte{}, members: members.New[taken]()}
}

func (in *intake) read(ctx context.Context, r io.Reader) error {
	var err error
	if in.limits, err = image.Limits(); err != nil {
		return err
	}
	plain, _, err := layer.Decompress(r)
	if err != nil {
		return fmt.Errorf("read the archive: %w", err)
	}
	defer func() { _ = plain.Close() }()
	if _, err := members.Each(plain, func(name string, size int64, r io.Reader) error { return in.file(ctx, name, size, r) }, in.members.Link); err != nil {
		return err
	}
	// What is left belongs to the compressed stream's check, and to whoever writes into
	// the pipe.
	if _, err := io.CopyN(io.Discard, plain, 64<<20); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("the archive is damaged after its last file: %w", err)
	}
	return nil
}

func (in *intake) file(ctx context.Context, name string, size int64, r io.Reader) error {
	switch name {
	case ocispec.ImageLayoutFile, ocispec.ImageIndexFile, manifestFile:
		if size > image.MaxDocument {
			return fmt.Errorf("%d bytes are too many for such a document", size)
		}
		b, err := io.ReadAll(r)
		if b == nil {
			b = []byte{}
		}
		in.docs[name] = b
		return err
	}
	if members.Superseded(name) {
		return nil
	}
	if size > in.limits.MaxBytes {
		return &layer.LimitError{What: "bytes in a file of the archive", Limit: in.limits.MaxBytes}
	}
	m := taken{want: members.Blob(name)}
	if m.want != "" {
		if info, err := in.st.Content().Info(ctx, m.want); err == nil && info.Size == size {
			m.desc = ocispec.Descriptor{Digest: m.want, Size: info.Size} // it is here: the next Next passes over it
		}
	}
	br := bufio.NewReaderSize(r, 64<<10)
	magic, _ := br.Peek(layer.SniffLen)
	m.kind = layer.Sniff(magic)
	if m.desc.Digest == "" {
		var err error
		if m.desc, err = in.ingest(ctx, fmt.Sprintf("%d", len(in.members.Files)), m.want, br); err != nil {
			return err
		}
	}
	in.members.File(name, m)
	return nil
}

// ingest makes a blob of r, under whatever digest it has: like's algorithm is used.
func (in *intake) ingest(ctx context.Context, ref string, like digest.Digest, r io.Reader) (ocispec.Descriptor, error) {
	var d ocispec.Descriptor
	w, err := in.cs.Writer(ctx, content.WithRef(ref), content.WithDescriptor(ocispec.Descriptor{Digest: like}))
	if errdefs.IsAlreadyExists(err) { // but this may be something else under its name
		w, err = in.cs.Writer(ctx, content.WithRef(ref))
	}
	if err != nil {
		return d, err
	}
	n, err := io.Copy(w, r)
	if err == nil {
		d.Digest, d.Size = w.Digest(), n
		if err = w.Commit(ctx, n, ""); errdefs.IsAlreadyExists(err) {
			err = nil
		}
	}
	if err != nil {
		_ = w.Close()
		_ = in.cs.Abort(context.WithoutCancel(ctx), ref)
		return ocispec.Descriptor{}, in.st.Advise("store a file of the archive", err)
	}
	return d, nil
}

// write stores a document.
func (in *intake) write(ctx context.Context, d ocispec.Descriptor, b []byte) error {
	return in.st.Write(ctx, bytes.NewReader(b), d)
}
