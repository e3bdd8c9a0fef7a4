package store

import (
	"errors"
	"fmt"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Origin says how an image came into the store.
type Origin string

// The origins that make a difference.
const (
	Pulled Origin = "pull"  // its digests are a registry's
	Built  Origin = "build" // its own layers are uncompressed until pushed
	Loaded Origin = "load"
	// Saved images were loaded from what docker save wrote: a Docker daemon keeps layers
	// uncompressed and compresses them when it pushes them. So does tare.
	Saved Origin = "save"
)

// Annotations of index.json. ref.name carries the full name, since one layout
// holds many repositories; containerd's key says the same for its tools.
const (
	nameKey       = ocispec.AnnotationRefName
	containerdKey = "io.containerd.image.name"
	originKey     = "dev.tare.origin"
	repoKey       = "dev.tare.repository" // of an image pulled by digest, or untagged later
	digestKey     = "dev.tare.by-digest"  // "true" where the digest itself was asked for
)

// Record is one entry of the store: a name and what it points to. Name is empty
// for a dangling image.
type Record struct {
	Name   string // normalised and tagged: docker.io/library/python:slim
	Target ocispec.Descriptor
	Origin Origin
	Repo   string // repository whose digest Target has: docker.io/library/python; empty if none
	// ByDigest says that somebody asked for Repo@digest, so that it outlives the tags of
	// its repository. Other digests came along with a tag, and go with the last one.
	ByDigest bool
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
	r := Record{Name: d.Annotations[nameKey], Origin: Origin(d.Annotations[originKey]), Repo: d.Annotations[repoKey], ByDigest: d.Annotations[digestKey] == "true"}
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
	digested := ""
	if r.ByDigest && r.Repo != "" {
		digested = "true"
	}
	for k, v := range map[string]string{nameKey: r.Name, containerdKey: r.Name, originKey: string(r.Origin), repoKey: r.Repo, digestKey: digested} {
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

// Tagged tells whether a reference names a tag or a digest itself.
func Tagged(ref string) bool {
	return strings.Contains(ref, "@") || strings.Contains(ref[strings.LastIndexByte(ref, '/')+1:], ":")
}

// TagOrDigest is the digest that a name has, else its tag, else "latest".
func TagOrDigest(n reference.Named) string {
	switch v := n.(type) {
	case reference.Canonical:
		return v.Digest().String()
	case reference.Tagged:
		return v.Tag()
	}
	return "latest"
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
