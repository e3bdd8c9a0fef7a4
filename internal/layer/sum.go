package layer

import (
	"bytes"
	"encoding/binary"

	"github.com/zeebo/xxh3"
)

// sumBlock is the unit, in bytes, in which zeros are told from data.
const sumBlock = 64 << 10

// hasher makes a Sum. A block of zeros is counted and not hashed, so that a hole of a
// sparse file costs nothing and is equal to zeros that are written out. A file without a
// block of zeros has the XXH3-128 of its bytes.
type hasher struct {
	data *xxh3.Hasher
	runs *xxh3.Hasher // nil until there are zeros: pairs of where they begin and how long they are
	at   int64        // bytes so far
	from int64        // where the zeros begin that are being counted; -1 for none
	part []byte       // of a block
}

func newHasher() *hasher { return &hasher{data: xxh3.New(), from: -1} }

// reset begins another file, in the memory that the one before had.
func (h *hasher) reset() *hasher {
	h.data.Reset()
	*h = hasher{data: h.data, from: -1, part: h.part[:0]}
	return h
}

var zeroBlock [sumBlock]byte

// Write implements io.Writer; it never fails.
func (h *hasher) Write(p []byte) (int, error) {
	n := len(p)
	h.at += int64(n)
	if len(h.part) > 0 {
		k := min(len(p), sumBlock-len(h.part))
		h.part = append(h.part, p[:k]...)
		if p = p[k:]; len(h.part) < sumBlock {
			return n, nil
		}
		h.block(h.part, h.at-int64(len(p))-sumBlock)
		h.part = h.part[:0]
	}
	for ; len(p) >= sumBlock; p = p[sumBlock:] {
		h.block(p[:sumBlock], h.at-int64(len(p)))
	}
	h.part = append(h.part, p...)
	return n, nil
}

// block hashes a block that begins at a place in the file.
func (h *hasher) block(b []byte, at int64) {
	if onlyZeros(b) {
		if h.from < 0 {
			h.from = at
		}
		return
	}
	h.run(at)
	_, _ = h.data.Write(b)
}

// onlyZeros tells whether a block, or the last part of one, has nothing else.
func onlyZeros(b []byte) bool {
	return b[0] == 0 && b[len(b)-1] == 0 && bytes.Equal(b, zeroBlock[:len(b)])
}

// end is the Sum of a file that ends with b, after whole blocks or none: as if b were written, but without a copy of it.
// Most files are smaller than a block.
func (h *hasher) end(b []byte) Sum {
	if len(b) == 0 {
		return h.sum()
	}
	if h.at == 0 && !onlyZeros(b) {
		return xxh3.Hash128(b).Bytes()
	}
	h.at += int64(len(b))
	h.block(b, h.at-int64(len(b)))
	return h.sum()
}

// run ends the zeros that are being counted.
func (h *hasher) run(end int64) {
	if h.from < 0 {
		return
	}
	if h.runs == nil {
		h.runs = xxh3.New()
	}
	_ = binary.Write(h.runs, binary.LittleEndian, [2]int64{h.from, end - h.from})
	h.from = -1
}

// hole is n zeros.
func (h *hasher) hole(n int64) {
	if k := min(n, (sumBlock-h.at%sumBlock)%sumBlock); k > 0 {
		_, _ = h.Write(zeroBlock[:k])
		n -= k
	}
	if whole := n - n%sumBlock; whole > 0 {
		if h.from < 0 {
			h.from = h.at
		}
		h.at += whole
		n -= whole
	}
	_, _ = h.Write(zeroBlock[:n])
}

func (h *hasher) sum() Sum {
	if len(h.part) > 0 {
		h.block(h.part, h.at-int64(len(h.part)))
	}
	h.run(h.at)
	data := h.data.Sum128().Bytes()
	if h.runs == nil {
		return data
	}
	runs := h.runs.Sum128().Bytes()
	return xxh3.Hash128Seed(append(data[:], runs[:]...), 1).Bytes()
}
