package image

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/layer"
	"tare/internal/progress"
	"tare/internal/units"
)

// Pushed is the form in which a push sends an image.
type Pushed struct {
	Manifest ocispec.Descriptor
	Raw      []byte               // the manifest
	Layers   []ocispec.Descriptor // bottom first; as stored where what is sent is not known
	From     []Sent               // how each of Layers is known; nil: all as stored
}

// Packed does what Pack does if everything that it takes is in the cache, and tells
// whether it was. No layer is read.
func (m Measurer) Packed(ctx context.Context, img *Image, pack func(ocispec.Descriptor) bool) bool {
	for _, l := range img.Layers {
		if pack != nil && pack(l.Descriptor) {
			var d ocispec.Descriptor
			if m.Cache == nil || !m.Cache.Get(pushKind, l.DiffID, &d) {
				return false
			}
		} else if m.Unsent.means(&l) && m.Unsent.Compress && !m.learned(ctx, &l) {
			return false
		}
	}
	return m.Pack(ctx, img, pack) == nil
}

// Pack works out the form in which img is pushed: layers for which pack is true
// are compressed (layer.Pack), all others go as stored, and the manifest names
// the results. A nil pack compresses nothing. What m.Unsent is about is worked out as it
// says. It sets img.Push and, for layers with an Index, their Shares.
func (m Measurer) Pack(ctx context.Context, img *Image, pack func(ocispec.Descriptor) bool) error {
	out := Pushed{Manifest: img.Manifest, Raw: img.RawManifest}
	changed := false
	for i := range img.Layers {
		l := &img.Layers[i]
		d, from := l.Descriptor, SentStored
		var err error
		switch {
		case pack != nil && pack(d):
			d, err = m.packed(ctx, l)
			from = SentPacked
		case m.Unsent.means(l):
			d, from, err = m.unsent(ctx, l)
		case l.Index != nil && l.Shares == nil:
			err = m.shares(ctx, l)
		}
		if err != nil {
			return fmt.Errorf("layer %s: %w", shown(l.Digest), err)
		}
		changed = changed || d.Digest != l.Digest
		out.Layers, out.From = append(out.Layers, d), append(out.From, from)
	}
	if changed {
		var man ocispec.Manifest
		if err := json.Unmarshal(img.RawManifest, &man); err != nil {
			return err
		}
		man.Layers = out.Layers
		raw, err := json.Marshal(man)
		if err != nil {
			return err
		}
		out.Raw = raw
		out.Manifest.Digest, out.Manifest.Size = digest.FromBytes(raw), int64(len(raw))
	}
	img.Push = &out
	return nil
}

// shares apportions the blob as stored. The cached index of the layer may have been
// made from another blob with the same content.
func (m Measurer) shares(ctx context.Context, l *Layer) error {
	if l.Index.Blob == l.Digest {
		l.Shares = l.Index.Shares()
		return nil
	}
	if m.cachedShares(l, l.Digest, l.Size) {
		return nil
	}
	if m.Provider == nil {
		return errNoShares
	}
	x, err := m.read(ctx, l, false)
	if err != nil {
		return err
	}
	l.Shares = x.Shares()
	m.keepShares(l)
	return nil
}

func (m Measurer) cachedShares(l *Layer, blob digest.Digest, size int64) bool {
	if m.Cache == nil {
		return false
	}
	b, ok := m.Cache.GetBytes(shareKind, blob)
	if !ok {
		return false
	}
	l.Shares, ok = layer.DecodeShares(b, blob, size, len(l.Index.List))
	return ok
}

func (m Measurer) keepShares(l *Layer) {
	if m.Cache != nil {
		m.Cache.KeepBytes(shareKind, l.Shares.Blob, l.Shares.Encode())
	}
}

func (m Measurer) packed(ctx context.Context, l *Layer) (ocispec.Descriptor, error) {
	var d ocispec.Descriptor
	if m.Cache != nil && m.Cache.Get(pushKind, l.DiffID, &d) && (l.Index == nil || m.cachedShares(l, d.Digest, d.Size)) {
		d.MediaType = packedType(l.MediaType)
		return d, nil
	}
	r, done, err := open(ctx, m.Provider, l.Descriptor)
	if err != nil {
		return d, err
	}
	defer done()
	id := units.ShortID(l.Digest.String())
	o, err := Limits()
	if err != nil {
		return d, err
	}
	blob := m.Progress.Reader(r, id, "Compressing", l.Size)
	if unsendable(l.MediaType) {
		z, _, err := layer.Decompress(blob)
		if err != nil {
			return d, err
		}
		defer func() { _ = z.Close() }()
		blob = z
	}
	plain := layer.Bounded(blob, o.MaxBytes)
	if l.Index == nil {
		d, err = layer.Pack(io.Discard, plain)
	} else {
		var x *layer.Index
		if d, x, err = packAndRead(plain, l.DiffID); err == nil {
			l.Shares = x.Shares()
			m.keepShares(l)
		}
	}
	m.Progress.Report(progress.Event{ID: id, Action: "Compressed", Final: true})
	if err == nil && m.Cache != nil {
		m.Cache.Keep(pushKind, l.DiffID, d)
	}
	d.MediaType = packedType(l.MediaType)
	return d, err
}

// packAndRead compresses a layer and reads the result as it comes, to learn which
// part of it belongs to which entry.
func packAndRead(plain io.Reader, diff digest.Digest) (ocispec.Descriptor, *layer.Index, error) {
	o, err := Limits()
	if err != nil {
		return ocispec.Descriptor{}, nil, err
	}
	o.DiffID = diff
	pr, pw := io.Pipe()
	var d ocispec.Descriptor
	packed := make(chan error, 1)
	go func() {
		var err error
		// The compressor writes a few hundred bytes at a time; each would wake the reader.
		w := bufio.NewWriterSize(pw, 256<<10)
		if d, err = layer.Pack(w, plain); err == nil {
			err = w.Flush()
		}
		_ = pw.CloseWithError(err)
		packed <- err
	}()
	x, err := layer.Read(pr, o)
	_ = pr.CloseWithError(err) // lets the compressor end
	if perr := <-packed; err == nil {
		err = perr
	}
	return d, x, err
}
