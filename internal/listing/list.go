// Package listing is what Docker's commands about images tell of the store: which images
// there are, what each is, what they take on the disk, and what can go.
package listing

import (
	"context"
	"fmt"
	"slices"

	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"

	"tare/internal/image"
	"tare/internal/store"
)

// Listed is an image of the store.
type Listed struct {
	store.Record
	Image  *image.Image
	Tagged bool // it, or another record of the same image, has a name
}

// Lister lists images.
type Lister struct {
	Store *store.Store
	// Note is told of images that are damaged and not listed.
	Note func(text string)
	// Measurer measures images that were never listed before; for Rows and Details.
	Measurer image.Measurer
}

// List are the images that pass the filters, newest first. Dangling ones are among them
// only if all is set or a filter asks for them.
func (l Lister) List(ctx context.Context, filters []string, all bool) ([]Listed, error) {
	f, err := l.filters(ctx, filters)
	if err != nil {
		return nil, err
	}
	recs, err := l.Store.Records()
	if err != nil {
		return nil, err
	}
	var list []Listed
	tagged := map[digest.Digest]bool{} // by image ID
	for _, r := range recs {
		img, err := image.Load(ctx, l.Store.Content(), r.Target, nil)
		if err != nil {
			l.Note(fmt.Sprintf("image %s:%s is damaged and not listed: %v; remove it (tare rmi %s) and pull or build it again", r.Repository(), r.Tag(), err, r.Target.Digest))
			continue
		}
		list = append(list, Listed{Record: r, Image: img})
		tagged[img.ID()] = tagged[img.ID()] || r.Name != ""
	}
	var out []Listed
	for _, i := range list {
		i.Tagged = tagged[i.Image.ID()]
		if i, ok := f.keep(i); ok && (i.Name != "" || all || f.dangling || i.Repo != "") {
			out = append(out, i)
		}
	}
	slices.SortStableFunc(out, func(x, y Listed) int { return y.Image.Created().Compare(x.Image.Created()) })
	return out, nil
}

// DockerSize is what Docker prints of an image whose layers are measured, with a graph
// driver, in bytes.
func DockerSize(img *image.Image) int64 {
	var n int64
	for _, l := range img.Layers {
		n += l.Sums.Docker
	}
	return n
}

// Familiar is a reference as people write it: docker.io/library/python:3 is python:3.
func Familiar(name string) string {
	if p, err := reference.ParseNormalizedNamed(name); err == nil {
		return reference.FamiliarString(p)
	}
	return name
}
