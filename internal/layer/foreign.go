package layer

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// maxForeignPaths bounds the paths of an index that somebody else made, in bytes: ten times those of the largest image known.
const maxForeignPaths = 1 << 30

// maxAmount is more bytes than any layer has, and little enough that sums over all entries are numbers.
const maxAmount = 1 << 50

// DecodeForeign is Decode for an index that was made elsewhere. All of it that follows from its entries is worked out again, and what
// reading no layer gives is an error: sums, order, paths that leave the root, entries that overlap. Whether it is the index of the layer
// that it names, only reading that tells. o bounds the entries, and names the layer: its blob and DiffID.
func DecodeForeign(b []byte, o Options) (*Index, error) {
	o.defaults()
	x, err := decode(b, int(o.MaxEntries), maxForeignPaths)
	if err != nil {
		return nil, errors.New("it is damaged")
	}
	if o.Blob != "" && x.Blob != o.Blob {
		return nil, fmt.Errorf("it is of the blob %.80q", x.Blob.String())
	}
	if o.DiffID != "" && x.DiffID != o.DiffID {
		return nil, fmt.Errorf("it is of the layer %.80q", x.DiffID.String())
	}
	if err := x.foreign(o); err != nil {
		return nil, fmt.Errorf("it does not add up: %w", err)
	}
	return x, nil
}

// foreign holds an index against what follows from its entries.
func (x *Index) foreign(o Options) error {
	if x.Tar < 0 || x.Tar > min(o.MaxBytes, maxAmount) || x.Transfer < 0 || x.Transfer > maxAmount || x.Trailer > x.Tar || x.TrailerShare > x.Transfer {
		return errors.New("a sum is out of bounds")
	}
	for i := range x.List {
		e := &x.List[i]
		if err := e.possible(x); err != nil {
			return fmt.Errorf("entry %s: %w", Quote(e.Path), err)
		}
		if i > 0 && cmp.Or(ComparePaths(x.List[i-1].Path, e.Path), cmp.Compare(x.List[i-1].Offset, e.Offset)) >= 0 {
			return fmt.Errorf("entry %s is out of order", Quote(e.Path))
		}
	}
	if err := x.Check(); err != nil { // again, now that no number is so large that sums wrap around
		return errors.New("the entries are not the whole")
	}
	if !x.apart() {
		return errors.New("entries overlap")
	}
	release := ""
	for _, name := range []string{"etc/os-release", "usr/lib/os-release"} {
		if b, ok := x.Kept[name]; ok {
			release = string(b)
			break
		}
	}
	u, ok := unpack(x.List, int(max(1<<18, o.MaxEntries/16)))
	if !ok || x.Docker != u.Docker || x.Disk != diskSize(x.List) || x.Entries != int64(len(x.List)) || x.OSRelease != release {
		return errors.New("its sums are not those of its entries")
	}
	return nil
}

// possible tells whether a layer of these sums may have an entry.
func (e *Entry) possible(x *Index) error {
	switch {
	case e.Kind > Meta:
		return errors.New("unknown kind")
	case clean(e.Path) != e.Path:
		return errors.New("its path is not a clean one")
	case e.Mode > 0o7777 || e.Nsec < 0 || e.Nsec > 999_999_999:
		return errors.New("its mode or time is none")
	case e.Kind != File && e.Size != 0, e.Size > maxAmount, e.Span > x.Tar, e.Share > x.Transfer, e.Offset < 0, e.Offset > x.Tar-e.Span:
		return errors.New("its bytes are not those of the layer")
	}
	return nil
}

// apart tells whether no two entries have the same bytes of the tar.
func (x *Index) apart() bool {
	order := make([]int32, len(x.List))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(x.List[a].Offset, x.List[b].Offset) })
	end := int64(0)
	for _, i := range order {
		e := &x.List[i]
		if e.Offset < end {
			return false
		}
		end = e.Offset + e.Span
	}
	return true
}
