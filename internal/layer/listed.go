package layer

import (
	"archive/tar"
	"encoding/hex"
	"fmt"

	"github.com/opencontainers/go-digest"

	"tare/internal/packages"
)

// Listed is an entry as a table of contents tells of it, without the bytes of the layer.
type Listed struct {
	Header *tar.Header
	Sum    Sum   // of a file's content; any function of it, as long as all layers have the same
	Share  int64 // part of the blob, in bytes
}

// Wanted says what an index keeps of a file that is listed.
func Wanted(h *tar.Header) packages.Want {
	e, _ := translate(h)
	if e.Kind != File {
		return packages.Want{}
	}
	return wanted(&e)
}

// Room is how much is kept of all files of a layer, in bytes.
const Room = maxKept

// FromList makes an index of what a table of contents lists; kept are the contents of files that are Wanted, by path, skipped the sizes of
// those that are too large. What only the tar tells is not in it: Tar is Files, and no entry has overhead. What only contents tell is not
// either: secrets, build info, what programs are made of.
func FromList(list []Listed, s Sums, kept map[string][]byte, skipped map[string]int64, o Options) (*Index, error) {
	o.defaults()
	x := &Index{Sums: s, Kept: kept, Skipped: skipped}
	var shares, names int64
	var made maker
	for i := range list {
		e := made.entry(list[i].Header)
		e.Sum, e.Share, e.Offset, e.Span = list[i].Sum, list[i].Share, int64(i), e.Size // an offset for the order alone
		if e.Kind != File {
			e.Sum = Sum{}
		}
		if x.Tar > o.MaxBytes-e.Size {
			return nil, &LimitError{What: "bytes when unpacked", Limit: o.MaxBytes}
		}
		x.Tar += e.Size
		shares += e.Share
		if names += int64(len(e.Path) + len(e.Link())); names > maxNames {
			return nil, &LimitError{What: "bytes of file names", Limit: maxNames}
		}
		x.List = append(x.List, e)
	}
	if int64(len(list)) > o.MaxEntries {
		return nil, &LimitError{What: "entries", Limit: o.MaxEntries}
	}
	if shares > x.Transfer {
		return nil, fmt.Errorf("entries have %d bytes of a blob of %d", shares, x.Transfer)
	}
	if err := x.sum(x.Transfer-shares, o.MaxEntries); err != nil {
		return nil, err
	}
	return x, x.Check()
}

// SumOf is the Sum that stands for the content with a digest. Contents that are compared must all have theirs from here, or none.
func SumOf(d digest.Digest) (s Sum, ok bool) {
	if d.Validate() != nil {
		return s, false
	}
	b, err := hex.DecodeString(d.Encoded())
	return s, err == nil && copy(s[:], b) == len(s)
}
