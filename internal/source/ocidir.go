package source

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/errdefs"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
)

// layoutDir serves the blobs of an OCI image layout; it writes nothing.
type layoutDir string

// ReaderAt implements content.Provider.
func (l layoutDir) ReaderAt(_ context.Context, d ocispec.Descriptor) (content.ReaderAt, error) {
	if err := d.Digest.Validate(); err != nil {
		return nil, fmt.Errorf("digest %q: %w", d.Digest, err)
	}
	f, err := os.Open(filepath.Join(string(l), "blobs", d.Digest.Algorithm().String(), d.Digest.Encoded()))
	if os.IsNotExist(err) {
		return nil, fmt.Errorf("blob %s is not in %s: %w", d.Digest, string(l), errdefs.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err == nil && !fi.Mode().IsRegular() {
		err = fmt.Errorf("blob %s is no regular file", d.Digest)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return &section{SectionReader: io.NewSectionReader(f, 0, fi.Size()), close: f.Close}, nil
}

// section is a part of a file as a content.ReaderAt.
type section struct {
	*io.SectionReader
	close func() error
}

// Close implements io.Closer.
func (s *section) Close() error {
	if s.close == nil {
		return nil
	}
	return s.close()
}

func openLayout(s string) (*Opened, error) {
	dir, ref := splitPath(s)
	if dir == "" {
		return nil, fmt.Errorf("no such directory: %s", s)
	}
	read := func(name string, v any) error {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil && len(b) > image.MaxDocument {
			err = fmt.Errorf("%s: %d bytes are too many", name, len(b))
		}
		if err == nil {
			err = json.Unmarshal(b, v)
		}
		if err != nil {
			return fmt.Errorf("%s is not an OCI image layout: %w", dir, err)
		}
		return nil
	}
	var layout ocispec.ImageLayout
	if err := read(ocispec.ImageLayoutFile, &layout); err != nil {
		return nil, err
	}
	var x ocispec.Index
	if err := read(ocispec.ImageIndexFile, &x); err != nil {
		return nil, err
	}
	d, err := pickManifest(x.Manifests, ref)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return &Opened{Provider: layoutDir(dir), Target: d, Close: func() error { return nil }}, nil
}

// pickManifest finds the entry of an index.json that a reference names; the only one
// without a reference.
func pickManifest(list []ocispec.Descriptor, ref string) (ocispec.Descriptor, error) {
	var fit []ocispec.Descriptor
	var names []string
	seen := map[string]bool{}
	for _, d := range list {
		if image.IsAttestation(d) {
			continue
		}
		name := d.Annotations[ocispec.AnnotationRefName]
		full := d.Annotations[images.AnnotationImageName]
		for _, n := range []string{full, name, "@" + d.Digest.String()} {
			if n != "" && n != "@" {
				names = append(names, n)
				break
			}
		}
		if ref != "" && !sameName(ref, name) && !sameName(ref, full) && ref != "@"+d.Digest.String() {
			continue
		}
		if !seen[d.Digest.String()] {
			seen[d.Digest.String()] = true
			fit = append(fit, d)
		}
	}
	switch {
	case len(fit) == 1:
		return fit[0], nil
	case len(list) == 0:
		return ocispec.Descriptor{}, fmt.Errorf("there is no image in it")
	case len(fit) == 0:
		return ocispec.Descriptor{}, fmt.Errorf("no image %q in it: it has %s", ref, shortList(names))
	}
	return ocispec.Descriptor{}, fmt.Errorf("it has several images: write which one after a colon, such as %q (it has %s)", ":"+strings.TrimPrefix(names[0], ":"), shortList(names))
}

// shortList joins names, and not more than fit into an error.
func shortList(names []string) string {
	if len(names) > 12 {
		return strings.Join(names[:12], ", ") + fmt.Sprintf(" and %d more", len(names)-12)
	}
	return strings.Join(names, ", ")
}
