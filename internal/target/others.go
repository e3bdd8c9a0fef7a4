package target

import (
	"context"
	"slices"

	"github.com/opencontainers/go-digest"

	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/progress"
	"tare/internal/source"
)

// Indexes are what registries keep of the layers of images: see package indexes.
type Indexes interface {
	// Trusts tells whether the indexes of an image of that name are used, if there are any.
	Trusts(name string) bool
	// Find returns the indexes of an image's layers by DiffID, verified against the image; nil where there are none that can be used,
	// which the user is told.
	Find(ctx context.Context, name string, img *image.Image, p progress.Func) map[digest.Digest]*layer.Index
}

// others asks the registry of images for indexes of those of their layers of which nothing is known; nil if nobody asked for that.
func (f *Finder) others(list []*Image, events progress.Func) func(context.Context, []*image.Layer) {
	if f.Indexes == nil || !slices.ContainsFunc(list, func(i *Image) bool { return i.at != "" && f.Indexes.Trusts(i.at) }) {
		return nil
	}
	return func(ctx context.Context, missing []*image.Layer) {
		given := map[digest.Digest]bool{}
		for _, i := range list {
			if i.at == "" || !i.has(missing) {
				continue
			}
			found := f.Indexes.Find(ctx, i.at, i.Image, events)
			for _, l := range missing {
				if x := found[l.DiffID]; x != nil && l.Index == nil {
					l.Index, given[l.DiffID] = x, true
				}
			}
		}
		for _, i := range list {
			i.foreign = i.foreign || slices.ContainsFunc(i.Layers, func(l image.Layer) bool { return given[l.DiffID] })
		}
	}
}

// has tells whether one of the layers is the image's, and has no index yet.
func (i *Image) has(missing []*image.Layer) bool {
	return slices.ContainsFunc(missing, func(l *image.Layer) bool {
		return l.Index == nil && slices.ContainsFunc(i.Layers, func(own image.Layer) bool { return own.DiffID == l.DiffID })
	})
}

// known is the image in its registry, if a trusted index of it is there: then it need not be pulled. It is nil if not.
func (s *search) known(ctx context.Context) (*Image, func() error) {
	if s.f.Indexes == nil || !s.f.Indexes.Trusts(s.name) {
		return nil, nil
	}
	place := source.InRegistry(s.name)
	at, err := s.f.opened(ctx, s.want, func(o source.OpenOptions) (*source.Opened, error) { return place.Open(ctx, o) })
	if err != nil {
		return nil, nil // pulling it says what is wrong
	}
	img, err := image.Load(ctx, at.Provider, at.Target, s.want)
	if err != nil || fits(s.name, img, s.want) != nil {
		_ = at.Close()
		return nil, nil
	}
	events, done := s.f.Watch()
	found := s.f.Indexes.Find(ctx, s.name, img, events)
	done()
	if found == nil {
		_ = at.Close()
		return nil, nil
	}
	s.f.Note(s.name + ": read from its registry by the index there; nothing is pulled")
	i := remote(at, sentFrom(place, at, s.o))
	i.at = s.name
	return i, at.Close
}
