package fleet

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/opencontainers/go-digest"
)

// Blob is a layer of a plan, once, however many images have it.
type Blob struct {
	Digest digest.Digest
	// Claims are what images say of the layer, each once: one claim but where an image is damaged or lies.
	Claims []Layer
	// Images are the positions in Plan.Images of images that have the layer, in order.
	Images []int32
}

// Bytes is the length of the blob as the images state it.
func (b *Blob) Bytes() int64 { return b.Claims[0].Bytes }

// Blobs are the layers of all images by digest, each once.
func (p *Plan) Blobs() []Blob {
	at := map[digest.Digest]int{}
	var out []Blob
	for n := range p.Images {
		for _, l := range p.Images[n].Layers {
			k, ok := at[l.Digest]
			if !ok {
				k = len(out)
				at[l.Digest] = k
				out = append(out, Blob{Digest: l.Digest})
			}
			b := &out[k]
			if !slices.ContainsFunc(b.Claims, func(c Layer) bool { return c.DiffID == l.DiffID && c.Bytes == l.Bytes }) {
				b.Claims = append(b.Claims, l)
			}
			if i := int32(n); len(b.Images) == 0 || b.Images[len(b.Images)-1] != i {
				b.Images = append(b.Images, i)
			}
		}
	}
	slices.SortFunc(out, func(a, b Blob) int { return cmp.Compare(a.Digest, b.Digest) })
	return out
}

// ShardOf is the shard, from 1 to of, that reads a layer. Digests are spread evenly already: their first eight bytes decide.
func ShardOf(d digest.Digest, of int) int {
	var b [8]byte
	for i, c := range []byte(d.Encoded()[:min(16, len(d.Encoded()))]) {
		v := c - '0'
		if c >= 'a' {
			v = c - 'a' + 10
		}
		b[i/2] = b[i/2]<<4 | v&15
	}
	return int(binary.BigEndian.Uint64(b[:])%uint64(max(1, of))) + 1
}
