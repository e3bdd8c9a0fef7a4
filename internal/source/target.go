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
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
	"tare/internal/layer"
	"tare/internal/logs"
	"tare/internal/progress"
)

// Opened is an image, or several, open for reading where it is: nothing is stored.
type Opened struct {
	Provider content.Provider   // serves manifests, configurations and layers by digest
	Target   ocispec.Descriptor // an index or a manifest
	// MadeUp says that the archive has no manifest: this one is what loading and pushing
	// the image makes up, and its bytes are not stored.
	MadeUp bool
	// Saved says that layers may be uncompressed here that a push compresses: a Docker
	// daemon sent the archive, or somebody saved it as one does.
	Saved bool
	// Name is the image's own name in an archive; "" for none.
	Name string
	// Tags and Digests are a daemon's names of it.
	Tags, Digests []string
	// Indexed says that all layers have gone by, now or before: to index them reads
	// nothing again. Indexes are those of now, by DiffID.
	Indexed bool
	Indexes map[digest.Digest]*layer.Index
	Close   func() error
}

// OpenOptions are what sources may need.
type OpenOptions struct {
	Registry *Registry
	Stdin    io.Reader
	TempDir  string // for archives that cannot be read in place; "" for the system's
	Platform platforms.MatchComparer
	Progress progress.Func
	Cache    image.Cache       // of what was read before; nil for none
	Note     func(text string) // tells the user something meanwhile; nil for nobody
}

// scheme is a kind of place that images are in. Adding one is adding a row to schemes.
type scheme struct {
	name string // as in name://REST
	rest string // what REST is, for messages
	// aliases are skopeo's names, as in alias:REST. They are names of images, too: where
	// both could be meant, taken tells whether the rest is one of a place.
	aliases []string
	taken   func(rest string) bool
	// holds tells whether a path that exists is such a place, by its contents; nil if a
	// path never is.
	holds func(path string, fi os.FileInfo) bool
	open  func(ctx context.Context, rest string, o OpenOptions) (*Opened, error)
}

var schemes = []scheme{
	{name: "registry", rest: "NAME", open: openRegistry},
	{name: "oci-dir", rest: "DIR", aliases: []string{"oci"}, taken: namesLayout, holds: isLayout, open: openLayout},
	{name: "archive", rest: "FILE", aliases: []string{"oci-archive", "docker-archive"}, holds: isArchive, open: openArchive},
	{name: "dir", rest: "DIR", aliases: []string{"dir"}, taken: namesDir, holds: isSkopeoDir, open: openSkopeoDir},
	{name: "daemon", rest: "NAME", aliases: []string{"docker-daemon"}, open: openDocker},
	{name: "podman", rest: "NAME", open: openPodman},
	{name: "containerd", rest: "[NAMESPACE/]NAME", open: openContainerd},
}

// others are skopeo's and podman's names of places that tare does not read.
var others = []string{"containers-storage", "ostree", "docker-image"}

// known lists what a target may begin with, for messages.
func known() string {
	var names, aliases []string
	for _, s := range schemes {
		names = append(names, s.name+"://"+s.rest)
		for _, a := range s.aliases {
			aliases = append(aliases, a+":")
		}
	}
	return strings.Join(names, ", ") + ", - for standard input, or skopeo's " + strings.Join(aliases, ", ")
}

// Place is where an image is that is not in the store: what a word with a scheme
// means, or a path that holds one. The zero Place is none.
type Place struct {
	s    *scheme
	rest string
}

// Parse reads a word as a place. It is the zero Place for a plain reference or path,
// and an error for a scheme that tare does not know or that is ambiguous.
func Parse(word string) (Place, error) {
	if word == "-" {
		return placed("archive", "-"), nil
	}
	if s, r, ok := strings.Cut(word, "://"); ok && !strings.ContainsAny(s, "/:@") {
		p := placed(s, r)
		switch {
		case s == "docker":
			return Place{}, fmt.Errorf("%s means a registry to some tools and a Docker daemon to others: write registry://%s or daemon://%s", word, r, r)
		case p.s == nil:
			return Place{}, fmt.Errorf("%s: unknown scheme %q: want %s", word, s+"://", known())
		case r == "":
			return Place{}, fmt.Errorf("%s: nothing after %s://", word, s)
		}
		return p, nil
	}
	s, r, ok := strings.Cut(word, ":")
	if !ok || r == "" {
		return Place{}, nil
	}
	for i := range schemes {
		for _, a := range schemes[i].aliases {
			if a == s && (schemes[i].taken == nil || schemes[i].taken(r)) {
				return Place{&schemes[i], r}, nil
			}
		}
	}
	for _, o := range others {
		if o == s && strings.Contains(r, "/") {
			return Place{}, fmt.Errorf("%s: %s is not a source that tare reads: want %s", word, s, known())
		}
	}
	return Place{}, nil
}

// Recognise is the place that a path which exists is, by its contents: an OCI image
// layout or an archive, compressed or not. It is the zero Place for anything else.
func Recognise(path string) Place {
	fi, err := os.Stat(path)
	if err != nil {
		return Place{}
	}
	for i := range schemes {
		if s := &schemes[i]; s.holds != nil && s.holds(path, fi) {
			return Place{s, path}
		}
	}
	return Place{}
}

func placed(name, rest string) Place {
	for i := range schemes {
		if schemes[i].name == name {
			return Place{&schemes[i], rest}
		}
	}
	return Place{}
}

// Scheme is the name of the place's scheme; "" for none.
func (p Place) Scheme() string {
	if p.s == nil {
		return ""
	}
	return p.s.name
}

// Rest is what stands behind the scheme.
func (p Place) Rest() string { return p.rest }

// Path is the file or directory where the place is; "" if it is none of this machine's.
func (p Place) Path() string {
	if p.s == nil || p.s.holds == nil {
		return ""
	}
	path, _ := splitPath(p.rest)
	return path
}

// InRegistry is the place of an image in the registry of its name.
func InRegistry(name string) Place { return placed("registry", name) }

// Open opens the image at the place. The caller calls Close.
func (p Place) Open(ctx context.Context, o OpenOptions) (*Opened, error) {
	if p.s == nil {
		return nil, fmt.Errorf("no scheme: want %s", known())
	}
	done := logs.Took("open image", "scheme", p.s.name, "name", p.rest)
	opened, err := p.s.open(ctx, p.rest, o)
	done(err)
	return opened, err
}

// Open opens what a word with a scheme names. The caller calls Close.
func Open(ctx context.Context, word string, o OpenOptions) (*Opened, error) {
	p, err := Parse(word)
	if err == nil && p.s == nil {
		err = fmt.Errorf("%s has no scheme: want %s", word, known())
	}
	if err != nil {
		return nil, err
	}
	return p.Open(ctx, o)
}

// namesLayout tells whether "oci:REST" is a layout: an image may be called oci, too, but
// has no second colon before a digest.
func namesLayout(rest string) bool {
	path, _ := splitPath(rest)
	return strings.Contains(rest, "/") || strings.Contains(rest, ":") && !strings.Contains(rest, "@") || path != ""
}

func isLayout(path string, fi os.FileInfo) bool {
	if !fi.IsDir() {
		return false
	}
	_, err := os.Stat(filepath.Join(path, ocispec.ImageLayoutFile))
	return err == nil
}

func isArchive(path string, fi os.FileInfo) bool {
	if fi.Mode()&os.ModeNamedPipe != 0 {
		return true // <(docker save app): a Dockerfile in a pipe would have no context
	}
	if !fi.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, 512)
	n, _ := io.ReadFull(f, head)
	return layer.Sniff(head[:min(n, layer.SniffLen)]) != layer.None || n == 512 && string(head[257:262]) == "ustar"
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
