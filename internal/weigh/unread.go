package weigh

import (
	"encoding/json"

	"tare/internal/image"
	"tare/internal/units"
)

// Unread says that layers were not read: what is told is from their tables of contents.
type Unread struct {
	Formats []string `json:"formats"` // of the tables: eStargz, zstd:chunked
	Read    int64    `json:"read"`    // bytes of the layers' blobs that were read: tables, package databases
	Of      int64    `json:"of"`      // bytes of the layers' blobs
	// Unknown are the parts of this document that only the layers tell. Their numbers are null, their lists empty.
	Unknown []string `json:"unknown"`
}

// unknown is what a table of contents does not say.
var unknown = []string{"tar", "overhead", "findings", "inside", "packages in programs"}

// OfLayers is a number that only layers tell: unknown where they were not read.
func (r *Result) OfLayers(n int64) units.Amount {
	if r.Unread != nil {
		return units.Unknown()
	}
	return units.Known(n)
}

// FromContents marks a result as one of an image whose layers were not read, and takes out what only they tell.
func (r *Result) FromContents(u *Unread) {
	u.Unknown, u.Of = unknown, 0
	for i := range r.Layers {
		l := &r.Layers[i]
		u.Of += l.Transfer.Or(0)
		l.Tar, l.Overhead = 0, 0
	}
	r.Sizes.Tar, r.Sizes.Overhead = 0, 0
	r.Findings, r.Savings, r.Inside, r.Unread = []Finding{}, nil, nil, u
}

// MarshalJSON implements json.Marshaler: tar and overhead are null where layers were not read.
func (r *Result) MarshalJSON() ([]byte, error) {
	type plain Result
	if r.Unread == nil {
		return json.Marshal((*plain)(r))
	}
	type sizes struct {
		image.Sizes
		Tar      *int64 `json:"tar"`
		Overhead *int64 `json:"overhead"`
	}
	type layer struct {
		Layer
		Tar      *int64 `json:"tar"`
		Overhead *int64 `json:"overhead"`
	}
	layers := make([]layer, len(r.Layers))
	for i := range r.Layers {
		layers[i].Layer = r.Layers[i]
	}
	return json.Marshal(struct {
		*plain
		Sizes  sizes   `json:"sizes"`
		Layers []layer `json:"layers"`
	}{(*plain)(r), sizes{Sizes: r.Sizes}, layers})
}
