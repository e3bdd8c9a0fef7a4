package store

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// To remove an image is to write index.json again, and so nobody could make room on a
// full disk. Therefore the store keeps a file of random bytes that is large enough for
// the next index.json and some: where the disk has no room, it is overwritten in place,
// which takes neither a block nor an inode, and becomes index.json by rename. That is as
// safe against a crash as the ordinary way, and nobody can snatch the room in between,
// as they could if the file were only deleted. (docs/decisions/0063-full-disk.md)
const (
	reserveName = "reserve"
	reserveMin  = 32 << 10 // bytes
)

func (s *Store) reservePath() string { return filepath.Join(s.root, reserveName) }

// writeIndex replaces index.json. The caller holds its lock.
func (s *Store) writeIndex(b []byte) error {
	err := s.writeFile(s.indexPath(), b)
	if full(err) {
		err = s.writeIndexInReserve(b, err)
	}
	if err == nil {
		s.keepReserve(int64(len(b)))
	}
	return err
}

// writeIndexInReserve is for a disk without room: why says so.
func (s *Store) writeIndexInReserve(b []byte, why error) error {
	if present(s.reservePath()) {
		err := s.overwriteReserve(b)
		if !full(err) {
			return err
		}
		// A file system that never overwrites, or an index.json that has grown too much.
		_ = s.files.Remove(s.reservePath())
		if err = s.writeFile(s.indexPath(), b); !full(err) {
			return err
		}
	}
	// What was derived from layers may go at any time.
	if _, n := s.CacheSize(); n > 0 && s.ClearCache() == nil {
		return s.writeFile(s.indexPath(), b)
	}
	return why
}

func (s *Store) overwriteReserve(b []byte) error {
	f, err := s.files.Open(s.reservePath(), false)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Truncate(int64(len(b)))
	}
	if err == nil {
		err = f.Chmod(0o600)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := s.files.Rename(s.reservePath(), s.indexPath()); err != nil {
		return err
	}
	return s.files.SyncDir(s.root)
}

// keepReserve makes the reserve, or a larger one, for an index.json of size bytes. On a
// disk that is full it becomes as large as it can: what the last index.json left free.
// The caller holds the lock of index.json.
func (s *Store) keepReserve(size int64) {
	fi, err := os.Stat(s.reservePath())
	if err == nil && fi.Size() >= size+reserveMin/2 {
		return
	}
	// Random, for a file system that compresses would keep no room for zeros.
	b := make([]byte, max(reserveMin, 2*size)+4095)
	b = b[:len(b)&^4095]
	var seed [32]byte
	_, _ = rand.NewChaCha8(seed).Read(b)
	f, err := s.files.Open(s.reservePath(), true)
	if err != nil {
		return
	}
	_, _ = f.Write(b)
	_ = f.Close()
}
