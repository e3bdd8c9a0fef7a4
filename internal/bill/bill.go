// Package bill tells what a pull will cost, before a byte of a layer is fetched.
package bill

import (
	"cmp"
	"context"
	"fmt"

	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"

	"tare/internal/request"
	"tare/internal/source"
	"tare/internal/store"
	"tare/internal/suggest"
	"tare/internal/target"
)

// Schema names the JSON form of a Bill.
const Schema = "tare.bill/v1"

// Kinds of blobs.
const (
	Index    = "index"
	Manifest = "manifest"
	Config   = "config"
	Layer    = "layer"
)

// Bill is what a pull transfers and what it finds in the store. Bytes are those of blobs as the registry sends them, without the heads
// of HTTP and without what a proxy adds.
type Bill struct {
	Schema   string        `json:"schema"`
	Name     string        `json:"name"`     // as Docker shows it
	Platform string        `json:"platform"` // as the configuration says; "" if it does not
	Digest   digest.Digest `json:"digest"`   // what the name points to: an index or a manifest
	// Download are the bytes that a pull fetches, and Here those that are in the store; both together are all that the image needs.
	Download int64 `json:"download"`
	Here     int64 `json:"here"`
	// UpToDate says that the store's image of this name is this one, and whole.
	UpToDate bool   `json:"upToDate"`
	Blobs    []Blob `json:"blobs"` // each once: indexes, manifest, configuration, then layers from the bottom
}

// Blob is one that the image needs.
type Blob struct {
	Kind   string        `json:"kind"`
	Digest digest.Digest `json:"digest"`
	Size   int64         `json:"size"` // bytes
	// Here are the bytes of it that are in the store: all, none, or what an interrupted download has left.
	Here int64 `json:"here"`
}

// Layers counts the layers, and those of which something is fetched.
func (b *Bill) Layers() (all, missing int) {
	for _, x := range b.Blobs {
		if x.Kind == Layer {
			all++
			if x.Here < x.Size {
				missing++
			}
		}
	}
	return all, missing
}

// Request says which pull.
type Request struct {
	Name     string // of the image
	Platform string // "" for this machine's
	DryRun   bool   // nothing is to be fetched
	Format   string // text, json; "" for text
	Quiet    bool   // print only the bytes
}

// Check returns an error if the request cannot be understood.
func (q *Request) Check() error {
	if q.Format != "" && !q.DryRun {
		return request.Errorf("--format goes with --dry-run: a pull prints what docker pull prints")
	}
	if err := suggest.OneOf("--format", cmp.Or(q.Format, "text"), []string{"text", "json"}); err != nil {
		return err
	}
	if _, err := reference.ParseNormalizedNamed(q.Name); err != nil {
		return request.Errorf("%q is not an image name: %w", q.Name, err)
	}
	return nil
}

// Pull reads the manifest and the configuration of an image in a registry and tells what a pull into the finder's store would fetch.
// Nothing is written. It returns the errors of a pull that come before the first layer.
func Pull(ctx context.Context, f *target.Finder, q Request) (*Bill, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	want, err := target.Platform(q.Platform)
	if err != nil {
		return nil, err
	}
	named, err := store.Normalize(q.Name)
	if err != nil {
		return nil, err
	}
	st, err := f.Store()
	if err != nil {
		return nil, err
	}
	r, err := f.Registry()
	if err != nil {
		return nil, err
	}
	out, err := pull(ctx, r, st, named, want)
	if err != nil {
		return nil, fmt.Errorf("pull %s: %w", reference.FamiliarString(named), err)
	}
	return out, nil
}

func pull(ctx context.Context, r *source.Registry, st *store.Store, named reference.Named, want platforms.MatchComparer) (*Bill, error) {
	o, err := source.InRegistry(named.String()).Open(ctx, source.OpenOptions{Registry: r})
	if err != nil {
		return nil, err
	}
	defer func() { _ = o.Close() }()
	n, err := Read(ctx, o, want)
	if err != nil {
		return nil, err
	}
	b := &Bill{Schema: Schema, Name: reference.FamiliarString(named), Platform: n.Platform(), Digest: o.Target.Digest, Blobs: []Blob{}}
	seen := map[digest.Digest]bool{}
	for _, need := range n.Blobs {
		d := need.Descriptor
		if seen[d.Digest] {
			continue
		}
		seen[d.Digest] = true
		x := Blob{Kind: need.Kind, Digest: d.Digest, Size: d.Size}
		if x.Here = st.Arrived(ctx, d); x.Here > d.Size {
			x.Here = 0 // not what is left of this one
		}
		b.Here += x.Here
		b.Download += x.Size - x.Here
		b.Blobs = append(b.Blobs, x)
	}
	if old, err := st.Find(ctx, named.String()); err == nil {
		b.UpToDate = old.Target.Digest == o.Target.Digest && b.Download == 0
	}
	return b, nil
}
