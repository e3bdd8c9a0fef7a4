package update

import (
	"context"
	"errors"
	"fmt"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"tare/internal/bill"
	"tare/internal/ranges"
	"tare/internal/source"
	"tare/internal/toc"
	"tare/internal/units"
)

// lazily takes the layers that a client mounts from what it downloads.
func (u *Update) lazily(ctx context.Context, o *source.Opened, to *bill.Needed) error {
	switch u.Client {
	case "estargz":
		return u.estargz(ctx, o, to)
	case "soci":
		u.soci()
	}
	return nil
}

// mount takes a layer from what is downloaded.
func (u *Update) mount(b *Blob) {
	u.Download -= b.Download
	u.Lazy.Layers++
	u.Lazy.Most += b.Download
	b.Lazy, b.Download = b.Download, 0
	if b.Layer.Unpack {
		b.Layer.Unpack = false
		u.UnpackBlobs -= b.Size
	}
}

// estargz is containerd with the stargz snapshotter: it mounts layers whose annotated table of contents is there.
func (u *Update) estargz(ctx context.Context, o *source.Opened, to *bill.Needed) error {
	u.Exact, u.Lazy = false, &Lazy{Start: units.Known(0)}
	tables, errs := make([]*toc.Table, len(u.Blobs)), make([]error, len(u.Blobs))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i := range u.Blobs {
		if u.Blobs[i].Layer == nil || u.Blobs[i].Download == 0 {
			continue
		}
		d := to.Blobs[i].Descriptor
		g.Go(func() error {
			tables[i], errs[i] = toc.Read(d, at(gctx, o, d))
			return gctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	plain, whole := 0, false
	for i, t := range tables {
		b := &u.Blobs[i]
		var bad *toc.UnusableError
		switch err := errs[i]; {
		case t == nil && err == nil:
			continue
		case errors.Is(err, toc.ErrNone):
			plain++
			continue
		case errors.Is(err, ranges.ErrNone):
			whole = true
			continue
		case errors.As(err, &bad):
			u.Notes = append(u.Notes, fmt.Sprintf("Layer %s is counted as a whole: %s.", units.ShortID(b.Digest.String()), bad.Why))
			continue
		case err != nil:
			return fmt.Errorf("layer %s: table of contents: %w", b.Digest, err)
		}
		b.Layer.TOC = &TOC{Format: t.Format, Bytes: t.Bytes, Prefetch: units.Unknown()}
		if n, ok := t.Prefetch(); ok {
			b.Layer.TOC.Prefetch = units.Known(n)
		}
		u.mount(b)
		u.Lazy.Start = u.Lazy.Start.Plus(units.Known(t.Bytes)).Plus(b.Layer.TOC.Prefetch)
	}
	if whole {
		u.Notes = append(u.Notes, "The registry sends blobs only as a whole: no table of contents was read, and layers are not mounted.")
	}
	if plain > 0 {
		u.Notes = append(u.Notes, units.Plural(plain, "layer")+" without an annotated table of contents: fetched as a whole.")
	}
	u.UpToDate = u.Download == 0 && u.Lazy.Layers == 0
	return nil
}

// at reads parts of a layer.
func at(ctx context.Context, o *source.Opened, d ocispec.Descriptor) toc.At {
	return func(off, n int64) ([]byte, error) { return source.Window(ctx, o.Provider, d, off, n) }
}

// soci is containerd with the SOCI snapshotter. Which layers it mounts stands in an index of its own, beside the image.
func (u *Update) soci() {
	u.Exact, u.Lazy = false, &Lazy{Start: units.Unknown()}
	for i := range u.Blobs {
		if b := &u.Blobs[i]; b.Layer != nil && b.Download > 0 {
			u.mount(b)
		}
	}
	if u.Lazy.Layers == 0 {
		u.Lazy.Start = units.Known(0)
		return
	}
	u.UpToDate = false
	u.Notes = append(u.Notes, "Layers are mounted only if the registry has a SOCI index: tare does not look.",
		"Without one, and where they are small, they are fetched as a whole.")
}
