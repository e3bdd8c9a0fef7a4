// Package compare sets any number of images side by side and says by how much
// they differ. It is a pure function of what was measured: no I/O, no clock.
package compare

import (
	"fmt"
	"time"

	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"

	"tare/internal/image"
)

// Schema names the form of Result as JSON.
const Schema = "tare.compare/v1"

// Subject is one thing to compare: a measured image and what is known beside it.
type Subject struct {
	Name  string        // what the user called it
	Image *image.Image  // measured and packed
	Build time.Duration // how long it took to build; 0 if it was not built
	// Cached says that the build carried out no instruction: all came from the cache.
	Cached bool
}

// Result is a comparison. Sizes are integer bytes.
type Result struct {
	Schema      string       `json:"schema"`
	Baseline    string       `json:"baseline"`
	Images      []Image      `json:"images"`
	Differences []Difference `json:"differences"`
}

// Image is one column of a comparison.
type Image struct {
	Name     string        `json:"name"`
	ID       digest.Digest `json:"id"`
	Manifest digest.Digest `json:"manifest"`
	Platform string        `json:"platform"`
	Base     string        `json:"base"`
	// Layers is the number of layers, EmptyLayers the number of steps in the
	// history that made none.
	Layers      int         `json:"layers"`
	EmptyLayers int         `json:"emptyLayers"`
	Sizes       image.Sizes `json:"sizes"`
	// BuildSeconds is absent for images that were not built for the comparison.
	BuildSeconds *float64 `json:"buildSeconds,omitempty"`
	// BuildCached says that all of that build came from the cache.
	BuildCached bool `json:"buildCached,omitempty"`
}

// Difference is by how much To is larger than From in one measure, in bytes (or
// layers): From's value plus Total is To's value.
type Difference struct {
	From    string `json:"from"`
	To      string `json:"to"`
	Measure string `json:"measure"`
	Total   int64  `json:"total"`
}

// Measure is a number that every image has.
type Measure struct {
	Name  string
	Unit  string // "bytes" or ""
	Help  string
	Value func(*Image) int64
}

// Measures are what a comparison compares, in the order in which it is shown.
var Measures = []Measure{
	{"transfer", "bytes", "what a node pulls", func(i *Image) int64 { return i.Sizes.Transfer }},
	{"tar", "bytes", "uncompressed layers", func(i *Image) int64 { return i.Sizes.Tar }},
	{"files", "bytes", "the files in them", func(i *Image) int64 { return i.Sizes.Files }},
	{"overhead", "bytes", "tar without files", func(i *Image) int64 { return i.Sizes.Overhead }},
	{"docker", "bytes", "what docker images prints", func(i *Image) int64 { return i.Sizes.Docker }},
	{"layers", "", "with content", func(i *Image) int64 { return int64(i.Layers) }},
}

// Compare sets subjects side by side; baseline is the index of the one that the
// others are measured against. It returns an error if an identity that must hold
// does not: that is a bug of tare's, never a wrong table.
func Compare(subjects []Subject, baseline int) (*Result, error) {
	if baseline < 0 || baseline >= len(subjects) {
		return nil, fmt.Errorf("compare: no subject %d of %d", baseline, len(subjects))
	}
	r := &Result{Schema: Schema, Baseline: subjects[baseline].Name}
	for _, s := range subjects {
		i := Image{
			Name: s.Name, ID: s.Image.ID(), Manifest: s.Image.Manifest.Digest,
			Platform: platforms.Format(s.Image.Platform()), Base: s.Image.Base(),
			Layers: len(s.Image.Layers), Sizes: s.Image.Sizes(),
		}
		for _, h := range s.Image.History {
			if h.Layer < 0 {
				i.EmptyLayers++
			}
		}
		if s.Build > 0 {
			sec := s.Build.Seconds()
			i.BuildSeconds, i.BuildCached = &sec, s.Cached
		}
		if i.Sizes.Tar != i.Sizes.Files+i.Sizes.Overhead {
			return nil, fmt.Errorf("internal error, please report it: %s: tar %d is not files %d + overhead %d", s.Name, i.Sizes.Tar, i.Sizes.Files, i.Sizes.Overhead)
		}
		r.Images = append(r.Images, i)
	}
	base := &r.Images[baseline]
	for n := range r.Images {
		if n == baseline {
			continue
		}
		for _, m := range Measures {
			r.Differences = append(r.Differences, Difference{From: base.Name, To: r.Images[n].Name, Measure: m.Name, Total: m.Value(&r.Images[n]) - m.Value(base)})
		}
	}
	return r, nil
}

// BaselineIndex is the position of the baseline in Images.
func (r *Result) BaselineIndex() int {
	for n, i := range r.Images {
		if i.Name == r.Baseline {
			return n
		}
	}
	return 0
}
