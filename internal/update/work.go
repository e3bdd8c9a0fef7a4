package update

import (
	"encoding/json"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/bill"
	"tare/internal/units"
)

// work carries out the pulls of a machine: of images that it has, of the one before the last, and of the last, which is what is told. Those
// that are nil are none.
func work(name string, images []*bill.Needed) *Update {
	u := &Update{Schema: Schema, Client: name, Exact: true, Have: []Side{}, Blobs: []Blob{}, Notes: []string{}}
	before, to := images[:len(images)-1], images[len(images)-1]
	from := before[len(before)-1]
	c := newClient(name)
	for _, n := range before {
		if n != nil {
			c.pull(n)
		}
	}
	known := contents(before)
	said := instructions(from)
	layer := 0
	for i, e := range c.pull(to) {
		need := to.Blobs[i]
		b := Blob{Kind: need.Kind, Digest: need.Descriptor.Digest, Size: need.Descriptor.Size}
		switch {
		case e.fetch:
			b.Download = b.Size
		case !e.repeated:
			b.Stays = b.Size
		}
		if b.Kind == bill.Layer {
			b.Layer = &Layer{DiffID: to.Layers[layer].DiffID, Unpack: e.unpack, Instruction: instruction(to, layer), Tar: units.Unknown()}
			b.Layer.Reason = reason(b, e, known, said)
			layer++
			if e.unpack {
				u.UnpackBlobs += b.Size
			}
			if e.repeated && name == "podman" {
				u.Exact = false // it asks for both at once: the second comes from the registry or not
			}
		}
		u.Download += b.Download
		u.Stays += b.Stays
		u.Blobs = append(u.Blobs, b)
	}
	u.UpToDate = u.Download == 0
	u.leftover(before, to)
	u.base(from, to)
	return u
}

// contents are the blobs of layers that images have, by DiffID.
func contents(images []*bill.Needed) map[digest.Digest]set {
	out := map[digest.Digest]set{}
	for _, n := range images {
		if n == nil {
			continue
		}
		for _, l := range n.Layers {
			if out[l.DiffID] == nil {
				out[l.DiffID] = set{}
			}
			out[l.DiffID][l.Digest] = true
		}
	}
	return out
}

// instruction is the one that made a layer, as the history says.
func instruction(n *bill.Needed, layer int) string {
	for _, s := range n.History {
		if s.Layer == layer {
			return s.Instruction()
		}
	}
	return ""
}

// instructions are those that made the layers of an image; nil if its history does not tell of all of its layers: then nothing can be said
// of what it lacks.
func instructions(n *bill.Needed) map[string]bool {
	out := map[string]bool{}
	if n == nil {
		return out
	}
	for i := range n.Layers {
		s := instruction(n, i)
		if s == "" {
			return nil
		}
		out[s] = true
	}
	return out
}

func reason(b Blob, e event, known map[digest.Digest]set, said map[string]bool) Reason {
	blobs := known[b.Layer.DiffID]
	switch {
	case e.repeated:
		return Repeated
	case !e.fetch && !e.unpack:
		return Present
	case blobs[b.Digest]:
		return Below
	case len(blobs) > 0:
		return Recompressed
	case said == nil || b.Layer.Instruction == "":
		return Unsaid
	case said[b.Layer.Instruction]:
		return Rebuilt
	}
	return New
}

// leftover sums up the layers of From that no other image uses.
func (u *Update) leftover(before []*bill.Needed, to *bill.Needed) {
	from := before[len(before)-1]
	if from == nil {
		return
	}
	used := set{}
	for _, n := range append(append([]*bill.Needed{}, before[:len(before)-1]...), to) {
		if n == nil {
			continue
		}
		for _, id := range u.held(n) {
			used[id] = true
		}
	}
	for i, id := range u.held(from) {
		if used.add(id) {
			u.Leftover += from.Layers[i].Size
			u.LeftoverLayers++
		}
	}
}

// held is by what the client keeps the layers of an image: by content, or by content with all below it.
func (u *Update) held(n *bill.Needed) []digest.Digest {
	if u.Client != "podman" {
		return chains(n)
	}
	out := make([]digest.Digest, len(n.Layers))
	for i, l := range n.Layers {
		out[i] = l.Digest
	}
	return out
}

// base notes that the images name different bases. What they name is what their builders wrote down.
func (u *Update) base(from, to *bill.Needed) {
	if from == nil {
		return
	}
	var a, b ocispec.Manifest
	if json.Unmarshal(from.RawManifest, &a) != nil || json.Unmarshal(to.RawManifest, &b) != nil {
		return
	}
	one, two := a.Annotations[ocispec.AnnotationBaseImageDigest], b.Annotations[ocispec.AnnotationBaseImageDigest]
	name, before := b.Annotations[ocispec.AnnotationBaseImageName], a.Annotations[ocispec.AnnotationBaseImageName]
	switch {
	case one == "" || two == "":
	case one == two:
		u.Notes = append(u.Notes, "Both name the same base image"+of(name)+": "+units.ShortID(two)+".")
	case name != "" && name == before:
		u.Notes = append(u.Notes, "The base image"+of(name)+" changed: "+units.ShortID(one)+" → "+units.ShortID(two)+".")
	default:
		u.Notes = append(u.Notes, "They name different base images: "+before+" "+units.ShortID(one)+" → "+name+" "+units.ShortID(two)+".")
	}
}

func of(name string) string {
	if name == "" {
		return ""
	}
	return " " + name
}

// tars fills in the bytes of the tars that are known, and their sum.
func (u *Update) tars(to *bill.Needed) {
	layer := 0
	u.Unpack = units.Known(0)
	for i := range u.Blobs {
		l := u.Blobs[i].Layer
		if l == nil {
			continue
		}
		if s := to.Layers[layer].Sums; s != nil {
			l.Tar = units.Known(s.Tar)
		}
		layer++
		if l.Unpack {
			u.Unpack = u.Unpack.Plus(l.Tar)
		}
	}
}
