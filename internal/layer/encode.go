package layer

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"tare/internal/parts/elffile"
	"tare/internal/secret"
)

// EncodingVersion is part of the key under which encoded indexes are cached: it
// rises whenever Encode or what Read finds changes.
const EncodingVersion = 4

// head is the beginning of an encoded index, as JSON.
type head struct {
	Sums
	List         int              `json:"list"`
	Trailer      int64            `json:"trailer"`
	TrailerShare int64            `json:"trailerShare"`
	Paths        int              `json:"paths"` // bytes of all paths
	Skipped      map[string]int64 `json:"skipped,omitempty"`
	Kept         []keptFile       `json:"kept,omitempty"`
	Derived      []keptFile       `json:"derived,omitempty"`
	Inside       []insideFile     `json:"inside,omitempty"`
	Marks        [][2]int         `json:"marks,omitempty"` // an entry's place and its mark: most have none
}

// keptFile says where in the last section a file ends.
type keptFile struct {
	Path string `json:"path"`
	Size int    `json:"size"`
}

// insideFile is a file that Inside divides.
type insideFile struct {
	Path string `json:"path"`
	elffile.Sums
}

// Encode writes the index column by column: paths as what differs from the path
// before, numbers as variable-length integers, offsets and times as differences.
// Why not gob, JSON or parquet: docs/decisions/0007-index-encoding.md.
func Encode(x *Index) ([]byte, error) {
	h := head{Sums: x.Sums, List: len(x.List), Trailer: x.Trailer, TrailerShare: x.TrailerShare, Skipped: x.Skipped}
	n := len(x.List)
	var body []byte
	section := func(b []byte) {
		body = append(binary.AppendUvarint(body, uint64(len(b))), b...)
	}
	scratch := make([]byte, 0, n*len(Sum{})) // the longest column
	column := func(f func(b []byte, i int, e *Entry) []byte) {
		b := scratch[:0]
		for i := range x.List {
			b = f(b, i, &x.List[i])
		}
		scratch = b
		section(b)
	}
	var suffixes []byte
	column(func(b []byte, i int, e *Entry) []byte {
		same := 0
		if i > 0 {
			same = common(x.List[i-1].Path, e.Path)
		}
		h.Paths += len(e.Path)
		suffixes = append(suffixes, e.Path[same:]...)
		b = binary.AppendUvarint(b, uint64(same))
		return binary.AppendUvarint(b, uint64(len(e.Path)-same))
	})
	section(suffixes)
	var links []byte
	column(func(b []byte, _ int, e *Entry) []byte {
		links = append(links, e.Link()...)
		return binary.AppendUvarint(b, uint64(len(e.Link())))
	})
	section(links)
	column(func(b []byte, _ int, e *Entry) []byte { return append(b, byte(e.Kind)) })
	column(func(b []byte, _ int, e *Entry) []byte { return binary.AppendUvarint(b, uint64(e.Mode)) })
	column(func(b []byte, _ int, e *Entry) []byte {
		return binary.AppendVarint(binary.AppendVarint(b, e.UID()), e.GID())
	})
	column(func(b []byte, i int, e *Entry) []byte {
		var last int64
		if i > 0 {
			last = x.List[i-1].Mtime
		}
		return binary.AppendVarint(binary.AppendVarint(b, e.Mtime-last), int64(e.Nsec))
	})
	column(func(b []byte, _ int, e *Entry) []byte { return binary.AppendUvarint(b, e.Xattrs()) })
	column(func(b []byte, _ int, e *Entry) []byte {
		return binary.AppendVarint(binary.AppendUvarint(b, uint64(e.Size)), e.Overhead())
	})
	column(func(b []byte, i int, e *Entry) []byte {
		var last int64
		if i > 0 {
			last = x.List[i-1].Offset + x.List[i-1].Span
		}
		return binary.AppendVarint(b, e.Offset-last)
	})
	column(func(b []byte, _ int, e *Entry) []byte { return binary.AppendUvarint(b, uint64(e.Share)) })
	column(func(b []byte, _ int, e *Entry) []byte {
		if e.Kind == File {
			return append(b, e.Sum[:]...)
		}
		return b
	})
	size := 0
	for _, files := range []map[string][]byte{x.Kept, x.Derived} {
		for _, b := range files {
			size += len(b)
		}
	}
	kept := make([]byte, 0, size)
	list := func(files map[string][]byte) []keptFile {
		var out []keptFile
		for _, p := range slices.Sorted(maps.Keys(files)) {
			kept = append(kept, files[p]...)
			out = append(out, keptFile{p, len(files[p])})
		}
		return out
	}
	for i := range x.List {
		if m := x.List[i].Mark; m != secret.None {
			h.Marks = append(h.Marks, [2]int{i, int(m)})
		}
	}
	h.Kept, h.Derived = list(x.Kept), list(x.Derived)
	for _, p := range slices.Sorted(maps.Keys(x.Inside)) {
		h.Inside = append(h.Inside, insideFile{p, x.Inside[p]})
	}
	z, err := compressor()
	if err != nil {
		return nil, err
	}
	section(z.EncodeAll(kept, nil))
	top, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, binary.MaxVarintLen64+len(top)+len(body))
	out = append(binary.AppendUvarint(out, uint64(len(top))), top...)
	return append(out, body...), nil
}

// compressor is one for all indexes: each has memory for its window, which a new one for each layer would leave to the garbage collector.
var compressor = sync.OnceValues(func() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(1<<20))
})

func common(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

var errDamaged = errors.New("the cached index is damaged")

// reader takes numbers from a column; one that is exhausted sets bad.
type reader struct {
	b   []byte
	bad *bool
}

func (r *reader) uint() uint64 {
	if len(r.b) > 0 && r.b[0] < 0x80 {
		v := r.b[0]
		r.b = r.b[1:]
		return uint64(v)
	}
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		*r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) int() int64 {
	v := r.uint()
	return int64(v>>1) ^ -int64(v&1)
}

func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		*r.bad = true
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

// Decode reads what Encode wrote. Damaged input is an error, never a panic or a
// wrong index: it is checked with Check, too.
func Decode(b []byte) (*Index, error) { return decode(b, math.MaxInt, math.MaxUint32) }

// decode is Decode for at most a number of entries and of bytes of all their paths.
func decode(b []byte, entries, bytes int) (*Index, error) {
	bad := false
	in := &reader{b, &bad}
	var h head
	if err := json.Unmarshal(in.take(in.uint()), &h); err != nil || bad {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	next := func() *reader { return &reader{in.take(in.uint()), &bad} }
	lens, suffixes, linkLens, links := next(), next(), next(), next()
	kind, mode, owner, times, xattr, sizes, offsets, shares, sums, kept := next(), next(), next(), next(), next(), next(), next(), next(), next(), next()
	if bad || h.List < 0 || h.List > min(len(kind.b), entries) || h.Paths < 0 || uint64(h.Paths) > min(uint64(h.List)*(1<<20), uint64(bytes)) {
		return nil, errDamaged
	}
	x := &Index{Sums: h.Sums, Trailer: h.Trailer, TrailerShare: h.TrailerShare, Skipped: h.Skipped, List: make([]Entry, h.List)}
	var arena strings.Builder
	arena.Grow(min(h.Paths, len(b)*64))
	ends := make([]uint32, h.List)
	prev := ""
	for i := range x.List {
		same := lens.uint()
		suffix := suffixes.take(lens.uint())
		if bad || same > uint64(len(prev)) || arena.Len()+int(same)+len(suffix) > h.Paths {
			return nil, errDamaged
		}
		start := arena.Len()
		arena.WriteString(prev[:same])
		arena.Write(suffix)
		ends[i] = uint32(arena.Len())
		prev = arena.String()[start:]
	}
	paths, linkText := arena.String(), string(links.b)
	start, linkStart := 0, 0
	last := &Entry{}
	var known extras
	for i := range x.List {
		e := &x.List[i]
		e.Path = paths[start:ends[i]]
		start = int(ends[i])
		var extra Extra
		if n := linkLens.uint(); n > 0 {
			if n > uint64(len(linkText)-linkStart) {
				return nil, errDamaged
			}
			extra.Link = linkText[linkStart : linkStart+int(n)]
			linkStart += int(n)
		}
		e.Kind = Kind(kind.b[i])
		e.Mode = uint16(mode.uint())
		extra.UID, extra.GID = owner.int(), owner.int()
		e.Mtime, e.Nsec = last.Mtime+times.int(), int32(times.int())
		extra.Xattrs = xattr.uint()
		e.Extra = known.of(extra)
		e.Size = int64(sizes.uint())
		e.Span = e.Size + sizes.int()
		e.Offset = last.Offset + last.Span + offsets.int()
		e.Share = int64(shares.uint())
		if e.Kind == File {
			copy(e.Sum[:], sums.take(16))
		}
		last = e
	}
	if bad {
		return nil, errDamaged
	}
	for _, m := range h.Marks {
		if m[0] < 0 || m[0] >= h.List || m[1] < 0 || !secret.Mark(min(m[1], 255)).Valid() {
			return nil, errDamaged
		}
		x.List[m[0]].Mark = secret.Mark(m[1])
	}
	if !x.unpackInside(h.Inside) {
		return nil, errDamaged
	}
	if err := x.unpackKept(kept.b, h); err != nil {
		return nil, err
	}
	if err := x.Check(); err != nil {
		return nil, errDamaged
	}
	return x, nil
}

// unpackInside takes over what divides files; false if that cannot be.
func (x *Index) unpackInside(list []insideFile) bool {
	if len(list) > 0 {
		x.Inside = make(map[string]elffile.Sums, len(list))
	}
	for _, f := range list {
		if !f.Valid() {
			return false
		}
		x.Inside[f.Path] = f.Sums
	}
	return true
}

func (x *Index) unpackKept(b []byte, h head) error {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(2*maxKept))
	if err != nil {
		return err
	}
	defer z.Close()
	plain, err := z.DecodeAll(b, nil)
	if err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	unpack := func(files []keptFile) (map[string][]byte, bool) {
		if len(files) == 0 {
			return nil, true
		}
		out := make(map[string][]byte, len(files))
		for _, f := range files {
			if f.Size < 0 || f.Size > len(plain) {
				return nil, false
			}
			out[f.Path], plain = plain[:f.Size:f.Size], plain[f.Size:]
		}
		return out, true
	}
	var ok1, ok2 bool
	x.Kept, ok1 = unpack(h.Kept)
	x.Derived, ok2 = unpack(h.Derived)
	if !ok1 || !ok2 {
		return errDamaged
	}
	return nil
}
