package strata

import (
	"errors"

	"github.com/opencontainers/go-digest"

	"tare/internal/layer"
	"tare/internal/units"
)

// look reads the layers that a scan has read: once each for what stands in them, and again where images are weighed that need them together.
func (f *fleetOf) look(in *Input, r *Result, images []Largest) error {
	r.Scanned.Of = len(f.diffs)
	if in.Layers == nil {
		return nil
	}
	c := newContents(in.Scratch, mostRecords)
	var tars, apart sums
	found := make([]digest.Digest, len(f.diffs))
	for n := range f.diffs {
		d := &f.diffs[n]
		x, err := f.layer(in.Layers, d)
		in.step("Reading layers", n+1, len(f.diffs))
		if err != nil {
			return err
		}
		if x == nil {
			continue
		}
		found[n] = x.Blob
		r.Scanned.Layers++
		tars.add(x.Tar, d.only, d.places)
		apart.separately += x.Files * d.places
		if err := c.add(x, d.only); err != nil {
			return err
		}
		if in.Sink != nil {
			if err := in.Sink.Layer(x); err != nil {
				return err
			}
		}
	}
	r.Problems = append(r.Problems[:0], f.problems...)
	if r.Scanned.Layers == len(f.diffs) {
		r.Bytes.DiffID = tars.level()
		if err := f.contentLevel(c, &apart, r, images); err != nil {
			return err
		}
	}
	if !in.Weigh {
		return nil
	}
	return f.weigh(in, r, images, found)
}

// layer is the index of a layer, whichever of its blobs was scanned; nil if none was.
func (f *fleetOf) layer(from Layers, d *diff) (*layer.Index, error) {
	for _, blob := range d.blobs {
		x, err := from.Layer(blob)
		switch {
		case errors.Is(err, ErrNotScanned):
		case err != nil:
			return nil, err
		case x.DiffID != d.id:
			f.problem("layer %s is %s, and not %s as configurations say", short(blob), short(x.DiffID), short(d.id))
		default:
			return x, nil
		}
	}
	return nil, nil //nolint:nilnil // nothing was scanned, and that is no error
}

// contentLevel sums contents up, also for each image.
func (f *fleetOf) contentLevel(c *contents, apart *sums, r *Result, images []Largest) error {
	own := make([]int64, len(f.members))
	err := c.each(func(size int64, only int32) {
		apart.add(size, only, 0)
		if only != many {
			own[only] += size
		}
	})
	if err != nil {
		return err
	}
	r.Bytes.Content = apart.level()
	for i := range images {
		images[i].UniqueContent = units.Known(own[images[i].index])
	}
	return nil
}
