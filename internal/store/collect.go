package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/errdefs"
	"github.com/gofrs/flock"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/infile"
)

// Hold keeps Collect of every process away while blobs are added that no name
// reaches yet. Several may hold at once.
func (s *Store) Hold(ctx context.Context) (release func(), err error) {
	release, err = s.lock(ctx, "hold.lock", false)
	if err != nil && s.looking != nil && ctx.Err() == nil {
		return func() {}, nil // no lock can be made, and this process adds nothing
	}
	return release, err
}

// Freed is what Collect removed.
type Freed struct {
	Blobs []digest.Digest
	// Bytes is what the disk got back, in blocks: nothing for a blob that the build cache
	// still has a link to.
	Bytes int64
	Busy  bool // another process is adding images: nothing was deleted
}

// Collect deletes the blobs that no record reaches, and abandoned downloads. It
// never waits: where another process holds the store (a pull in progress), it
// deletes nothing, and the next Collect will.
func (s *Store) Collect(ctx context.Context) (Freed, error) {
	var freed Freed
	if s.looking != nil {
		return freed, s.Advise("collect garbage", s.looking)
	}
	l := flock.New(filepath.Join(s.root, "hold.lock"))
	ok, err := l.TryLock()
	if err != nil || !ok {
		freed.Busy = err == nil
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
		n := freedBy(s.BlobPath(i.Digest))
		if err := s.blob.Delete(ctx, i.Digest); err != nil && !errdefs.IsNotFound(err) {
			return freed, fmt.Errorf("collect garbage: %w", err)
		}
		freed.Blobs = append(freed.Blobs, i.Digest)
		freed.Bytes += n
	}
	n, err := s.abandon(ctx)
	freed.Bytes += n
	return freed, err
}

// freedBy is what the removal of a file or directory gives back to the disk.
func freedBy(path string) int64 {
	var n int64
	_ = filepath.WalkDir(path, func(_ string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // gone meanwhile
		}
		if fi, err := e.Info(); err == nil {
			if d := diskOf(fi); d.links <= 1 || fi.IsDir() {
				n += d.bytes
			}
		}
		return nil
	})
	return n
}

// abandonAfter is how long an interrupted download may still be resumed.
const abandonAfter = 7 * 24 * time.Hour

// abandon removes what ended processes left of writing blobs and files, and counts the
// bytes. The caller holds the store alone.
func (s *Store) abandon(ctx context.Context) (int64, error) {
	var gone []string
	for _, d := range s.listDownloads() {
		if !d.resumable() {
			gone = append(gone, d.path)
		}
	}
	gone = append(gone, s.staleLocks()...)
	// Those of the root belong to whoever holds the lock of index.json.
	if left := s.rootTemporaries(); len(left) > 0 {
		unlock, err := s.lock(ctx, "index.lock", true)
		if err != nil {
			return 0, err
		}
		defer unlock()
		gone = append(gone, s.rootTemporaries()...)
	}
	var n int64
	for _, path := range gone {
		here := freedBy(path)
		if err := s.files.Remove(path); err != nil {
			return n, fmt.Errorf("collect garbage: %w", err)
		}
		n += here
	}
	return n, nil
}

// rootTemporaries lists the files of the root that somebody did not come to rename.
func (s *Store) rootTemporaries() []string {
	paths, _ := infile.Glob(s.root, ".tmp-*")
	return paths
}

// Reachable tells of every blob in the store that records lead to; of blobs that
// are not here it may tell, too.
func (s *Store) Reachable(ctx context.Context) (map[digest.Digest]bool, error) {
	recs, err := s.Records()
	if err != nil {
		return nil, err
	}
	w := walk{live: map[digest.Digest]bool{}, read: map[digest.Digest]bool{}}
	for _, r := range recs {
		if err := s.reach(ctx, r.Target.Digest, w); err != nil {
			return nil, err
		}
	}
	return w.live, nil
}

// walk remembers what is reached, and apart from it which documents were read: a
// manifest that a stranger's image lists as its layer must still be read where it
// is the manifest of another image.
type walk struct {
	live, read map[digest.Digest]bool
	each       func(document) // is shown what was read; may be nil
}

// document is all that an index or a manifest may lead to.
type document struct {
	MediaType string               `json:"mediaType"`
	Manifests []ocispec.Descriptor `json:"manifests"`
	Layers    []ocispec.Descriptor `json:"layers"`
	Config    ocispec.Descriptor   `json:"config"`
}

// reach marks the document d, an index or a manifest, and what it leads to. The
// place of a blob decides how it is read and not the media type or size that stand
// there: those are a stranger's words, and a wrong one must neither hide another
// image's layers from us nor stop the collection for good.
func (s *Store) reach(ctx context.Context, d digest.Digest, w walk) error {
	if w.read[d] || d.Validate() != nil {
		return nil
	}
	w.live[d], w.read[d] = true, true
	info, err := s.blob.Info(ctx, d)
	if errdefs.IsNotFound(err) || err == nil && info.Size > image.MaxDocument {
		return nil // another platform's, or nothing that tare could read as an image
	}
	if err != nil {
		return err
	}
	var doc document
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	_, err = image.ReadJSON(ctx, s.blob, ocispec.Descriptor{Digest: d, Size: info.Size}, &doc)
	if err != nil && !errors.As(err, &syntax) && !errors.As(err, &kind) {
		return fmt.Errorf("manifest %s: %w", d, err)
	}
	if w.each != nil {
		w.each(doc)
	}
	for _, b := range append(doc.Layers, doc.Config) {
		w.live[b.Digest] = true
	}
	for _, m := range doc.Manifests {
		if err := s.reach(ctx, m.Digest, w); err != nil {
			return err
		}
	}
	return nil
}
