package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"

	"tare/internal/image"
)

// Find looks an image up by name (python:slim), name and digest, image ID or the
// beginning of one, or a manifest's or index's digest. It returns an
// errdefs.ErrNotFound if there is none.
func (s *Store) Find(ctx context.Context, ref string) (Record, error) {
	recs, err := s.Records()
	if err != nil {
		return Record{}, err
	}
	i, _, err := s.lookUp(ctx, ref, recs)
	if err != nil {
		return Record{}, err
	}
	return recs[i], nil
}

// FindAll is Find for `save`: of a repository without a tag it finds all tags, as
// Docker does. The records of other references have a name only if the reference is that
// name. out[i] are those of refs[i]; on an error it has as many as were found before.
func (s *Store) FindAll(ctx context.Context, refs []string) (out [][]Record, err error) {
	recs, err := s.Records()
	if err != nil {
		return nil, err
	}
	for _, ref := range refs {
		found, err := s.findAll(ctx, ref, recs)
		if err != nil {
			return out, err
		}
		out = append(out, found)
	}
	return out, nil
}

func (s *Store) findAll(ctx context.Context, ref string, recs []Record) ([]Record, error) {
	if n, err := reference.ParseNormalizedNamed(ref); err == nil && reference.IsNameOnly(n) {
		var all []Record
		for _, r := range recs {
			if r.Name != "" && repoOf(r.Name) == n.Name() || r.Name == "" && r.Repo == n.Name() {
				all = append(all, r)
			}
		}
		if len(all) > 0 {
			return all, nil
		}
	}
	i, kind, err := s.lookUp(ctx, ref, recs)
	if err != nil {
		return nil, err
	}
	found := recs[i]
	if kind != byTag {
		found.Name = ""
	}
	return []Record{found}, nil
}

// How an image was named.
type foundBy int

const (
	byTag    foundBy = iota // python:slim
	byDigest                // python@sha256:…
	byID                    // its ID, the beginning of it, or a manifest's digest
)

// lookUp is Find in recs. It returns the index of the record and how it was found.
func (s *Store) lookUp(ctx context.Context, ref string, recs []Record) (int, foundBy, error) {
	if n, err := Normalize(ref); err == nil {
		if c, ok := n.(reference.Canonical); ok {
			i := slices.IndexFunc(recs, func(r Record) bool {
				return r.Target.Digest == c.Digest() && (r.Repo == n.Name() || r.Name != "" && repoOf(r.Name) == n.Name())
			})
			if i < 0 {
				return 0, 0, notFound(ref)
			}
			return i, byDigest, nil
		}
		full := n.String()
		if i := slices.IndexFunc(recs, func(r Record) bool { return r.Name == full }); i >= 0 {
			return i, byTag, nil
		}
	}
	i, err := s.findID(ctx, ref, recs)
	return i, byID, err
}

func (s *Store) findID(ctx context.Context, ref string, recs []Record) (int, error) {
	hex := strings.TrimPrefix(ref, "sha256:")
	if hex == "" || strings.Trim(hex, "0123456789abcdef") != "" {
		return 0, notFound(ref)
	}
	found := -1
	var id digest.Digest
	for i, r := range recs {
		for _, d := range s.idsOf(ctx, r) {
			if !strings.HasPrefix(d.Encoded(), hex) {
				continue
			}
			if found >= 0 && id != d && recs[found].Target.Digest != r.Target.Digest {
				return 0, fmt.Errorf("%q is %w: %.12s, %.12s", ref, ErrAmbiguous, id.Encoded(), d.Encoded())
			}
			if found < 0 {
				found, id = i, d
			}
		}
	}
	if found < 0 {
		return 0, notFound(ref)
	}
	return found, nil
}

// idsOf lists the digests that an image is known by: the target's, and, as far as they
// can be read, the image ID and the manifest's. Reading is done once a process: with
// thousands of images every look-up of an ID would read thousands of files.
func (s *Store) idsOf(ctx context.Context, r Record) []digest.Digest {
	if ids, ok := s.ids.Load(r.Target.Digest); ok {
		return ids.([]digest.Digest)
	}
	img, err := image.Load(ctx, s.blob, r.Target, nil)
	if err != nil {
		return []digest.Digest{r.Target.Digest} // it may be readable the next time
	}
	ids := []digest.Digest{r.Target.Digest, img.ID(), img.Manifest.Digest}
	// Of an index the next platform that is pulled may become the one that is meant.
	if img.Manifest.Digest == r.Target.Digest {
		s.ids.Store(r.Target.Digest, ids)
	}
	return ids
}

// imageID is what Docker calls the image: the digest of its configuration, or the
// target's where that cannot be read.
func (s *Store) imageID(ctx context.Context, r Record) digest.Digest {
	if ids := s.idsOf(ctx, r); len(ids) > 1 {
		return ids[1]
	}
	return r.Target.Digest
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
