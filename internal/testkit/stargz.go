package testkit

import (
	"bytes"
	"io"
	"testing"

	"github.com/containerd/stargz-snapshotter/estargz"
	"github.com/containerd/stargz-snapshotter/estargz/zstdchunked"
	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
)

// EStargz packs layers as the library of the stargz snapshotter does: as eStargz, with what is to be prefetched first.
func EStargz(prioritized ...string) func(testing.TB, []byte) Packed {
	return func(t testing.TB, tar []byte) Packed {
		return stargz(t, tar, "+gzip", nil, estargz.WithPrioritizedFiles(prioritized), estargz.WithAllowPrioritizeNotFound(new([]string)))
	}
}

// ZstdChunked packs layers as zstd:chunked.
func ZstdChunked(t testing.TB, tar []byte) Packed {
	t.Helper()
	notes := map[string]string{}
	return stargz(t, tar, "+zstd", notes, estargz.WithCompression(&chunkedCompression{
		Compressor:   &zstdchunked.Compressor{CompressionLevel: zstd.SpeedDefault, Metadata: notes},
		Decompressor: &zstdchunked.Decompressor{},
	}))
}

type chunkedCompression struct {
	*zstdchunked.Compressor
	*zstdchunked.Decompressor
}

func stargz(t testing.TB, tar []byte, suffix string, notes map[string]string, o ...estargz.Option) Packed {
	t.Helper()
	b, err := estargz.Build(io.NewSectionReader(bytes.NewReader(tar), 0, int64(len(tar))), append(o, estargz.WithChunkSize(4000))...)
	if err != nil {
		t.Fatal(err)
	}
	blob, err := io.ReadAll(b)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	p := Packed{Blob: blob, DiffID: digest.Digest(b.DiffID().String()), Suffix: suffix, Annotations: notes}
	if notes == nil {
		p.Annotations = map[string]string{estargz.TOCJSONDigestAnnotation: b.TOCDigest().String()}
	}
	return p
}
