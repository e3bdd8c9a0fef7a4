package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
)

// skopeoDir serves what `skopeo copy … dir:DIR` wrote: the manifest, and each blob in a
// file that is called by the hexadecimal part of its digest. It writes nothing.
type skopeoDir struct {
	dir      string
	manifest digest.Digest
}

const (
	skopeoManifest = "manifest.json"
	skopeoVersion  = "version" // "Directory Transport Version: 1.1"
)

// ReaderAt implements content.Provider.
func (s skopeoDir) ReaderAt(_ context.Context, d ocispec.Descriptor) (content.ReaderAt, error) {
	if err := d.Digest.Validate(); err != nil {
		return nil, fmt.Errorf("digest %s: %w", quote(d.Digest.String()), err)
	}
	names := []string{d.Digest.Encoded(), d.Digest.Encoded() + ".manifest.json"} // of the images of an index
	if d.Digest == s.manifest {
		names = []string{skopeoManifest}
	}
	for _, name := range names {
		f, size, err := openRegular(filepath.Join(s.dir, name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err == nil {
			if err = sized(d, size); err != nil {
				_ = f.Close()
			}
		}
		if err != nil {
			return nil, err
		}
		return &section{SectionReader: io.NewSectionReader(f, 0, size), close: f.Close}, nil
	}
	return nil, fmt.Errorf("blob %s is not in %s: %w", d.Digest, s.dir, errdefs.ErrNotFound)
}

// openSkopeoDir opens a directory that skopeo wrote.
func openSkopeoDir(_ context.Context, dir string, _ OpenOptions) (*Opened, error) {
	f, size, err := openRegular(filepath.Join(dir, skopeoManifest))
	if err != nil {
		return nil, fmt.Errorf("%s is not a directory of skopeo's: %w", dir, err)
	}
	defer func() { _ = f.Close() }()
	if size > image.MaxDocument {
		return nil, fmt.Errorf("%s: %s has %d bytes, more than a manifest may have", dir, skopeoManifest, size)
	}
	b, err := io.ReadAll(io.LimitReader(f, size))
	if err != nil {
		return nil, err
	}
	var m struct {
		MediaType string `json:"mediaType"`
		Manifests []any  `json:"manifests"`
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("%s: %s: %w", dir, skopeoManifest, err)
	}
	if m.MediaType == "" { // OCI's may leave it out
		m.MediaType = ocispec.MediaTypeImageManifest
		if m.Manifests != nil {
			m.MediaType = ocispec.MediaTypeImageIndex
		}
	}
	d := ocispec.Descriptor{MediaType: m.MediaType, Digest: digest.FromBytes(b), Size: int64(len(b))}
	if err := image.CheckType(d); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return &Opened{Provider: skopeoDir{dir, d.Digest}, Target: d, Close: func() error { return nil }}, nil
}

// namesDir tells whether "dir:REST" is a directory: an image may be called dir, too.
func namesDir(rest string) bool {
	_, err := os.Stat(rest)
	return err == nil || strings.Contains(rest, "/")
}

func isSkopeoDir(path string, fi os.FileInfo) bool {
	if !fi.IsDir() {
		return false
	}
	b, err := os.ReadFile(filepath.Join(path, skopeoVersion))
	return err == nil && strings.HasPrefix(string(b), "Directory Transport Version")
}
