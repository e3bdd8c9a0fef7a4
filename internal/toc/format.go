package toc

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Sizes of footers, in bytes: an empty gzip member whose extra field says where the table begins. The older one has no header within the
// extra field.
const (
	footerSize = 51
	olderSize  = 47
)

const footerMark = "STARGZ"

// tableName is the name of the table in its tar.
const tableName = "stargz.index.json"

// footer is where the table begins, and how long the footer is, from the last 51 bytes of a blob.
func footer(tail []byte) (begin, size int64, err error) {
	for _, size := range []int64{footerSize, olderSize} {
		zr, err := gzip.NewReader(bytes.NewReader(tail[int64(len(tail))-size:]))
		if err != nil {
			continue
		}
		extra := zr.Extra
		if size == footerSize {
			if len(extra) < 4 || string(extra[:4]) != "SG\x16\x00" {
				continue
			}
			extra = extra[4:]
		}
		if len(extra) != 16+len(footerMark) || string(extra[16:]) != footerMark {
			continue
		}
		begin, err := strconv.ParseInt(string(extra[:16]), 16, 64)
		if err != nil || begin < 0 {
			break
		}
		return begin, size, nil
	}
	return 0, 0, errors.New("the blob does not end with the footer of eStargz")
}

// unpack is the table as JSON, of at most so many bytes.
func (t *Table) unpack(stored []byte, most int64) ([]byte, error) {
	if t.Format == Chunked {
		zr, err := zstd.NewReader(bytes.NewReader(stored), zstd.WithDecoderMaxMemory(maxTable), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		defer zr.Close()
		return limited(zr, most)
	}
	zr, err := gzip.NewReader(bytes.NewReader(stored))
	if err != nil {
		return nil, err
	}
	zr.Multistream(false)
	tr := tar.NewReader(zr)
	h, err := tr.Next()
	if err != nil {
		return nil, err
	}
	if h.Name != tableName {
		return nil, errors.New("its tar holds something else")
	}
	t.Own = h
	if h.Size > most {
		return nil, fmt.Errorf("it has more than %d bytes", most)
	}
	return limited(tr, most)
}

// Entry is one of a table: an entry of the tar, or a further chunk of the file before it.
type Entry struct {
	Name        string            `json:"name"`
	Type        string            `json:"type"` // dir, reg, symlink, hardlink, char, block, fifo, chunk
	Size        int64             `json:"size"` // bytes of a reg
	ModTime     string            `json:"modtime"`
	LinkName    string            `json:"linkName"`
	Mode        int64             `json:"mode"`
	UID         int64             `json:"uid"`
	GID         int64             `json:"gid"`
	Offset      int64             `json:"offset"` // of the chunk's data in the blob
	EndOffset   int64             `json:"endOffset"`
	InnerOffset int64             `json:"innerOffset"` // of the chunk in what is uncompressed from Offset on
	ChunkOffset int64             `json:"chunkOffset"` // of the chunk in the file
	ChunkSize   int64             `json:"chunkSize"`   // 0: to the end of the file
	DevMajor    int64             `json:"devMajor"`
	DevMinor    int64             `json:"devMinor"`
	Xattrs      map[string][]byte `json:"xattrs"`
	Digest      string            `json:"digest"` // of the file's content
}

// decode reads the entries of a table one by one: of more than most none is read.
func decode(r io.Reader, most int) ([]Entry, error) {
	d := json.NewDecoder(r)
	if err := open(d, '{'); err != nil {
		return nil, err
	}
	var out []Entry
	found := false
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, notJSON(err)
		}
		if key != "entries" {
			var skip json.RawMessage
			if err := d.Decode(&skip); err != nil {
				return nil, notJSON(err)
			}
			continue
		}
		if found {
			return nil, errors.New("it has two lists of entries")
		}
		found = true
		if err := open(d, '['); err != nil {
			return nil, err
		}
		for d.More() {
			if len(out) == most {
				return nil, fmt.Errorf("it has more than %d entries", most)
			}
			var e Entry
			if err := d.Decode(&e); err != nil {
				return nil, notJSON(err)
			}
			out = append(out, e)
		}
		if _, err := d.Token(); err != nil {
			return nil, notJSON(err)
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, notJSON(err)
	}
	return out, nil
}

func open(d *json.Decoder, want json.Delim) error {
	if t, err := d.Token(); err != nil || t != want {
		return errors.New("it is not the JSON of a table")
	}
	return nil
}

// notJSON leaves out what the decoder quotes: it is a stranger's.
func notJSON(error) error { return errors.New("it is not the JSON of a table") }

// check refuses a table that cannot be one of a blob of this size.
func (t *Table) check(blob int64) error {
	var files int64
	for i := range t.Entries {
		e := &t.Entries[i]
		for _, n := range []int64{e.Size, e.Offset, e.EndOffset, e.InnerOffset, e.ChunkOffset, e.ChunkSize} {
			if n < 0 {
				return errors.New("it has negative numbers")
			}
		}
		if e.Offset > blob || e.EndOffset > blob {
			return errors.New("it points behind the end of the blob")
		}
		if e.Type == "reg" {
			if files += e.Size; files < 0 {
				return errors.New("its files have more bytes than can be counted")
			}
		}
	}
	return nil
}

// Landmarks of eStargz: files that say what a client fetches before it is asked for.
const (
	landmark   = ".prefetch.landmark"
	noLandmark = ".no.prefetch.landmark"
)

// Prefetch are the bytes from the beginning of the blob that its maker marked to be fetched first; ok is false if the table says nothing
// of it.
func (t *Table) Prefetch() (n int64, ok bool) {
	for i := range t.Entries {
		switch t.Entries[i].Name {
		case landmark:
			return t.Entries[i].Offset, true
		case noLandmark:
			return 0, true
		}
	}
	return 0, false
}
