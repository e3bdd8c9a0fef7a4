package image

import (
	"encoding/binary"
	"encoding/json"
	"hash"

	"github.com/opencontainers/go-digest"
)

// ContentID is a digest of all that an indexed image holds but for times: entries
// without their mtime, and the configuration without creation times and DiffIDs. Two
// builds of one Dockerfile that differ only in when they were made have one ContentID.
// It panics if the image was not indexed.
func (i *Image) ContentID() digest.Digest {
	h := digest.SHA256.Hash()
	for n := range i.Layers {
		x := i.Layers[n].Index
		number(h, int64(len(x.List)))
		for k := range x.List {
			e := &x.List[k]
			text(h, e.Path)
			text(h, e.Link())
			for _, v := range []int64{int64(e.Mode), int64(e.Kind), e.UID(), e.GID(), int64(e.Xattrs()), e.Size, e.Span} {
				number(h, v)
			}
			_, _ = h.Write(e.Sum[:])
		}
	}
	c := i.Config
	c.Created = nil
	c.RootFS.DiffIDs = nil
	c.History = nil
	for _, s := range i.Config.History {
		s.Created = nil
		c.History = append(c.History, s)
	}
	b, _ := json.Marshal(c) // plain data: it cannot fail
	_, _ = h.Write(b)
	return digest.NewDigest(digest.SHA256, h)
}

func number(h hash.Hash, n int64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(n))
	_, _ = h.Write(b[:])
}

func text(h hash.Hash, s string) {
	number(h, int64(len(s)))
	_, _ = h.Write([]byte(s))
}
