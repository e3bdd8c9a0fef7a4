package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/opencontainers/go-digest"
)

// sum stands before a cached value, so that a torn, damaged or misplaced file is a
// miss and never a wrong answer.
func sum(kind string, key digest.Digest, value []byte) []byte {
	h := sha256.New()
	for _, part := range [][]byte{[]byte(kind), []byte(key), value} {
		h.Write(part)
		h.Write([]byte{0})
	}
	return h.Sum(nil)
}

func (s *Store) cachePath(kind string, key digest.Digest) string {
	return filepath.Join(s.root, "cache", kind, key.Encoded())
}

// GetBytes reads a derived value of a kind ("index-v1") for a digest and tells
// whether it was there and whole.
func (s *Store) GetBytes(kind string, key digest.Digest) ([]byte, bool) {
	b, err := os.ReadFile(s.cachePath(kind, key))
	if err != nil || len(b) < sha256.Size {
		return nil, false
	}
	value := b[sha256.Size:]
	return value, bytes.Equal(b[:sha256.Size], sum(kind, key, value))
}

// KeepBytes keeps a derived value. Failure is silent: a cache may forget.
func (s *Store) KeepBytes(kind string, key digest.Digest, value []byte) {
	path := s.cachePath(kind, key)
	if s.files.Mkdir(filepath.Dir(path)) == nil {
		// Not durable: what a crash leaves half written is a miss.
		_ = s.replaceFile(path, append(sum(kind, key, value), value...), false)
	}
}

// Get is GetBytes for a value that is kept as JSON.
func (s *Store) Get(kind string, key digest.Digest, v any) bool {
	b, ok := s.GetBytes(kind, key)
	return ok && json.Unmarshal(b, v) == nil
}

// Keep is KeepBytes for a value that is kept as JSON.
func (s *Store) Keep(kind string, key digest.Digest, v any) {
	if b, err := json.Marshal(v); err == nil {
		s.KeepBytes(kind, key, b)
	}
}

// Kept tells whether any value of a kind is kept.
func (s *Store) Kept(kind string) bool {
	list, err := os.ReadDir(filepath.Join(s.root, "cache", kind))
	return err == nil && len(list) > 0
}

// CacheSize is the number of derived values and their bytes on disk, in blocks.
func (s *Store) CacheSize() (entries, bytes int64) {
	_ = filepath.WalkDir(filepath.Join(s.root, "cache"), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasPrefix(d.Name(), ".tmp-") {
			if fi, err := d.Info(); err == nil {
				entries++
				bytes += diskOf(fi).bytes
			}
		}
		return nil
	})
	return entries, bytes
}

// ClearCache removes all derived values; they are computed again when needed.
func (s *Store) ClearCache() error { return s.files.Remove(filepath.Join(s.root, "cache")) }
