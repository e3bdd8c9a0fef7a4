package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sync/errgroup"

	"tare/internal/layer"
	"tare/internal/progress"
	"tare/internal/units"
)

// diffKind are the layers that were read and found to be what their DiffIDs say, by blob.
// Bytes that have a digest never become others, so that once is enough.
const diffKind = "diffid-v1"

// maxLimit is more than any layer has, and little enough that sums over thousands of
// layers are numbers.
const maxLimit = 1 << 50

// Limits are the bounds that the environment sets for layers, as Options of package layer:
// TARE_MAX_LAYER and TARE_MAX_ENTRIES. All that reads layers asks here.
func Limits() (layer.Options, error) {
	o := layer.Options{MaxBytes: layer.DefaultMaxBytes, MaxEntries: layer.DefaultMaxEntries}
	for _, v := range []struct {
		name string
		into *int64
	}{{"TARE_MAX_LAYER", &o.MaxBytes}, {"TARE_MAX_ENTRIES", &o.MaxEntries}} {
		if s := os.Getenv(v.name); s != "" {
			n, err := strconv.ParseInt(s, 10, 64)
			if err != nil || n <= 0 {
				return o, fmt.Errorf("%s=%q: want a positive number", v.name, s)
			}
			*v.into = min(n, maxLimit)
		}
	}
	return o, nil
}

// BeyondLimits tells whether err is that a layer goes beyond Limits: nothing is known of it.
func BeyondLimits(err error) bool {
	var limit *layer.LimitError
	return errors.As(err, &limit)
}

// Verified tells whether it is known that a layer's blob is a whole tar and unpacks to its
// DiffID, because it was read before.
func (m Measurer) Verified(l *Layer) bool {
	if m.Cache == nil {
		return false
	}
	b, ok := m.Cache.GetBytes(diffKind, l.Digest)
	return ok && digest.Digest(b) == l.DiffID
}

func (m Measurer) verified(l *Layer) {
	if m.Cache != nil {
		m.Cache.KeepBytes(diffKind, l.Digest, []byte(l.DiffID))
	}
}

// Verify reads the layers that are not known to be what their DiffIDs say, each blob once.
// The error names the layer.
func (m Measurer) Verify(ctx context.Context, imgs ...*Image) error {
	type pair struct{ blob, diff digest.Digest }
	seen := map[pair]bool{}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, img := range imgs {
		for i := range img.Layers {
			l := &img.Layers[i]
			if seen[pair{l.Digest, l.DiffID}] {
				continue
			}
			seen[pair{l.Digest, l.DiffID}] = true
			g.Go(func() error { return m.VerifyLayer(ctx, l) })
		}
	}
	return g.Wait()
}

// VerifyLayer is Verify for one layer.
func (m Measurer) VerifyLayer(ctx context.Context, l *Layer) error {
	if m.Verified(l) {
		return nil
	}
	o, err := Limits()
	if err != nil {
		return err
	}
	r, done, err := open(ctx, m.Provider, l.Descriptor)
	if err != nil {
		return fmt.Errorf("layer %s: %w", shown(l.Digest), err)
	}
	defer done()
	id := units.ShortID(l.Digest.String())
	o.DiffID = l.DiffID
	err = layer.Verify(m.Progress.Reader(r, id, "Verifying", l.Size), o)
	m.Progress.Report(progress.Event{ID: id, Action: "Verified", Final: true})
	if err != nil {
		return fmt.Errorf("layer %s: %w", shown(l.Digest), err)
	}
	m.verified(l)
	return nil
}
