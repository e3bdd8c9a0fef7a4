package store

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/remotes"
	"github.com/containerd/errdefs"
	"github.com/gofrs/flock"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Has tells whether the blob is in the store.
func (s *Store) Has(ctx context.Context, d digest.Digest) bool {
	_, err := s.blob.Info(ctx, d)
	return err == nil
}

// Arrived is how many bytes of the blob d are here: all, none, or what an interrupted download has left, from where Fetch goes on.
func (s *Store) Arrived(ctx context.Context, d ocispec.Descriptor) int64 {
	if s.Has(ctx, d.Digest) {
		return d.Size
	}
	d.Annotations = nil
	left, err := s.blob.Status(ctx, remotes.MakeRefKey(ctx, d))
	if err != nil {
		return 0
	}
	return left.Offset
}

// Fetch brings the blob d into the store: once, even if several processes ask for
// it at the same moment, and from where an interrupted download stopped. waiting
// is called if another process is at it. A blob with other bytes than its digest
// says is refused, and nothing of it is kept.
func (s *Store) Fetch(ctx context.Context, f remotes.Fetcher, d ocispec.Descriptor, waiting func()) error {
	if err := d.Digest.Validate(); err != nil {
		return fmt.Errorf("digest %q: %w", d.Digest, err)
	}
	if s.Has(ctx, d.Digest) {
		return nil
	}
	unlock, err := s.lockBlob(ctx, d.Digest, waiting)
	if err != nil {
		return err
	}
	defer unlock()
	if s.Has(ctx, d.Digest) {
		return nil
	}
	d.URLs = nil // never follow an image to another server unasked
	d.Annotations = nil
	if d.Size == 0 {
		return s.writeEmpty(ctx, d)
	}
	if d.Size >= writebackFrom {
		// containerd's local content store keeps a download here.
		ref := digest.FromString(remotes.MakeRefKey(ctx, d))
		defer writeback(filepath.Join(s.root, "ingest", ref.Encoded(), "data"))()
	}
	ref := remotes.MakeRefKey(ctx, d)
	_, err = s.blob.Status(ctx, ref)
	resumed := err == nil
	for {
		err = remotes.Fetch(ctx, s.blob, f, d)
		if err == nil || errdefs.IsAlreadyExists(err) {
			return nil
		}
		if !errdefs.IsFailedPrecondition(err) {
			return s.Advise(fmt.Sprintf("store blob %s", d.Digest), err)
		}
		// Complete, but wrong: resuming would only find the same wrong bytes.
		_ = s.blob.Abort(context.WithoutCancel(ctx), ref)
		if !resumed {
			return wrongBytes(d, err)
		}
		// What an earlier download left is to blame rather than the server: a crash
		// may have kept a file's length and lost its bytes.
		resumed = false
	}
}

// writebackFrom is the size of a blob, in bytes, from which writeback pays.
const writebackFrom = 4 << 20

// Abandon drops what an interrupted download of d left, so that the next starts over.
func (s *Store) Abandon(ctx context.Context, d ocispec.Descriptor) {
	d.Annotations = nil
	_ = s.blob.Abort(context.WithoutCancel(ctx), remotes.MakeRefKey(ctx, d))
}

func (s *Store) writeEmpty(ctx context.Context, d ocispec.Descriptor) error {
	err := content.WriteBlob(ctx, s.blob, remotes.MakeRefKey(ctx, d), strings.NewReader(""), d)
	if err != nil && !errdefs.IsAlreadyExists(err) {
		_ = s.blob.Abort(context.WithoutCancel(ctx), remotes.MakeRefKey(ctx, d))
		return err
	}
	return nil
}

// wrongBytes words containerd's "unexpected commit digest A, expected B".
func wrongBytes(d ocispec.Descriptor, err error) error {
	if _, after, ok := strings.Cut(err.Error(), "unexpected commit digest "); ok {
		got, _, _ := strings.Cut(after, ",")
		return fmt.Errorf("the server sent a blob that has %s instead of %s: refused, nothing of it was kept: %w", got, d.Digest, errdefs.ErrFailedPrecondition)
	}
	return err
}

// Write stores r as the blob d, verified. A blob that is there already is not read.
func (s *Store) Write(ctx context.Context, r io.Reader, d ocispec.Descriptor) error {
	unlock, err := s.lockBlob(ctx, d.Digest, nil)
	if err != nil {
		return err
	}
	defer unlock()
	if s.Has(ctx, d.Digest) {
		return nil
	}
	ref := "write-" + d.Digest.String()
	_ = s.blob.Abort(ctx, ref) // never resume: r starts at 0
	err = content.WriteBlob(ctx, s.blob, ref, r, d)
	if err != nil && !errdefs.IsAlreadyExists(err) {
		_ = s.blob.Abort(context.WithoutCancel(ctx), ref)
		return s.Advise(fmt.Sprintf("store blob %s", d.Digest), err)
	}
	return nil
}

// lockBlob makes this process the only one that writes d.
func (s *Store) lockBlob(ctx context.Context, d digest.Digest, waiting func()) (func(), error) {
	dir := filepath.Join(s.root, "locks")
	if err := s.files.Mkdir(dir); err != nil {
		return nil, s.Advise(fmt.Sprintf("lock blob %s", d), err)
	}
	path := filepath.Join(dir, d.Encoded())
	l := flock.New(path)
	ok, err := l.TryLock()
	if err == nil && !ok {
		if waiting != nil {
			waiting()
		}
		err = Acquire(ctx, l, true, nil)
	}
	if err != nil {
		return nil, s.Advise(fmt.Sprintf("lock blob %s", d), err)
	}
	return func() {
		// Whoever waits on this inode looks for the blob before it writes, so the
		// file may go while it is locked. It stays if there is no blob: a waiter would
		// then write while others lock a new file of this name.
		if s.Has(context.WithoutCancel(ctx), d) {
			_ = s.files.Remove(path)
		}
		_ = l.Unlock()
	}, nil
}

// Importer is the store for a writer that chooses its own references, such as
// containerd's archive importer: they are made unique, so that two processes
// never append to one file.
func (s *Store) Importer() content.Store {
	return &importer{Store: s.blob, prefix: fmt.Sprintf("%d-%d-", os.Getpid(), time.Now().UnixNano())}
}

type importer struct {
	content.Store
	prefix string
}

func (i *importer) Writer(ctx context.Context, opts ...content.WriterOpt) (content.Writer, error) {
	var o content.WriterOpts
	for _, opt := range opts {
		if err := opt(&o); err != nil {
			return nil, err
		}
	}
	if o.Desc.Digest != "" {
		if _, err := i.Info(ctx, o.Desc.Digest); err == nil {
			return nil, fmt.Errorf("content %s: %w", o.Desc.Digest, errdefs.ErrAlreadyExists)
		}
	}
	return i.Store.Writer(ctx, content.WithRef(i.prefix+o.Ref), content.WithDescriptor(o.Desc))
}

func (i *importer) Abort(ctx context.Context, ref string) error {
	return i.Store.Abort(ctx, i.prefix+ref)
}

func (i *importer) Status(ctx context.Context, ref string) (content.Status, error) {
	return i.Store.Status(ctx, i.prefix+ref)
}
