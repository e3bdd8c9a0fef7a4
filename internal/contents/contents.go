// Package contents tells what is in the layers of an image from their tables of contents, without reading the layers.
package contents

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/ranges"
	"tare/internal/toc"
	"tare/internal/units"
)

// Window reads n bytes of a layer from a place on.
type Window func(ctx context.Context, d ocispec.Descriptor, off, n int64) ([]byte, error)

// Read is what was read of an image.
type Read struct {
	Bytes   int64    // of blobs: tables, and files that tell of packages
	Formats []string // of the tables, sorted
}

// UnusableError says why the tables of an image are not used: of which layer, if it is one.
type UnusableError struct{ Why string }

// Error implements error.
func (e *UnusableError) Error() string { return e.Why }

// Annotated tells whether each layer of an image has a table, as the annotations say.
func Annotated(img *image.Image) bool {
	return len(img.Layers) > 0 && !slices.ContainsFunc(img.Layers, func(l image.Layer) bool { return toc.Annotated(l.Descriptor) == "" })
}

// Image fills in the indexes of all layers of an image, or of none: contents of layers that were read and of others have sums that cannot
// be compared. It returns an *UnusableError where a table is not used.
func Image(ctx context.Context, img *image.Image, at Window) (*Read, error) {
	limits, err := image.Limits()
	if err != nil {
		return nil, err
	}
	first := func(i int) int { // a blob may be there twice
		return slices.IndexFunc(img.Layers, func(o image.Layer) bool { return o.Digest == img.Layers[i].Digest })
	}
	out, read := make([]*layer.Index, len(img.Layers)), make([]Read, len(img.Layers))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i := range img.Layers {
		l := &img.Layers[i]
		if first(i) < i {
			continue
		}
		g.Go(func() error {
			r := &reader{ctx: gctx, l: l, at: at, limits: limits}
			x, err := r.index()
			if err != nil {
				return refused(i, l, err)
			}
			out[i], read[i] = x, Read{Bytes: r.read, Formats: []string{r.table.Format}}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	all := new(Read)
	for i := range img.Layers {
		l, x := &img.Layers[i], out[first(i)]
		l.Index, l.Sums, l.Shares = x, &x.Sums, x.Shares()
		all.Bytes += read[i].Bytes
		all.Formats = append(all.Formats, read[i].Formats...)
	}
	slices.Sort(all.Formats)
	all.Formats = slices.Compact(all.Formats)
	return all, nil
}

// refused says which layer's table is not used, and why.
func refused(i int, l *image.Layer, err error) error {
	var bad *toc.UnusableError
	switch {
	case errors.As(err, &bad):
		return &UnusableError{fmt.Sprintf("layer %d (%s): %v", i+1, units.ShortID(l.Digest.String()), bad)}
	case errors.Is(err, ranges.ErrNone):
		return &UnusableError{"the registry sends blobs only as a whole: tables of contents are not used"}
	}
	return fmt.Errorf("layer %s: table of contents: %w", l.Digest, err)
}

// reader reads what is needed of one layer.
type reader struct {
	ctx    context.Context
	l      *image.Layer
	at     Window
	limits layer.Options
	read   int64 // bytes
	table  *toc.Table
}

func (r *reader) window(off, n int64) ([]byte, error) {
	r.read += n
	return r.at(r.ctx, r.l.Descriptor, off, n)
}

func unusable(text string) error { return &toc.UnusableError{Why: text} }

func (r *reader) index() (*layer.Index, error) {
	var err error
	if r.table, err = toc.Read(r.l.Descriptor, r.window); err != nil {
		return nil, err
	}
	files, err := r.files()
	if err != nil {
		return nil, err
	}
	shares := r.shares(files)
	list := make([]layer.Listed, 0, len(files)+1)
	for i := range files {
		item := layer.Listed{Header: files[i].header, Share: shares[i]}
		if item.Header.Typeflag == tar.TypeReg {
			d := digest.Digest(files[i].entry.Digest)
			if item.Header.Size == 0 {
				d = digest.FromString("")
			}
			var ok bool
			if item.Sum, ok = layer.SumOf(d); !ok {
				return nil, unusable("a file in it has no digest")
			}
		}
		list = append(list, item)
	}
	if h := r.table.Own; h != nil { // it stands in the tar as well
		sum, _ := layer.SumOf(r.table.Digest)
		list = append(list, layer.Listed{Header: h, Sum: sum})
	}
	kept, skipped, err := r.keep(files)
	if err != nil {
		return nil, err
	}
	s := layer.Sums{Blob: r.l.Digest, DiffID: r.l.DiffID, Compression: layer.Gzip, Transfer: r.l.Size}
	if r.table.Format == toc.Chunked {
		s.Compression = layer.Zstd
	}
	x, err := layer.FromList(list, s, kept, skipped, r.limits)
	if err != nil {
		return nil, unusable(err.Error())
	}
	image.Records(x)
	return x, nil
}

// file is a file of a table, with the chunks that hold it.
type file struct {
	entry  *toc.Entry
	header *tar.Header
	chunks []*toc.Entry
}

// size are the bytes of one of its chunks.
func (f *file) size(c *toc.Entry) int64 {
	if c.ChunkSize > 0 {
		return c.ChunkSize
	}
	return f.entry.Size - c.ChunkOffset
}

// files puts chunks to the files that they are of. The chunks of a file must be all of it, in their order.
func (r *reader) files() ([]file, error) {
	var out []file
	for i := range r.table.Entries {
		e := &r.table.Entries[i]
		if e.Type != "chunk" {
			h, err := header(e)
			if err != nil {
				return nil, err
			}
			out = append(out, file{entry: e, header: h})
			if e.Type == "reg" && e.Size > 0 {
				out[len(out)-1].chunks = []*toc.Entry{e}
			}
			continue
		}
		if len(out) == 0 || len(out[len(out)-1].chunks) == 0 {
			return nil, unusable("it has a chunk of no file")
		}
		f := &out[len(out)-1]
		f.chunks = append(f.chunks, e)
	}
	for i := range out {
		f, at := &out[i], int64(0)
		for _, c := range f.chunks {
			n := f.size(c)
			if c.ChunkOffset != at || n <= 0 || n > f.entry.Size-at {
				return nil, unusable("the chunks of a file are not the file")
			}
			at += n
		}
		if len(f.chunks) > 0 && at != f.entry.Size {
			return nil, unusable("the chunks of a file are not the file")
		}
	}
	return out, nil
}

// types are those of a table, as a tar has them.
var types = map[string]byte{"reg": tar.TypeReg, "dir": tar.TypeDir, "symlink": tar.TypeSymlink, "hardlink": tar.TypeLink, "char": tar.TypeChar, "block": tar.TypeBlock, "fifo": tar.TypeFifo}

// header is an entry as a tar has it.
func header(e *toc.Entry) (*tar.Header, error) {
	kind, ok := types[e.Type]
	if !ok {
		return nil, unusable("it has an entry of an unknown type")
	}
	h := &tar.Header{Typeflag: kind, Name: e.Name, Linkname: e.LinkName, Mode: e.Mode, Uid: int(e.UID), Gid: int(e.GID), Devmajor: e.DevMajor, Devminor: e.DevMinor, ModTime: time.Unix(0, 0)}
	if kind == tar.TypeReg {
		h.Size = e.Size
	}
	if e.ModTime != "" {
		t, err := time.Parse(time.RFC3339, e.ModTime)
		if err != nil {
			return nil, unusable("it has a time that is none")
		}
		h.ModTime = t
	}
	for name, v := range e.Xattrs {
		if h.PAXRecords == nil {
			h.PAXRecords = map[string]string{}
		}
		h.PAXRecords["SCHILY.xattr."+name] = string(v)
	}
	return h, nil
}
