package strata

import (
	"bufio"
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"tare/internal/layer"
)

// record is one content of a file, and the only image that has it.
type record struct {
	hi, lo uint64 // the hash
	size   int64
	only   int32
}

// recordBytes is a record in a scratch file.
const recordBytes = 16 + 8 + 4

// mostRecords is how many are held in memory: 32 bytes each.
var mostRecords = 1 << 19

func (a *record) compare(b *record) int {
	return cmp.Or(cmp.Compare(a.hi, b.hi), cmp.Compare(a.lo, b.lo), cmp.Compare(a.size, b.size))
}

// contents finds out which contents of files only one image has, of any number of files in bounded memory: records are sorted in memory,
// contents that stand there twice become one, and sorted runs go to the scratch file, which are merged in the end.
type contents struct {
	list    []record
	limit   int
	scratch Scratch
	runs    []run
	at      int64 // bytes in the scratch file
}

// run is a sorted part of the scratch file.
type run struct{ from, records int64 }

func newContents(s Scratch, limit int) *contents { return &contents{scratch: s, limit: limit} }

// add takes the files of a layer that an image has alone, or many have.
func (c *contents) add(x *layer.Index, only int32) error {
	for i := range x.List {
		e := &x.List[i]
		if e.Kind != layer.File || e.Size == 0 {
			continue
		}
		c.list = append(c.list, record{binary.BigEndian.Uint64(e.Sum[:8]), binary.BigEndian.Uint64(e.Sum[8:]), e.Size, only})
		if len(c.list) < c.limit {
			continue
		}
		c.tidy()
		if len(c.list) > c.limit/2 && c.scratch != nil {
			if err := c.spill(); err != nil {
				return err
			}
		} else if c.scratch == nil {
			c.limit = max(c.limit, 2*len(c.list))
		}
	}
	return nil
}

// tidy sorts the records in memory and makes one of equal ones.
func (c *contents) tidy() {
	slices.SortFunc(c.list, func(a, b record) int { return a.compare(&b) })
	out := c.list[:0]
	for i := range c.list {
		if n := len(out); n > 0 && out[n-1].compare(&c.list[i]) == 0 {
			out[n-1].only = both(out[n-1].only, c.list[i].only)
			continue
		}
		out = append(out, c.list[i])
	}
	c.list = out
}

// both is who has a content that two have.
func both(a, b int32) int32 {
	if a == b {
		return a
	}
	return many
}

// spill writes the sorted records to the scratch file.
func (c *contents) spill() error {
	w := bufio.NewWriterSize(c.scratch, 1<<16)
	var b [recordBytes]byte
	for i := range c.list {
		r := &c.list[i]
		binary.BigEndian.PutUint64(b[:], r.hi)
		binary.BigEndian.PutUint64(b[8:], r.lo)
		binary.BigEndian.PutUint64(b[16:], uint64(r.size))
		binary.BigEndian.PutUint32(b[24:], uint32(r.only))
		if _, err := w.Write(b[:]); err != nil {
			return fmt.Errorf("writing contents of files to a temporary file: %w", err)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("writing contents of files to a temporary file: %w", err)
	}
	c.runs = append(c.runs, run{c.at, int64(len(c.list))})
	c.at += int64(len(c.list)) * recordBytes
	c.list = c.list[:0]
	return nil
}

// each calls do for each content once, with the only image that has it, or many.
func (c *contents) each(do func(size int64, only int32)) error {
	c.tidy()
	var h cursors
	if len(c.list) > 0 {
		h = append(h, &cursor{list: c.list})
	}
	// Thousands of runs are merged at once, and each has a buffer.
	buffer := min(1<<15, max(1<<12, (1<<25)/max(1, len(c.runs))))
	for _, r := range c.runs {
		h = append(h, &cursor{r: bufio.NewReaderSize(io.NewSectionReader(c.scratch, r.from, r.records*recordBytes), buffer)})
	}
	for i := 0; i < len(h); {
		if ok, err := h[i].next(); err != nil {
			return err
		} else if ok {
			i++
			continue
		}
		h = slices.Delete(h, i, i+1)
	}
	heap.Init(&h)
	var now record
	have := false
	for len(h) > 0 {
		r := h[0].now
		switch {
		case have && now.compare(&r) == 0:
			now.only = both(now.only, r.only)
		case have:
			do(now.size, now.only)
			now = r
		default:
			now, have = r, true
		}
		ok, err := h[0].next()
		switch {
		case err != nil:
			return err
		case ok:
			heap.Fix(&h, 0)
		default:
			heap.Pop(&h)
		}
	}
	if have {
		do(now.size, now.only)
	}
	return nil
}

// cursor reads a run, or the records in memory.
type cursor struct {
	r    io.Reader
	list []record
	now  record
}

// next reads a record; false at the end.
func (c *cursor) next() (bool, error) {
	if c.r == nil {
		if len(c.list) == 0 {
			return false, nil
		}
		c.now, c.list = c.list[0], c.list[1:]
		return true, nil
	}
	var b [recordBytes]byte
	if _, err := io.ReadFull(c.r, b[:]); errors.Is(err, io.EOF) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("reading contents of files from a temporary file: %w", err)
	}
	c.now = record{binary.BigEndian.Uint64(b[:]), binary.BigEndian.Uint64(b[8:]), int64(binary.BigEndian.Uint64(b[16:])), int32(binary.BigEndian.Uint32(b[24:]))}
	return true, nil
}

// cursors are a heap by their records.
type cursors []*cursor

// Len, Less, Swap, Push and Pop implement heap.Interface.
func (h cursors) Len() int           { return len(h) }
func (h cursors) Less(i, j int) bool { return h[i].now.compare(&h[j].now) < 0 }
func (h cursors) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push is of heap.Interface.
func (h *cursors) Push(x any) { *h = append(*h, x.(*cursor)) }

// Pop is of heap.Interface.
func (h *cursors) Pop() any {
	n := len(*h) - 1
	x := (*h)[n]
	*h = (*h)[:n]
	return x
}
