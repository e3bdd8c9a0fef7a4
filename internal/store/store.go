// Package store keeps images on disk in a standard OCI image layout, so that
// skopeo, crane, umoci and regctl can open them, and beside it what was derived
// from them, keyed by digest. It belongs to no engine and works on any OS.
//
//	ROOT/oci-layout, index.json, blobs/sha256/…   the OCI image layout
//	ROOT/ingest/                                  downloads in progress, resumable
//	ROOT/cache/                                   derived data; may be deleted at any time
//	ROOT/engine/                                  the embedded engine's own state
package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/gofrs/flock"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Store is an OCI image layout with names. Its methods may be called by several
// processes at once: index.json changes under a file lock and by rename, so that
// readers never wait.
type Store struct {
	root  string
	blob  content.Store
	files files
	// linked is set when a blob came by hard link, whose name is not on the disk yet.
	linked atomic.Bool
	mended []string // directories that were open to other users when the store was opened
	ids    sync.Map // target digest -> []digest.Digest, see idsOf
	wait   waits
	// looking is why nothing can be written, nil if it can; foreign says that the store
	// is another user's, too.
	looking error
	// nowhere says that there is no store at all: it is empty, and stays so.
	nowhere bool
	foreign bool
}

// DefaultRoot is TARE_HOME, or $XDG_DATA_HOME/tare, or ~/.local/share/tare.
func DefaultRoot() (string, error) {
	if d := os.Getenv("TARE_HOME"); d != "" {
		return filepath.Abs(d)
	}
	if d := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(d) {
		return filepath.Join(d, "tare"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find the image store: %w; set TARE_HOME to a directory", err)
	}
	return filepath.Join(home, ".local", "share", "tare"), nil
}

// Open opens the store in root and makes it where it is missing. It is its owner's
// alone: one that others can enter is closed to them. The error says what to do where
// the directory cannot be written.
func Open(root string) (*Store, error) { return openOn(root, disk{}) }

// OpenForeign opens an OCI image layout that is not ours, to read: nothing is made in it.
func OpenForeign(root string) (*Store, error) {
	s := &Store{root: root, files: disk{}}
	s.blob = &ingester{root: root, files: s.files, busy: map[string]bool{}}
	b, err := os.ReadFile(filepath.Join(root, ocispec.ImageLayoutFile))
	if err == nil {
		err = checkLayout(b)
	}
	if err != nil {
		return nil, fmt.Errorf("OCI image layout %s: %w", root, err)
	}
	return s, nil
}

func checkLayout(b []byte) error {
	var layout ocispec.ImageLayout
	if err := json.Unmarshal(b, &layout); err != nil || layout.Version != ocispec.ImageLayoutVersion {
		return fmt.Errorf("%s says %q, not an OCI image layout of version %s", ocispec.ImageLayoutFile, b, ocispec.ImageLayoutVersion)
	}
	return nil
}

func openOn(root string, f files) (*Store, error) {
	s := &Store{root: root, files: f}
	if err := s.init(); err != nil {
		if unwritable(err) && !errors.Is(err, errOthers) && !full(err) {
			return nil, fmt.Errorf("image store %s: %w; set TARE_HOME to a directory that you can write", root, err)
		}
		return nil, fmt.Errorf("image store %s: %w", root, err)
	}
	return s, nil
}

func (s *Store) init() error {
	if err := claim(s.root); err != nil {
		return err
	}
	blobs := filepath.Join(s.root, "blobs")
	if dir := filepath.Join(blobs, "sha256"); !present(dir) {
		if err := s.files.Mkdir(dir); err != nil {
			return err
		}
		if err := s.files.SyncDir(blobs); err != nil {
			return err
		}
	}
	s.blob = &ingester{root: s.root, files: s.files, busy: map[string]bool{}}
	s.close()
	b, err := os.ReadFile(s.layoutPath())
	if errors.Is(err, fs.ErrNotExist) {
		b, err = json.Marshal(ocispec.ImageLayout{Version: ocispec.ImageLayoutVersion})
		if err == nil {
			err = s.writeFile(s.layoutPath(), b)
		}
	}
	if err == nil {
		err = checkLayout(b)
	}
	if err != nil {
		return err
	}
	s.makeLocks()
	fi, err := os.Stat(s.indexPath())
	if errors.Is(err, fs.ErrNotExist) {
		return s.update(s.waiting(), func(*ocispec.Index) error { return nil })
	}
	// A store that an earlier tare made has no reserve yet.
	if err == nil && !present(s.reservePath()) {
		if l := flock.New(filepath.Join(s.root, "index.lock")); tryLock(l) {
			s.keepReserve(fi.Size())
			_ = l.Unlock()
		}
	}
	return nil
}

func (s *Store) layoutPath() string { return filepath.Join(s.root, ocispec.ImageLayoutFile) }

// Root is the store's directory.
func (s *Store) Root() string { return s.root }

// EngineRoot is the directory for the embedded engine's own state.
func (s *Store) EngineRoot() string { return EngineIn(s.root) }

// EngineIn is EngineRoot of the store in root, which need not exist.
func EngineIn(root string) string { return filepath.Join(root, "engine") }

// Content gives access to the blobs: verified when written, by digest.
func (s *Store) Content() content.Store { return s.blob }

// BlobPath is where the blob of a digest is, or would be.
func (s *Store) BlobPath(d digest.Digest) string {
	return filepath.Join(s.root, "blobs", d.Algorithm().String(), d.Encoded())
}

// Adopt takes a file that holds the blob d into the store by hard link, without
// copying a byte. It returns false where that is not possible (another file
// system, no such file, wrong size); nothing has changed then. The caller vouches
// for the file's content: only a content store that verified it may be its source.
func (s *Store) Adopt(path string, d ocispec.Descriptor) bool {
	fi, err := os.Stat(path)
	if err != nil || (d.Size != 0 && fi.Size() != d.Size) {
		return false
	}
	if dir := filepath.Dir(s.BlobPath(d.Digest)); !present(dir) {
		if s.files.Mkdir(dir) != nil {
			return false
		}
	}
	err = s.files.Link(path, s.BlobPath(d.Digest))
	if err == nil {
		s.linked.Store(true)
	}
	return err == nil || errors.Is(err, fs.ErrExist)
}

func (s *Store) indexPath() string { return filepath.Join(s.root, ocispec.ImageIndexFile) }

// readIndex reads index.json without a lock: it is only ever replaced whole.
func (s *Store) readIndex() (*ocispec.Index, error) {
	b, err := os.ReadFile(s.indexPath())
	if s.looking != nil && errors.Is(err, fs.ErrNotExist) {
		return new(ocispec.Index), nil
	}
	if err != nil {
		return nil, err
	}
	x := new(ocispec.Index)
	if err := json.Unmarshal(b, x); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w; the images are still there, try: tare fsck --repair", s.indexPath(), err)
	}
	return x, nil
}

// update changes index.json under the store's lock.
func (s *Store) update(ctx context.Context, change func(*ocispec.Index) error) error {
	if err := s.tryUpdate(ctx, change); err != nil {
		return s.Advise("change "+s.indexPath(), err)
	}
	return nil
}

func (s *Store) tryUpdate(ctx context.Context, change func(*ocispec.Index) error) error {
	unlock, err := s.lock(ctx, "index.lock", true)
	if err != nil {
		return err
	}
	defer unlock()
	x, err := s.readIndex()
	if errors.Is(err, fs.ErrNotExist) {
		x = &ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex, Manifests: []ocispec.Descriptor{}}
	} else if err != nil {
		return err
	}
	if err := change(x); err != nil {
		return err
	}
	b, err := json.Marshal(x)
	if err != nil {
		return err
	}
	// A name must not reach the disk before the blobs that it leads to.
	if s.linked.Swap(false) {
		for _, a := range []digest.Algorithm{digest.SHA256, digest.SHA384, digest.SHA512} {
			dir := filepath.Join(s.root, "blobs", a.String())
			if a != digest.SHA256 && !present(dir) {
				continue
			}
			if err := s.files.SyncDir(dir); err != nil {
				s.linked.Store(true)
				return err
			}
		}
	}
	return s.writeIndex(b)
}
