package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/opencontainers/go-digest"
)

// cacheEntry wraps a derived value with a sum, so that a torn or damaged file is
// a miss and never a wrong answer.
type cacheEntry struct {
	Sum   string          `json:"sum"`
	Value json.RawMessage `json:"value"`
}

func sum(kind string, key digest.Digest, value []byte) string {
	h := sha256.New()
	for _, part := range []string{kind, key.String(), string(value)} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (s *Store) cachePath(kind string, key digest.Digest) string {
	return filepath.Join(s.root, "cache", kind, key.Encoded())
}

// Get reads a derived value of a kind ("layer-v1") for a digest into v and tells
// whether it was there and whole.
func (s *Store) Get(kind string, key digest.Digest, v any) bool {
	b, err := os.ReadFile(s.cachePath(kind, key))
	if err != nil {
		return false
	}
	var e cacheEntry
	if json.Unmarshal(b, &e) != nil || e.Sum != sum(kind, key, e.Value) {
		return false
	}
	return json.Unmarshal(e.Value, v) == nil
}

// Keep keeps a derived value. Failure is silent: a cache may forget.
func (s *Store) Keep(kind string, key digest.Digest, v any) {
	value, err := json.Marshal(v)
	if err != nil {
		return
	}
	b, err := json.Marshal(cacheEntry{Sum: sum(kind, key, value), Value: value})
	if err != nil {
		return
	}
	path := s.cachePath(kind, key)
	if os.MkdirAll(filepath.Dir(path), 0o755) == nil {
		_ = writeFile(path, b)
	}
}

// CacheSize is the number of derived values and their bytes on disk.
func (s *Store) CacheSize() (entries, bytes int64) {
	_ = filepath.WalkDir(filepath.Join(s.root, "cache"), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasPrefix(d.Name(), ".tmp-") {
			if fi, err := d.Info(); err == nil {
				entries++
				bytes += fi.Size()
			}
		}
		return nil
	})
	return entries, bytes
}

// ClearCache removes all derived values; they are computed again when needed.
func (s *Store) ClearCache() error { return os.RemoveAll(filepath.Join(s.root, "cache")) }
