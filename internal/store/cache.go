package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"tare/internal/logs"
)

// Directories of values below the store's root.
const (
	cacheDir  = "cache"  // derived from layers: computed again when needed
	buildsDir = "builds" // remembered of builds: nothing can compute it again
)

// sum stands before a kept value, so that a torn, damaged or misplaced file is a
// miss and never a wrong answer.
func sum(kind string, key digest.Digest, value []byte) []byte {
	h := sha256.New()
	for _, part := range [][]byte{[]byte(kind), []byte(key), value} {
		h.Write(part)
		h.Write([]byte{0})
	}
	return h.Sum(nil)
}

// Seal is a value as a file keeps it: with a sum before it, of its kind and key, too.
func Seal(kind string, key digest.Digest, value []byte) []byte {
	return append(sum(kind, key, value), value...)
}

// Unseal is the value in what Seal wrote for a kind and key; ok is false for anything else.
func Unseal(kind string, key digest.Digest, sealed []byte) (value []byte, ok bool) {
	if len(sealed) < sha256.Size {
		return nil, false
	}
	value = sealed[sha256.Size:]
	return value, bytes.Equal(sealed[:sha256.Size], sum(kind, key, value))
}

// Values are values by kind ("index-v1") and digest, in a directory of the store.
type Values struct {
	s   *Store
	dir string
}

// cache are the values that were derived from layers.
func (s *Store) cache() Values { return Values{s, cacheDir} }

// Builds are the values that are remembered of builds. They are kept apart from the
// cache, which may be emptied at any time: what a build took cannot be computed again.
// Those that an earlier version kept in the cache are moved here.
func (s *Store) Builds(kinds ...string) Values {
	v := Values{s, buildsDir}
	for _, kind := range kinds {
		old, now := filepath.Join(s.root, cacheDir, kind), filepath.Join(s.root, buildsDir, kind)
		if _, err := os.Stat(old); err != nil {
			continue
		}
		if s.files.Mkdir(filepath.Dir(now)) == nil {
			_ = s.files.Rename(old, now) // fails where both are there: then the old ones go with the cache
		}
	}
	return v
}

func (v Values) path(kind string, key digest.Digest) string {
	return filepath.Join(v.s.root, v.dir, kind, key.Encoded())
}

// GetBytes reads the value of a kind for a digest and tells whether it was there and
// whole.
func (v Values) GetBytes(kind string, key digest.Digest) ([]byte, bool) {
	if v.s.foreign {
		return nil, false // whoever wrote it may have written anything
	}
	b, err := os.ReadFile(v.path(kind, key))
	value, found := Unseal(kind, key, b)
	found = found && err == nil
	if logs.On() {
		logs.Info("cache", "kind", kind, "of", key, "hit", found, "bytes", len(value))
	}
	return value, found
}

// KeepBytes keeps a value. Failure is silent: whoever asks must do without.
func (v Values) KeepBytes(kind string, key digest.Digest, value []byte) {
	path := v.path(kind, key)
	if v.s.files.Mkdir(filepath.Dir(path)) == nil {
		// Not durable: what a crash leaves half written is a miss.
		_ = v.s.replaceFile(path, Seal(kind, key, value), false)
	}
}

// KeepOnce keeps a value whose key is the digest of its content: one that is there already, with that length, is not written
// again, but counts as kept now. Who finds one damaged drops it.
func (v Values) KeepOnce(kind string, key digest.Digest, value []byte) {
	path, now := v.path(kind, key), time.Now()
	fi, err := os.Lstat(path)
	if err != nil || fi.Size() != int64(sha256.Size+len(value)) {
		v.KeepBytes(kind, key, value)
		return
	}
	if now.Sub(fi.ModTime()) > refresh {
		_ = os.Chtimes(path, now, now)
	}
}

// Drop removes a value.
func (v Values) Drop(kind string, key digest.Digest) { _ = v.s.files.Remove(v.path(kind, key)) }

// refresh is how old the time of a value may be that counts as kept now: Expire thinks in months.
const refresh = 24 * time.Hour

// Get is GetBytes for a value that is kept as JSON.
func (v Values) Get(kind string, key digest.Digest, value any) bool {
	b, ok := v.GetBytes(kind, key)
	return ok && json.Unmarshal(b, value) == nil
}

// Keep is KeepBytes for a value that is kept as JSON.
func (v Values) Keep(kind string, key digest.Digest, value any) {
	if b, err := json.Marshal(value); err == nil {
		v.KeepBytes(kind, key, b)
	}
}

// Any tells whether a value of a kind is kept.
func (v Values) Any(kind string) bool {
	list, err := os.ReadDir(filepath.Join(v.s.root, v.dir, kind))
	return err == nil && len(list) > 0
}

// Size is the number of values and their bytes on disk, in blocks.
func (v Values) Size() (entries, bytes int64) {
	v.each(func(_ string, fi fs.FileInfo) {
		entries++
		bytes += diskOf(fi).bytes
	})
	return entries, bytes
}

// Expire removes the values that were kept before a moment, and returns the bytes that
// the disk got back.
func (v Values) Expire(before time.Time) (freed int64) {
	v.each(func(path string, fi fs.FileInfo) {
		if fi.ModTime().Before(before) && v.s.files.Remove(path) == nil {
			freed += diskOf(fi).bytes
		}
	})
	return freed
}

func (v Values) each(do func(path string, fi fs.FileInfo)) {
	_ = filepath.WalkDir(filepath.Join(v.s.root, v.dir), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasPrefix(d.Name(), ".tmp-") {
			if fi, err := d.Info(); err == nil {
				do(path, fi)
			}
		}
		return nil
	})
}

// GetBytes reads a value that was derived from a layer; see Values.GetBytes.
func (s *Store) GetBytes(kind string, key digest.Digest) ([]byte, bool) {
	return s.cache().GetBytes(kind, key)
}

// KeepBytes keeps a value that was derived from a layer; see Values.KeepBytes.
func (s *Store) KeepBytes(kind string, key digest.Digest, value []byte) {
	s.cache().KeepBytes(kind, key, value)
}

// Get is GetBytes for a value that is kept as JSON.
func (s *Store) Get(kind string, key digest.Digest, v any) bool { return s.cache().Get(kind, key, v) }

// Keep is KeepBytes for a value that is kept as JSON.
func (s *Store) Keep(kind string, key digest.Digest, v any) { s.cache().Keep(kind, key, v) }

// CacheSize is the number of derived values and their bytes on disk, in blocks.
func (s *Store) CacheSize() (entries, bytes int64) { return s.cache().Size() }

// ClearCache removes all derived values; they are computed again when needed.
func (s *Store) ClearCache() error { return s.files.Remove(filepath.Join(s.root, cacheDir)) }
