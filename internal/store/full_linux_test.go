package store_test

import (
	"bytes"
	"errors"
	"syscall"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/store"
	"tare/internal/testkit"
)

// On a full disk the error says so, and what was there before stays usable.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("cannot mount a small tmpfs: %v", err)
	}
	defer func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) }()
	s := open(t, dir)
	testkit.Put(t, s, "small", store.Built, img(t, 1))
	f := &fetcher{body: bytes.Repeat([]byte("x"), 1<<20)}
	d := ocispec.Descriptor{Digest: digest.FromBytes(f.body), Size: int64(len(f.body))}
	if err := s.Fetch(ctx, f, d, nil); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v", err)
	}
	if _, err := s.Find(ctx, "small"); err != nil || s.Has(ctx, d.Digest) {
		t.Errorf("the store is not what it was: %v", err)
	}
}
