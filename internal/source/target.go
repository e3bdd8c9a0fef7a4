package source

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/platforms"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/layer"
	"tare/internal/progress"
)

// Opened is an image, or several, open for reading where it is: nothing is stored.
type Opened struct {
	Provider content.Provider   // serves manifests, configurations and layers by digest
	Target   ocispec.Descriptor // an index or a manifest
	// MadeUp says that the manifest is not a real one: the archive has none, and its
	// bytes must not count.
	MadeUp bool
	Close  func() error
}

// OpenOptions are what sources may need.
type OpenOptions struct {
	Registry *Registry
	Stdin    io.Reader
	TempDir  string // for archives that cannot be read in place; "" for the system's
	Platform platforms.MatchComparer
	Progress progress.Func
}

const known = "registry://NAME, oci-dir://DIR, archive://FILE, daemon://NAME, - for standard input, or skopeo's oci:, oci-archive:, docker-archive:, docker-daemon:"

// Scheme tells what kind of source a target names, and the rest of it: "registry",
// "oci-dir", "archive" or "daemon". It is "" for a plain reference or path, and an
// error for schemes that tare does not know or that are ambiguous.
func Scheme(target string) (scheme, rest string, err error) {
	if target == "-" {
		return "archive", "-", nil
	}
	if s, r, ok := strings.Cut(target, "://"); ok && !strings.ContainsAny(s, "/:@") {
		switch s {
		case "registry", "oci-dir", "archive", "daemon":
			if r == "" {
				return "", "", fmt.Errorf("%s: nothing after %s://", target, s)
			}
			return s, r, nil
		case "docker":
			return "", "", fmt.Errorf("%s means a registry to some tools and a Docker daemon to others: write registry://%s or daemon://%s", target, r, r)
		}
		return "", "", fmt.Errorf("%s: unknown scheme %q: want %s", target, s+"://", known)
	}
	s, r, ok := strings.Cut(target, ":")
	if !ok || r == "" {
		return "", target, nil
	}
	switch s {
	case "oci":
		// An image may be called oci, too, but has no second colon before a digest.
		path, _ := splitPath(r)
		if strings.Contains(r, "/") || strings.Contains(r, ":") && !strings.Contains(r, "@") || path != "" {
			return "oci-dir", r, nil
		}
	case "oci-archive", "docker-archive":
		return "archive", r, nil
	case "docker-daemon":
		return "daemon", r, nil
	case "containers-storage", "dir", "ostree", "docker-image":
		if strings.Contains(r, "/") {
			return "", "", fmt.Errorf("%s: %s: is not a source that tare reads: want %s", target, s, known)
		}
	}
	return "", target, nil
}

// splitPath divides "PATH[:REFERENCE]" or "PATH@DIGEST" where a path exists: the
// longest one, since names of files may have colons. With no such path it is ("", s).
func splitPath(s string) (path, ref string) {
	if _, err := os.Stat(s); err == nil {
		return s, ""
	}
	for i := len(s) - 1; i > 0; i-- {
		if s[i] != ':' && s[i] != '@' {
			continue
		}
		if _, err := os.Stat(s[:i]); err == nil {
			return s[:i], strings.TrimPrefix(s[i:], ":")
		}
	}
	return "", s
}

// Open opens what a target with a scheme names. The caller calls Close.
func Open(ctx context.Context, target string, o OpenOptions) (*Opened, error) {
	scheme, rest, err := Scheme(target)
	if err != nil {
		return nil, err
	}
	switch scheme {
	case "registry":
		return openRegistry(ctx, rest, o)
	case "oci-dir":
		return openLayout(ctx, rest, o.Platform)
	case "archive":
		return openArchive(ctx, rest, o)
	case "daemon":
		return openDaemon(ctx, rest, o)
	}
	return nil, fmt.Errorf("%s has no scheme: want %s", target, known)
}

// Recognise says what a path that exists is by its contents: "oci-dir" for an OCI
// image layout, "archive" for a tar, compressed or not, "" for anything else.
func Recognise(path string) string {
	fi, err := os.Stat(path)
	if err != nil {
		return ""
	}
	if fi.IsDir() {
		if _, err := os.Stat(filepath.Join(path, ocispec.ImageLayoutFile)); err == nil {
			return "oci-dir"
		}
		return ""
	}
	if fi.Mode()&os.ModeNamedPipe != 0 {
		return "archive" // <(docker save app): a Dockerfile in a pipe would have no context
	}
	if !fi.Mode().IsRegular() {
		return ""
	}
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, 512)
	n, _ := io.ReadFull(f, head)
	if n >= 4 && layer.Sniff(head[:4]) != layer.None || n == 512 && string(head[257:262]) == "ustar" {
		return "archive"
	}
	return ""
}
