package source

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
)

// layoutDir serves the blobs of an OCI image layout; it writes nothing.
type layoutDir string

// ReaderAt implements content.Provider.
func (l layoutDir) ReaderAt(_ context.Context, d ocispec.Descriptor) (content.ReaderAt, error) {
	if err := d.Digest.Validate(); err != nil {
		return nil, fmt.Errorf("digest %s: %w", quote(d.Digest.String()), err)
	}
	f, size, err := openRegular(filepath.Join(string(l), "blobs", d.Digest.Algorithm().String(), d.Digest.Encoded()))
	if os.IsNotExist(err) {
		return nil, fmt.Errorf("blob %s is not in %s: %w", d.Digest, string(l), errdefs.ErrNotFound)
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

// openRegular opens a file, and nothing else: to open a pipe would wait for whoever
// writes to it.
func openRegular(name string) (*os.File, int64, error) {
	fi, err := os.Stat(name)
	if err == nil && !fi.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", name)
	}
	if err != nil {
		return nil, 0, err
	}
	f, err := os.Open(name)
	return f, fi.Size(), err
}

// sized refuses a blob that is larger or smaller than its descriptor says: readers of
// documents take as much memory as there are bytes, after a look at the descriptor.
func sized(d ocispec.Descriptor, size int64) error {
	if size != d.Size {
		return fmt.Errorf("blob %s has %d bytes where %d were announced: it is damaged", d.Digest, size, d.Size)
	}
	return nil
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

func openLayout(ctx context.Context, s string, o OpenOptions) (*Opened, error) {
	dir, ref := splitPath(s)
	if dir == "" {
		return nil, fmt.Errorf("no such directory: %s", s)
	}
	read := func(name string, v any) error {
		err := readDocument(filepath.Join(dir, name), v)
		if err != nil {
			return fmt.Errorf("%s is not an OCI image layout: %s: %w", dir, name, err)
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
	d, err := pickFor(ctx, layoutDir(dir), x.Manifests, ref, o.Platform)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return &Opened{Provider: layoutDir(dir), Target: d, Close: func() error { return nil }}, nil
}

func readDocument(name string, v any) error {
	f, size, err := openRegular(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if size > image.MaxDocument {
		return fmt.Errorf("%d bytes are too many", size)
	}
	b, err := io.ReadAll(io.LimitReader(f, image.MaxDocument))
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}

// pickFor is pickManifest where entries may be one image for several platforms: if they
// have no names, or all the same one, the platform decides.
func pickFor(ctx context.Context, p content.Provider, list []ocispec.Descriptor, ref string, want platforms.MatchComparer) (ocispec.Descriptor, error) {
	d, err := pickManifest(list, ref)
	if err == nil {
		return d, nil
	}
	var same []ocispec.Descriptor
	for _, m := range list {
		name, full := m.Annotations[ocispec.AnnotationRefName], m.Annotations[images.AnnotationImageName]
		switch {
		case image.IsAttestation(m):
		case images.IsIndexType(m.MediaType):
			return d, err
		case ref == "" && name == "" && full == "", ref != "" && (sameName(ref, name) || sameName(ref, full)):
			same = append(same, m)
		case ref == "":
			return d, err
		}
	}
	have, list2 := map[string]bool{}, image.WithPlatforms(ctx, p, same)
	for _, m := range list2 {
		if m.Platform == nil || have[platforms.FormatAll(*m.Platform)] {
			return d, err // these are several images
		}
		have[platforms.FormatAll(*m.Platform)] = true
	}
	if len(list2) < 2 {
		return d, err
	}
	return image.ChooseOf(ctx, p, list2, want)
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
	case len(names) == 0:
		return ocispec.Descriptor{}, fmt.Errorf("no image in it")
	case len(fit) == 0:
		return ocispec.Descriptor{}, fmt.Errorf("no image %q in it: it has %s", ref, shortList(names))
	}
	return ocispec.Descriptor{}, fmt.Errorf("it has several images: write which one after a colon, such as %s (it has %s)", quote(":"+strings.TrimPrefix(names[0], ":")), shortList(names))
}

// shortList joins names, and not more than fit into an error.
func shortList(names []string) string {
	var out []string
	for _, n := range names[:min(12, len(names))] {
		if len(n) > maxQuoted || strings.ContainsFunc(n, func(r rune) bool { return !unicode.IsPrint(r) }) {
			n = quote(n)
		}
		out = append(out, n)
	}
	s := strings.Join(out, ", ")
	if len(names) > 12 {
		s += fmt.Sprintf(" and %d more", len(names)-12)
	}
	return s
}

// maxQuoted is how much of a stranger's name an error shows, in bytes.
const maxQuoted = 200

// quote shows a name that a stranger chose: it may hold commands for the terminal.
func quote(name string) string {
	if len(name) > maxQuoted {
		return fmt.Sprintf("%q… (%d bytes)", name[:maxQuoted], len(name))
	}
	return fmt.Sprintf("%q", name)
}
