// Package strata sums many images up: what they hold together and apart, what they stand on, and what a change of them would free or
// have pulled. It is pure: same plan, same indexes of layers, same bytes.
package strata

import (
	"errors"
	"io"
	"time"

	"github.com/opencontainers/go-digest"

	"tare/internal/fleet"
	"tare/internal/layer"
	"tare/internal/weigh"
)

// ErrNotScanned is what Layers return (wrapped) for something that no scan has read.
var ErrNotScanned = errors.New("not scanned")

// Layers are the results of a scan.
type Layers interface {
	// Layer is the index of a layer by the digest of its blob. The error is ErrNotScanned, wrapped, where there is none.
	Layer(blob digest.Digest) (*layer.Index, error)
	// Config is an image configuration by its digest. The error is ErrNotScanned, wrapped, where it was not kept.
	Config(d digest.Digest) ([]byte, error)
}

// Scratch is a place for what does not fit into memory: a temporary file.
type Scratch interface {
	io.ReaderAt
	io.Writer
}

// Sink takes what a report reads anyway.
type Sink interface {
	// Layer takes each layer that was scanned, once.
	Layer(x *layer.Index) error
	// Image takes each image that was weighed, by its place in the plan.
	Image(n int, f *weigh.Facts) error
}

// Input is what a Result is made of.
type Input struct {
	Plan *fleet.Plan
	// Layers are what a scan found in the layers; nil without a scan.
	Layers Layers
	// Scratch takes what does not fit into memory; nil keeps all in memory.
	Scratch Scratch
	// Now is the date of the report: images of later dates are implausible. The zero time holds none for implausible.
	Now time.Time
	// Top is how many images, findings and secrets are listed; 0 means all.
	Top int
	// Weigh has every image weighed: waste, findings and secrets.
	Weigh bool
	// Prices turn bytes into money; nil for none.
	Prices *Prices
	// WhatIf are changes to work out, each by itself.
	WhatIf []WhatIf
	// Sink takes what is read on the way; nil for nobody.
	Sink Sink
	// Step is called for each layer and each image that was looked at; nil for nobody.
	Step func(what string, done, of int)
}

func (in *Input) step(what string, done, of int) {
	if in.Step != nil {
		in.Step(what, done, of)
	}
}

// Make sums the images of a plan up. The error is one of reading layers, or a *NothingError for a change that is about nothing.
func Make(in Input) (*Result, error) {
	f := number(in.Plan)
	f.now = in.Now
	r := &Result{Schema: Schema, Sources: append([]string{}, in.Plan.Sources...), Images: len(in.Plan.Images), Unreadable: append([]fleet.Unreadable{}, in.Plan.Unreadable...),
		Problems: append([]string{}, f.problems...), Findings: []Finding{}, Secrets: []Secret{}, WhatIf: []Change{}}
	r.Tags, r.Layers = f.tags(), f.layers
	r.Bytes.Blob = f.blobLevel()
	r.Bytes.DiffID, r.Bytes.Content = unknownLevel(len(f.diffs)), unknownLevel(-1)
	r.Registries = f.registries()
	r.Growth = f.growth()
	bases := f.bases()
	r.Strata = bases.strata()
	r.Nodes = f.nodes(bases)
	r.Tree = bases.picture()
	unique := f.largest()
	if err := f.look(&in, r, unique); err != nil {
		return nil, err
	}
	r.Largest = top(unique, in.Top)
	for _, w := range in.WhatIf {
		c, err := f.change(w, bases)
		if err != nil {
			return nil, err
		}
		r.WhatIf = append(r.WhatIf, *c)
	}
	if in.Prices != nil {
		in.Prices.of(r)
	}
	return r, nil
}

// top are the first n of a list; all for 0.
func top[T any](list []T, n int) []T {
	if n <= 0 || len(list) <= n {
		return list
	}
	return list[:n]
}
