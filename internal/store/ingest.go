package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/go-digest"
)

// Writer implements content.Ingester: it goes on where a writer of the same
// reference stopped.
func (i *ingester) Writer(_ context.Context, opts ...content.WriterOpt) (content.Writer, error) {
	var o content.WriterOpts
	for _, opt := range opts {
		if err := opt(&o); err != nil {
			return nil, err
		}
	}
	if o.Ref == "" {
		return nil, fmt.Errorf("a writer needs a reference: %w", errdefs.ErrInvalidArgument)
	}
	alg := digest.Canonical
	if d := o.Desc.Digest; d != "" {
		if err := d.Validate(); err != nil {
			return nil, fmt.Errorf("digest %q: %w: %w", d, err, errdefs.ErrInvalidArgument)
		}
		if present(i.blob(d)) {
			return nil, fmt.Errorf("content %s: %w", d, errdefs.ErrAlreadyExists)
		}
		alg = d.Algorithm()
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.busy[o.Ref] {
		return nil, fmt.Errorf("ref %s is being written: %w", o.Ref, errdefs.ErrUnavailable)
	}
	w := &writer{i: i, ref: o.Ref, dir: i.dir(o.Ref), total: o.Desc.Size, digester: alg.Digester(), started: time.Now()}
	if err := w.open(); err != nil {
		return nil, fmt.Errorf("write %s: %w", o.Ref, err)
	}
	i.busy[o.Ref] = true
	return w, nil
}

// Status implements content.IngestManager.
func (i *ingester) Status(_ context.Context, ref string) (content.Status, error) {
	fi, err := os.Stat(filepath.Join(i.dir(ref), "data"))
	if err != nil {
		return content.Status{}, fmt.Errorf("ref %s: %w", ref, errdefs.ErrNotFound)
	}
	return content.Status{Ref: ref, Offset: fi.Size(), StartedAt: fi.ModTime(), UpdatedAt: fi.ModTime()}, nil
}

// ListStatuses implements content.IngestManager.
func (i *ingester) ListStatuses(ctx context.Context, _ ...string) ([]content.Status, error) {
	var out []content.Status
	dirs, _ := os.ReadDir(filepath.Join(i.root, "ingest"))
	for _, d := range dirs {
		ref, err := os.ReadFile(filepath.Join(i.root, "ingest", d.Name(), "ref"))
		if err != nil {
			continue
		}
		if st, err := i.Status(ctx, string(ref)); err == nil {
			out = append(out, st)
		}
	}
	return out, nil
}

// Abort implements content.IngestManager.
func (i *ingester) Abort(_ context.Context, ref string) error {
	if !present(i.dir(ref)) {
		return fmt.Errorf("ref %s: %w", ref, errdefs.ErrNotFound)
	}
	return i.files.Remove(i.dir(ref))
}

// Delete implements content.Manager.
func (i *ingester) Delete(_ context.Context, d digest.Digest) error {
	if err := d.Validate(); err != nil {
		return fmt.Errorf("digest %q: %w: %w", d, err, errdefs.ErrInvalidArgument)
	}
	if !present(i.blob(d)) {
		return fmt.Errorf("content %s: %w", d, errdefs.ErrNotFound)
	}
	return i.files.Remove(i.blob(d))
}

// writer writes one blob.
type writer struct {
	i        *ingester
	ref, dir string
	f        file
	digester digest.Digester
	offset   int64
	total    int64
	started  time.Time
}

func (w *writer) path(name string) string { return filepath.Join(w.dir, name) }

func (w *writer) open() error {
	if err := w.i.files.Mkdir(w.dir); err != nil {
		return err
	}
	ref, err := os.ReadFile(w.path("ref"))
	resume := err == nil && string(ref) == w.ref
	if !resume {
		f, err := w.i.files.Open(w.path("ref"), true)
		if err != nil {
			return err
		}
		_, err = f.Write([]byte(w.ref))
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	if resume {
		if err := w.rehash(); err != nil {
			return err
		}
	}
	if w.f, err = w.i.files.Open(w.path("data"), !resume); err != nil {
		return err
	}
	if _, err := w.f.Seek(w.offset, io.SeekStart); err != nil {
		return errors.Join(err, w.f.Close())
	}
	return nil
}

// rehash reads what an earlier writer left.
func (w *writer) rehash() error {
	f, err := os.Open(w.path("data"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	w.offset, err = io.CopyBuffer(w.digester.Hash(), f, make([]byte, 1<<20))
	return err
}

func (w *writer) Write(p []byte) (int, error) {
	if w.f == nil {
		return 0, fmt.Errorf("write %s: %w", w.ref, fs.ErrClosed)
	}
	n, err := w.f.Write(p)
	w.digester.Hash().Write(p[:n])
	w.offset += int64(n)
	return n, err
}

func (w *writer) Digest() digest.Digest { return w.digester.Digest() }

func (w *writer) Status() (content.Status, error) {
	return content.Status{Ref: w.ref, Offset: w.offset, Total: w.total, StartedAt: w.started, UpdatedAt: time.Now()}, nil
}

func (w *writer) Truncate(size int64) error {
	if size != 0 {
		return errors.New("a blob that is being written can only be emptied")
	}
	if _, err := w.f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	w.offset = 0
	w.digester.Hash().Reset()
	return w.f.Truncate(0)
}

// Close ends the writer and keeps what was written, for the next one to go on.
func (w *writer) Close() error {
	if w.f == nil {
		return nil
	}
	err := w.f.Close()
	w.done()
	return err
}

func (w *writer) done() {
	w.f = nil
	w.i.mu.Lock()
	defer w.i.mu.Unlock()
	delete(w.i.busy, w.ref)
}

// Commit gives the blob its name: first its bytes are on the disk, then the name.
func (w *writer) Commit(_ context.Context, size int64, want digest.Digest, _ ...content.Opt) error {
	if w.f == nil {
		return fmt.Errorf("commit %s: the writer is closed: %w", w.ref, errdefs.ErrFailedPrecondition)
	}
	f := w.f
	defer w.done()
	_ = f.Chmod(0o444) // a hint to whoever looks; not every file system has modes
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", w.ref, err)
	}
	if size > 0 && size != w.offset {
		return fmt.Errorf("unexpected commit size %d, expected %d: %w", w.offset, size, errdefs.ErrFailedPrecondition)
	}
	got := w.digester.Digest()
	if want != "" && want != got {
		return fmt.Errorf("unexpected commit digest %s, expected %s: %w", got, want, errdefs.ErrFailedPrecondition)
	}
	target := w.i.blob(got)
	if present(target) {
		_ = w.i.files.Remove(w.dir)
		return fmt.Errorf("content %s: %w", got, errdefs.ErrAlreadyExists)
	}
	if !present(filepath.Dir(target)) { // an algorithm that is new here
		if err := errors.Join(w.i.files.Mkdir(filepath.Dir(target)), w.i.files.SyncDir(filepath.Join(w.i.root, "blobs"))); err != nil {
			return fmt.Errorf("write %s: %w", w.ref, err)
		}
	}
	if err := errors.Join(w.i.files.Rename(w.path("data"), target), w.i.files.SyncDir(filepath.Dir(target))); err != nil {
		return fmt.Errorf("write %s: %w", w.ref, err)
	}
	_ = w.i.files.Remove(w.dir) // what stays is swept by Collect
	return nil
}
