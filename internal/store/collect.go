package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/errdefs"
	"github.com/gofrs/flock"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
)

// Hold keeps Collect of every process away while blobs are added that no name
// reaches yet. Several may hold at once.
func (s *Store) Hold(ctx context.Context) (release func(), err error) {
	return s.lock(ctx, "hold.lock", false)
}

// Freed is what Collect removed.
type Freed struct {
	Blobs []digest.Digest
	Bytes int64
}

// Collect deletes the blobs that no record reaches, and abandoned downloads. It
// never waits: where another process holds the store (a pull in progress), it
// deletes nothing, and the next Collect will.
func (s *Store) Collect(ctx context.Context) (Freed, error) {
	var freed Freed
	l := flock.New(filepath.Join(s.root, "hold.lock"))
	ok, err := l.TryLock()
	if err != nil || !ok {
		return freed, err
	}
	defer func() { _ = l.Unlock() }()
	live, err := s.Reachable(ctx)
	if err != nil {
		return freed, fmt.Errorf("collect garbage: %w", err)
	}
	var dead []content.Info
	err = s.blob.Walk(ctx, func(i content.Info) error {
		if !live[i.Digest] {
			dead = append(dead, i)
		}
		return nil
	})
	if err != nil {
		return freed, fmt.Errorf("collect garbage: %w", err)
	}
	for _, i := range dead {
		if err := s.blob.Delete(ctx, i.Digest); err != nil && !errdefs.IsNotFound(err) {
			return freed, fmt.Errorf("collect garbage: %w", err)
		}
		freed.Blobs = append(freed.Blobs, i.Digest)
		freed.Bytes += i.Size
	}
	return freed, s.abandon(ctx)
}

// abandonAfter is how long an interrupted download may still be resumed.
const abandonAfter = 7 * 24 * time.Hour

func (s *Store) abandon(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(s.root, "ingest")); err != nil {
		return nil
	}
	list, err := s.blob.ListStatuses(ctx)
	if err != nil {
		return nil // a torn ingest; the next writer of that ref removes it
	}
	for _, st := range list {
		if time.Since(st.UpdatedAt) > abandonAfter {
			_ = s.blob.Abort(ctx, st.Ref)
		}
	}
	return nil
}

// Reachable lists the digests of all blobs that records lead to, present or not.
func (s *Store) Reachable(ctx context.Context) (map[digest.Digest]bool, error) {
	recs, err := s.Records()
	if err != nil {
		return nil, err
	}
	live := map[digest.Digest]bool{}
	for _, r := range recs {
		if err := s.reach(ctx, r.Target, live); err != nil {
			return nil, err
		}
	}
	return live, nil
}

func (s *Store) reach(ctx context.Context, d ocispec.Descriptor, live map[digest.Digest]bool) error {
	if live[d.Digest] {
		return nil
	}
	live[d.Digest] = true
	if _, err := s.blob.Info(ctx, d.Digest); errdefs.IsNotFound(err) {
		return nil
	}
	var kids []ocispec.Descriptor
	switch {
	case images.IsIndexType(d.MediaType):
		var x ocispec.Index
		if _, err := image.ReadJSON(ctx, s.blob, d, &x); err != nil {
			return fmt.Errorf("index %s: %w", d.Digest, err)
		}
		kids = x.Manifests
	case images.IsManifestType(d.MediaType):
		var m ocispec.Manifest
		if _, err := image.ReadJSON(ctx, s.blob, d, &m); err != nil {
			return fmt.Errorf("manifest %s: %w", d.Digest, err)
		}
		kids = append(m.Layers, m.Config)
	}
	for _, k := range kids {
		if err := s.reach(ctx, k, live); err != nil {
			return err
		}
	}
	return nil
}

// Usage is what the store takes on disk.
type Usage struct {
	Blobs int64 // blobs, each once
	Bytes int64 // their sizes
	Dead  int64 // the part of Bytes that no record reaches
}

// Usage sums up the blobs.
func (s *Store) Usage(ctx context.Context) (Usage, error) {
	live, err := s.Reachable(ctx)
	if err != nil {
		return Usage{}, err
	}
	var u Usage
	err = s.blob.Walk(ctx, func(i content.Info) error {
		u.Blobs++
		u.Bytes += i.Size
		if !live[i.Digest] {
			u.Dead += i.Size
		}
		return nil
	})
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return u, err
}

// Without is how many bytes of blobs only these targets reach.
func (s *Store) Without(ctx context.Context, targets []string) (int64, error) {
	recs, err := s.Records()
	if err != nil {
		return 0, err
	}
	all, rest := map[digest.Digest]bool{}, map[digest.Digest]bool{}
	for _, r := range recs {
		gone := false
		for _, t := range targets {
			gone = gone || r.Target.Digest.String() == t
		}
		into := rest
		if gone {
			into = all
		}
		if err := s.reach(ctx, r.Target, into); err != nil {
			return 0, err
		}
	}
	var n int64
	for d := range all {
		if i, err := s.blob.Info(ctx, d); err == nil && !rest[d] {
			n += i.Size
		}
	}
	return n, nil
}
