package builds

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"maps"
	"slices"

	"github.com/opencontainers/go-digest"
	"github.com/zeebo/xxh3"

	"tare/internal/profile"
)

// What is remembered of a context's files is cut into pieces that are kept by their content, so that each build writes only those in
// which something has changed: 30,000 files are 4 MB as JSON, which six builds of a Dockerfile and each image would have kept again.
const (
	// between is the mean number of files of a piece. A piece ends after a file whose name says so, whatever stands before it: a file
	// that comes or goes changes one piece.
	between = 128
	// longest bounds a piece whose names do not say so.
	longest = 8 * between
)

// kept is a Build as it is remembered.
type kept struct {
	profile.Build
	Files  any                        `json:"files,omitempty"` // not these
	Pieces map[string][]digest.Digest `json:"pieces"`          // of the files of each context
}

// keepFiles keeps the files that a build was made from, and returns what else is to be remembered of it.
func (b Book) keepFiles(made *profile.Build) kept {
	k := kept{Build: *made, Pieces: map[string][]digest.Digest{}}
	for name, files := range made.Files {
		k.Pieces[name] = []digest.Digest{}
		for piece := range pieces(files) {
			at := digest.FromBytes(piece)
			b.values.KeepOnce(filesKind, at, piece)
			k.Pieces[name] = append(k.Pieces[name], at)
		}
	}
	return k
}

// getBuild is what was kept of a build with its files; nil if that is not known, or not whole.
func (b Book) getBuild(kind string, key digest.Digest) *profile.Build {
	var k kept
	if !b.get(kind, key, &k) {
		return nil
	}
	out := &k.Build
	out.Files = make(map[string]map[string]profile.File, len(k.Pieces))
	for name, list := range k.Pieces {
		files := map[string]profile.File{}
		for _, at := range list {
			if at.Validate() != nil {
				return nil
			}
			piece, ok := b.values.GetBytes(filesKind, at)
			if !ok || unpack(piece, files) != nil {
				b.values.Drop(filesKind, at) // the next build keeps it again
				return nil
			}
		}
		out.Files[name] = files
	}
	return out
}

// pieces cuts files, in the order of their paths, and writes each piece: numbers of variable length, paths as what differs from the one before.
func pieces(files map[string]profile.File) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		var piece []byte
		last, n := "", 0
		for _, p := range slices.Sorted(maps.Keys(files)) {
			piece, last, n = pack(piece, last, p, files[p]), p, n+1
			if n < longest && xxh3.HashString(p)%between != 0 {
				continue
			}
			if !yield(piece) {
				return
			}
			piece, last, n = nil, "", 0
		}
		if n > 0 {
			yield(piece)
		}
	}
}

func pack(b []byte, last, p string, f profile.File) []byte {
	same := 0
	for same < len(last) && same < len(p) && last[same] == p[same] {
		same++
	}
	text := func(s string) { b = append(binary.AppendUvarint(b, uint64(len(s))), s...) }
	b = binary.AppendUvarint(b, uint64(same))
	text(p[same:])
	b = binary.AppendUvarint(b, uint64(f.Mode))
	b = binary.AppendVarint(b, f.Size)
	text(f.Link)
	sum, err := hex.DecodeString(f.Sum)
	if err != nil || hex.EncodeToString(sum) != f.Sum {
		sum = nil // it is none of ours: the file is read again
	}
	text(string(sum))
	b = binary.AppendVarint(b, f.Time)
	b = binary.AppendVarint(b, f.Changed-f.Time)
	return binary.AppendUvarint(b, f.Inode)
}

var errDamaged = errors.New("what is remembered of a build is damaged")

// unpack adds the files of a piece. It returns an error for bytes that pack did not write.
func unpack(b []byte, files map[string]profile.File) error {
	bad := false
	uint := func() uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			bad, b = true, nil
			return 0
		}
		b = b[n:]
		return v
	}
	int := func() int64 {
		v, n := binary.Varint(b)
		if n <= 0 {
			bad, b = true, nil
			return 0
		}
		b = b[n:]
		return v
	}
	text := func() string {
		n := uint()
		if n > uint64(len(b)) {
			bad, b = true, nil
			return ""
		}
		s := string(b[:n])
		b = b[n:]
		return s
	}
	for last := ""; len(b) > 0; {
		same := uint()
		if same > uint64(len(last)) {
			return errDamaged
		}
		p := last[:same] + text()
		f := profile.File{Mode: uint32(uint()), Size: int(), Link: text()}
		f.Sum = hex.EncodeToString([]byte(text()))
		f.Time = int()
		f.Changed = f.Time + int()
		f.Inode = uint()
		if bad {
			return errDamaged
		}
		files[p], last = f, p
	}
	return nil
}
