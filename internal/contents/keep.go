package contents

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"

	"tare/internal/layer"
	"tare/internal/toc"
)

// gap is how many bytes that nobody wants are fetched rather than asking once more.
const gap = 32 << 10

// piece is a chunk of a file that is wanted: where it lies in the blob, and in what is uncompressed from there on.
type piece struct {
	from, to    int64 // in the blob
	inner, size int64
	file        int // of the files that are wanted
}

// keep fetches the files that tell of packages. Those that are too large are told as skipped.
func (r *reader) keep(files []file) (kept map[string][]byte, skipped map[string]int64, err error) {
	kept, skipped = map[string][]byte{}, map[string]int64{}
	ends := r.ends(files)
	var pieces []piece
	var wanted []*file
	var limits []int64
	var room int64 = layer.Room
	for i := range files {
		f := &files[i]
		w := layer.Wanted(f.header)
		n := min(f.header.Size, w.Limit)
		switch {
		case w.Limit == 0:
			continue
		case f.header.Size > w.Limit && !w.Head || n > room:
			skipped[clean(f.header.Name)] = f.header.Size
			continue
		}
		room -= n
		for _, c := range f.chunks {
			if c.ChunkOffset < n {
				pieces = append(pieces, piece{from: c.Offset, to: ends[c.Offset], inner: c.InnerOffset, size: f.size(c), file: len(wanted)})
			}
		}
		wanted, limits = append(wanted, f), append(limits, n)
	}
	content, err := r.fetch(pieces, len(wanted))
	if err != nil {
		return nil, nil, err
	}
	for i, f := range wanted {
		b := content[i]
		if limits[i] == f.entry.Size && f.entry.Size > 0 && digest.FromBytes(b) != digest.Digest(f.entry.Digest) {
			return nil, nil, unusable("a file is not what it says")
		}
		kept[clean(f.entry.Name)] = b[:min(limits[i], int64(len(b)))]
	}
	return kept, skipped, nil
}

// clean is a name as indexes have it.
func clean(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

// ends are where chunks end that begin at a place, at the latest: where the next begins, or the table.
func (r *reader) ends(files []file) map[int64]int64 {
	var at []int64
	for i := range files {
		for _, c := range files[i].chunks {
			at = append(at, c.Offset)
		}
	}
	slices.Sort(at)
	at = slices.Compact(at)
	out := make(map[int64]int64, len(at))
	for i, a := range at {
		out[a] = max(a, r.table.Begin)
		if i+1 < len(at) {
			out[a] = max(a, min(out[a], at[i+1]))
		}
	}
	return out
}

// shares divides the blob among files: what lies from the beginning of a chunk to that of the next is the chunk's. Chunks that are
// compressed together share by their size. What is before the first chunk, and the table, is nobody's.
func (r *reader) shares(files []file) []int64 {
	type part struct {
		at, size int64
		file     int
	}
	var parts []part
	for i := range files {
		for _, c := range files[i].chunks {
			parts = append(parts, part{c.Offset, files[i].size(c), i})
		}
	}
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(a.at, b.at) })
	ends, out := r.ends(files), make([]int64, len(files))
	for i := 0; i < len(parts); {
		end, sum := i, float64(0)
		for ; end < len(parts) && parts[end].at == parts[i].at; end++ {
			sum += float64(parts[end].size)
		}
		all := ends[parts[i].at] - parts[i].at
		left := all
		for k := i; k < end; k++ {
			n := left
			if k < end-1 {
				n = min(left, int64(float64(all)*float64(parts[k].size)/sum))
			}
			out[parts[k].file] += n
			left -= n
		}
		i = end
	}
	return out
}

// fetch reads pieces, those that lie near one another with one request, and returns the contents of the files.
func (r *reader) fetch(pieces []piece, files int) ([][]byte, error) {
	content := make([][]byte, files)
	order := slices.Clone(pieces)
	slices.SortStableFunc(order, func(a, b piece) int { return cmp.Compare(a.from, b.from) })
	blobs := map[int64][]byte{} // compressed, by where it begins
	for i := 0; i < len(order); {
		from, to, end := order[i].from, order[i].to, i+1
		for ; end < len(order) && order[end].from <= to+gap; end++ {
			to = max(to, order[end].to)
		}
		if to-from > layer.Room {
			return nil, unusable("files that tell of packages are too large")
		}
		b, err := r.window(from, to-from)
		if err != nil {
			return nil, err
		}
		for _, p := range order[i:end] {
			blobs[p.from] = b[p.from-from : p.to-from]
		}
		i = end
	}
	for _, p := range pieces { // in the order of the files and of their chunks
		b, err := r.unpack(blobs[p.from], p)
		if err != nil {
			return nil, unusable("a file cannot be unpacked where it says")
		}
		content[p.file] = append(content[p.file], b...)
	}
	return content, nil
}

// unpack is what a piece holds.
func (r *reader) unpack(b []byte, p piece) ([]byte, error) {
	if p.size > layer.Room || p.inner > layer.Room {
		return nil, errors.New("too large")
	}
	var plain io.Reader
	if r.table.Format == toc.Chunked {
		z, err := zstd.NewReader(bytes.NewReader(b), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(layer.Room))
		if err != nil {
			return nil, err
		}
		defer z.Close()
		plain = z
	} else {
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			return nil, err
		}
		plain = z
	}
	if _, err := io.CopyN(io.Discard, plain, p.inner); err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(plain, p.size))
	if err == nil && int64(len(out)) < p.size {
		err = io.ErrUnexpectedEOF
	}
	return out, err
}
