package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"tare/internal/image"
)

// Origin says how an image came into the store.
type Origin string

// The origins that make a difference.
const (
	Pulled Origin = "pull"  // its digests are a registry's
	Built  Origin = "build" // its own layers are uncompressed until pushed
	Loaded Origin = "load"
)

// Annotations of index.json. ref.name carries the full name, since one layout
// holds many repositories; containerd's key says the same for its tools.
const (
	nameKey       = ocispec.AnnotationRefName
	containerdKey = "io.containerd.image.name"
	originKey     = "dev.tare.origin"
	repoKey       = "dev.tare.repository" // of an image pulled by digest, or untagged later
)

// Record is one entry of the store: a name and what it points to. Name is empty
// for a dangling image.
type Record struct {
	Name   string // normalised and tagged: docker.io/library/python:slim
	Target ocispec.Descriptor
	Origin Origin
	Repo   string // repository whose digest Target has: docker.io/library/python; empty if none
}

// Repository and Tag are the parts of the name as Docker prints them, "<none>"
// where there is none.
func (r Record) Repository() string {
	if r.Name == "" {
		if r.Repo != "" {
			return familiar(r.Repo)
		}
		return "<none>"
	}
	n, err := reference.ParseNormalizedNamed(r.Name)
	if err != nil {
		return r.Name
	}
	return reference.FamiliarName(n)
}

// Tag is the tag of the name, "<none>" if there is none.
func (r Record) Tag() string {
	n, err := reference.ParseNormalizedNamed(r.Name)
	if err != nil {
		return "<none>"
	}
	if t, ok := n.(reference.Tagged); ok {
		return t.Tag()
	}
	return "<none>"
}

func familiar(name string) string {
	n, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return name
	}
	return reference.FamiliarString(n)
}

func record(d ocispec.Descriptor) Record {
	r := Record{Name: d.Annotations[nameKey], Origin: Origin(d.Annotations[originKey]), Repo: d.Annotations[repoKey]}
	if n := d.Annotations[containerdKey]; n != "" {
		r.Name = n
	}
	d.Annotations = nil
	r.Target = d
	return r
}

func descriptor(r Record) ocispec.Descriptor {
	d := r.Target
	d.Annotations = map[string]string{}
	for k, v := range map[string]string{nameKey: r.Name, containerdKey: r.Name, originKey: string(r.Origin), repoKey: r.Repo} {
		if v != "" {
			d.Annotations[k] = v
		}
	}
	if len(d.Annotations) == 0 {
		d.Annotations = nil
	}
	return d
}

// Records lists everything in the store in the order of index.json.
func (s *Store) Records() ([]Record, error) {
	x, err := s.readIndex()
	if err != nil {
		return nil, fmt.Errorf("image store %s: %w", s.root, err)
	}
	var out []Record
	for _, d := range x.Manifests {
		if d.Digest.Validate() == nil { // else it points to nothing: fsck tells of it
			out = append(out, record(d))
		}
	}
	return out, nil
}

// Put records r and makes it durable. A name that pointed elsewhere is moved; the
// image that loses its last name stays as a dangling one, as in Docker.
func (s *Store) Put(r Record) error {
	return s.update(func(x *ocispec.Index) error {
		put(x, r, true)
		return nil
	})
}

// Replace is Put, but an image that loses its last name by it is forgotten.
func (s *Store) Replace(r Record) error {
	return s.update(func(x *ocispec.Index) error {
		put(x, r, false)
		return nil
	})
}

// Drop removes a name, and with its last name the image: none is left dangling, but for
// one that was pulled by digest, too. A name that is not there is no error.
func (s *Store) Drop(name string) error {
	return s.update(func(x *ocispec.Index) error {
		for n := len(x.Manifests) - 1; n >= 0; n-- {
			switch r := record(x.Manifests[n]); {
			case r.Name != name:
			case r.Repo == "":
				x.Manifests = slices.Delete(x.Manifests, n, n+1)
			default:
				r.Name = ""
				x.Manifests[n] = descriptor(r)
			}
		}
		return nil
	})
}

func put(x *ocispec.Index, r Record, keepLost bool) {
	// An image pulled by digest needs no entry of its own beside its name's.
	if r.Name == "" && r.Repo != "" && slices.ContainsFunc(x.Manifests, func(d ocispec.Descriptor) bool {
		old := record(d)
		return old.Target.Digest == r.Target.Digest && old.Repo == r.Repo
	}) {
		return
	}
	// Nor does a nameless one, which would only wait to be pruned with its blobs.
	if r.Name == "" && r.Repo == "" && slices.ContainsFunc(x.Manifests, func(d ocispec.Descriptor) bool { return d.Digest == r.Target.Digest }) {
		return
	}
	var out []ocispec.Descriptor
	var lost *Record
	for _, d := range x.Manifests {
		old := record(d)
		same := old.Target.Digest == r.Target.Digest
		switch {
		case old.Name == r.Name && same && old.Repo == "":
			continue // replaced by r
		case old.Name == r.Name && same:
			if r.Repo == "" {
				r.Repo = old.Repo
			}
			if r.Origin != Pulled {
				r.Origin = old.Origin
			}
			continue
		case old.Name == "" && same && (old.Repo == "" || old.Repo == r.Repo):
			continue // no longer dangling
		case old.Name == r.Name && r.Name != "":
			old.Name = ""
			lost = &old
			continue
		}
		out = append(out, d)
	}
	out = append(out, descriptor(r))
	if lost != nil && (keepLost || lost.Repo != "") && !slices.ContainsFunc(out, func(d ocispec.Descriptor) bool { return d.Digest == lost.Target.Digest }) {
		out = append(out, descriptor(*lost))
	}
	x.Manifests = out
}

// Untag removes a name. The image stays, dangling, if it was the last.
func (s *Store) Untag(name string) error {
	return s.update(func(x *ocispec.Index) error {
		i := slices.IndexFunc(x.Manifests, func(d ocispec.Descriptor) bool { return record(d).Name == name })
		if i < 0 {
			return notFound(name)
		}
		r := record(x.Manifests[i])
		x.Manifests = slices.Delete(x.Manifests, i, i+1)
		if !slices.ContainsFunc(x.Manifests, func(d ocispec.Descriptor) bool { return d.Digest == r.Target.Digest }) {
			r.Name = ""
			x.Manifests = append(x.Manifests, descriptor(r))
		}
		return nil
	})
}

// Forget removes every entry for a target, names and all. The blobs stay until
// Collect.
func (s *Store) Forget(target digest.Digest) error {
	return s.update(func(x *ocispec.Index) error {
		x.Manifests = slices.DeleteFunc(x.Manifests, func(d ocispec.Descriptor) bool { return d.Digest == target })
		return nil
	})
}

// Normalize gives a name its full form: "python:slim" is
// "docker.io/library/python:slim", no tag means "latest".
func Normalize(name string) (reference.Named, error) {
	n, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return nil, fmt.Errorf("%q is not an image name: %w", name, err)
	}
	return reference.TagNameOnly(n), nil
}

// ErrAmbiguous is returned (wrapped) where the beginning of an ID fits several images.
var ErrAmbiguous = errors.New("the beginning of several image IDs")

func notFound(ref string) error {
	return fmt.Errorf("no such image: %s: %w", ref, errdefs.ErrNotFound)
}

// Find looks an image up by name (python:slim), name and digest, image ID or the
// beginning of one, or a manifest's or index's digest. It returns an
// errdefs.ErrNotFound if there is none.
func (s *Store) Find(ctx context.Context, ref string) (Record, error) {
	recs, err := s.Records()
	if err != nil {
		return Record{}, err
	}
	if n, err := Normalize(ref); err == nil {
		if c, ok := n.(reference.Canonical); ok {
			for _, r := range recs {
				if r.Target.Digest == c.Digest() && repoOf(r) == n.Name() {
					return r, nil
				}
			}
			return Record{}, notFound(ref)
		}
		for _, r := range recs {
			if r.Name == n.String() {
				return r, nil
			}
		}
	}
	return s.findID(ctx, ref, recs)
}

func repoOf(r Record) string {
	if r.Name != "" {
		if n, err := reference.ParseNormalizedNamed(r.Name); err == nil {
			return n.Name()
		}
	}
	return r.Repo
}

func (s *Store) findID(ctx context.Context, ref string, recs []Record) (Record, error) {
	hex := strings.TrimPrefix(ref, "sha256:")
	if hex == "" || strings.Trim(hex, "0123456789abcdef") != "" {
		return Record{}, notFound(ref)
	}
	var found *Record
	var id digest.Digest
	for i, r := range recs {
		ids := []digest.Digest{r.Target.Digest}
		if img, err := image.Load(ctx, s.blob, r.Target, nil); err == nil {
			ids = append(ids, img.ID(), img.Manifest.Digest)
		}
		for _, d := range ids {
			if !strings.HasPrefix(d.Encoded(), hex) {
				continue
			}
			if found != nil && id != d && found.Target.Digest != r.Target.Digest {
				return Record{}, fmt.Errorf("%q is %w: %.12s, %.12s", ref, ErrAmbiguous, id.Encoded(), d.Encoded())
			}
			if found == nil {
				found, id = &recs[i], d
			}
		}
	}
	if found == nil {
		return Record{}, notFound(ref)
	}
	return *found, nil
}

// OneOf finds an image in a foreign layout by its tag, or the only image if tag
// is empty.
func (s *Store) OneOf(ctx context.Context, tag string) (Record, error) {
	recs, err := s.Records()
	if err != nil {
		return Record{}, err
	}
	if tag == "" {
		if len(recs) != 1 {
			return Record{}, fmt.Errorf("the layout %s holds %d images; name one with :TAG or @DIGEST", s.root, len(recs))
		}
		return recs[0], nil
	}
	for _, r := range recs {
		if r.Name == tag || r.Tag() == tag {
			return r, nil
		}
	}
	return s.Find(ctx, tag)
}
