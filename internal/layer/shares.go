package layer

import (
	"encoding/binary"
	"slices"

	"github.com/opencontainers/go-digest"
)

// Shares is how the bytes of a blob are apportioned to the entries of its layer.
// One layer may be stored in several blobs, compressed differently; its Index
// holds the shares of the one that was read.
type Shares struct {
	Blob digest.Digest
	// Compression is that of the blob; "" if it is not known.
	Compression Compression
	Transfer    int64   // bytes of the blob: the sum of List and Trailer
	List        []int64 // in the order of Index.List
	Trailer     int64
}

// Shares are those of the blob that the index was made from.
func (x *Index) Shares() *Shares {
	s := &Shares{Blob: x.Blob, Compression: x.Compression, Transfer: x.Transfer, Trailer: x.TrailerShare, List: make([]int64, len(x.List))}
	for i := range x.List {
		s.List[i] = x.List[i].Share
	}
	return s
}

// As is the index as reading another blob of the layer gives it, whose shares are s: those of all entries, with the compression.
func (x *Index) As(s *Shares) *Index {
	out := *x
	out.Blob, out.Compression, out.Transfer, out.TrailerShare = s.Blob, s.Compression, s.Transfer, s.Trailer
	out.List = slices.Clone(x.List)
	for i := range out.List {
		out.List[i].Share = s.List[i]
	}
	return &out
}

// Encode writes the shares for a cache.
func (s *Shares) Encode() []byte {
	b := append([]byte{byte(len(s.Compression))}, s.Compression...)
	b = binary.AppendUvarint(b, uint64(s.Trailer))
	for _, n := range s.List {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return b
}

// DecodeShares reads what Encode wrote for a blob, of transfer bytes, of a layer
// with a number of entries; ok is false for anything that does not sum up.
func DecodeShares(b []byte, blob digest.Digest, transfer int64, entries int) (s *Shares, ok bool) {
	bad := false
	in := &reader{b, &bad}
	kind := Compression(in.take(in.uint()))
	s = &Shares{Blob: blob, Compression: kind, Transfer: transfer, Trailer: int64(in.uint())}
	if entries > len(in.b) {
		return nil, false
	}
	s.List = make([]int64, entries)
	sum := s.Trailer
	for i := range s.List {
		s.List[i] = int64(in.uint())
		if s.List[i] < 0 {
			return nil, false
		}
		sum += s.List[i]
	}
	return s, !bad && len(in.b) == 0 && sum == transfer && s.Trailer >= 0
}
