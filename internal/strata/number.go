package strata

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"tare/internal/fleet"
	"tare/internal/units"
)

// mostBytes is the largest size that a manifest may state: what states more lies, and would make sums overflow.
const mostBytes = 1 << 50

// Kinds of blobs.
const (
	layerBlob = iota
	configBlob
	manifestBlob
)

// many stands for the image that has something, if several have it.
const many = -1

// blob is one blob of a registry.
type blob struct {
	size  int64
	users int32 // images that have it
	only  int32 // the only image that has it, or many
	kind  uint8
}

// diff is one layer by its DiffID, however it is compressed.
type diff struct {
	id     digest.Digest
	users  int32 // images that have it
	only   int32
	places int64 // how often it stands in images, repetitions in one image included
	blobs  []digest.Digest
}

// member is an image, by numbers: a fleet of 10,000 images has 120,000 layers, and their digests are long.
type member struct {
	blobs  []int32 // each once: layers, configuration, manifest
	layers []int32 // the blob of each layer, bottom first
	diffs  []int32 // the DiffID of each layer, bottom first
	homes  []int32 // registries that have it, each once
}

// fleetOf is a plan by numbers.
type fleetOf struct {
	plan     *fleet.Plan
	blobs    []blob
	diffs    []diff
	members  []member
	homes    []string // names of registries
	layers   int      // distinct blobs of layers
	problems []string
	now      time.Time               // of the report
	at       map[digest.Digest]int32 // images by their digest
}

// mostProblems bounds what is said of a damaged plan.
const mostProblems = 100

func (f *fleetOf) problem(format string, a ...any) {
	if len(f.problems) < mostProblems {
		f.problems = append(f.problems, fmt.Sprintf(format, a...))
	}
}

// number gives every blob, layer and registry of a plan a number. What cannot be is left out of sums, and is a problem.
func number(p *fleet.Plan) *fleetOf {
	f := &fleetOf{plan: p, at: map[digest.Digest]int32{}}
	blobs, diffs, homes := map[digest.Digest]int32{}, map[digest.Digest]int32{}, map[string]int32{}
	for n := range p.Images {
		img := &p.Images[n]
		if _, again := f.at[img.Digest]; again {
			f.problem("image %s stands in the plan twice", short(img.Digest))
		} else {
			f.at[img.Digest] = int32(n)
		}
		var m member
		take := func(d digest.Digest, size int64, kind uint8) int32 {
			id, ok := blobs[d]
			if !ok {
				id = int32(len(f.blobs))
				blobs[d] = id
				if size < 0 || size > mostBytes {
					f.problem("image %s: blob %s is said to have %d bytes: it counts as 0", short(img.Digest), short(d), size)
					size = 0
				}
				f.blobs = append(f.blobs, blob{size: size, only: int32(n), kind: kind})
				if kind == layerBlob {
					f.layers++
				}
			} else if b := &f.blobs[id]; b.size != size && b.kind == layerBlob {
				f.problem("image %s: blob %s is said to have %d bytes, and %d elsewhere", short(img.Digest), short(d), size, b.size)
			}
			b := &f.blobs[id]
			if !slices.Contains(m.blobs, id) {
				m.blobs = append(m.blobs, id)
				if b.users++; b.only != int32(n) {
					b.only = many
				}
			}
			return id
		}
		for k := range img.Layers {
			l := &img.Layers[k]
			m.layers = append(m.layers, take(l.Digest, l.Bytes, layerBlob))
			key := l.DiffID
			if key == "" { // a manifest whose configuration could not be read: the blob stands for the layer
				key = l.Digest
			}
			id, ok := diffs[key]
			if !ok {
				id = int32(len(f.diffs))
				diffs[key] = id
				f.diffs = append(f.diffs, diff{id: key, only: int32(n)})
			}
			d := &f.diffs[id]
			if !slices.Contains(d.blobs, l.Digest) {
				d.blobs = append(d.blobs, l.Digest)
			}
			if !slices.Contains(m.diffs, id) {
				if d.users++; d.only != int32(n) {
					d.only = many
				}
			}
			d.places++
			m.diffs = append(m.diffs, id)
		}
		if img.Config != "" {
			take(img.Config, img.ConfigBytes, configBlob)
		}
		take(img.Digest, img.ManifestBytes, manifestBlob)
		for _, name := range img.Names {
			home := Registry(name)
			id, ok := homes[home]
			if !ok {
				id = int32(len(f.homes))
				homes[home] = id
				f.homes = append(f.homes, home)
			}
			if !slices.Contains(m.homes, id) {
				m.homes = append(m.homes, id)
			}
		}
		f.members = append(f.members, m)
	}
	return f
}

// short is a digest as people read it.
func short(d digest.Digest) string { return units.ShortID(string(d)) }

// Registry is the registry of a name REGISTRY/REPOSITORY:TAG.
func Registry(name string) string {
	home, _, _ := strings.Cut(name, "/")
	return home
}

// Repository is a name REGISTRY/REPOSITORY:TAG without the tag or digest; tag is "" for a name by digest.
func Repository(name string) (repository, tag string) {
	if at := strings.Index(name, "@"); at >= 0 {
		name = name[:at]
		if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
			return name[:colon], "" // name:tag@digest means the digest
		}
		return name, ""
	}
	if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
		return name[:colon], name[colon+1:]
	}
	return name, ""
}

// tags counts the tags that lead to images.
func (f *fleetOf) tags() (n int) {
	for i := range f.plan.Images {
		for _, name := range f.plan.Images[i].Names {
			if _, tag := Repository(name); tag != "" {
				n++
			}
		}
	}
	return n
}

// name is what an image is called: its first tag, or the first name at all, or its digest.
func (f *fleetOf) name(n int) string {
	img := &f.plan.Images[n]
	for _, name := range img.Names {
		if _, tag := Repository(name); tag != "" {
			return name
		}
	}
	if len(img.Names) > 0 {
		return img.Names[0]
	}
	return string(img.Digest)
}
