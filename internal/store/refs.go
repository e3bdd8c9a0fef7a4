package store

import (
	"context"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Docker keeps two kinds of references to an image: tags, and digests of the
// repositories that it came from (alpine@sha256:…). A digest belongs to all tags that
// its repository has for the image and shows in their rows; without any it has a row
// of its own, with the tag <none>. Here the same: a record with a name also stands for
// its repository's digest if Repo says so, a record with Repo alone is a digest without
// a tag, and one with neither is a dangling image.

// digestRef is a reference of the second kind.
type digestRef struct {
	repo   string
	digest digest.Digest
}

// repoOf is the repository of a full name. Names of an index.json that others wrote may
// be anything: what is no name is its own repository.
func repoOf(name string) string {
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		return name[:i]
	}
	return name
}

// arrange makes of records, oldest first, those that say the same in this way: every
// name once (its last record stands), digests beside the tags of their repository, and
// nothing dangling that has a reference. Their order stays.
func arrange(recs []Record) []Record {
	last := map[string]int{}
	digests := map[digestRef]bool{} // the value is ByDigest
	for i, r := range recs {
		if r.Name != "" {
			last[r.Name] = i
		}
		if r.Repo != "" {
			ref := digestRef{r.Repo, r.Target.Digest}
			digests[ref] = digests[ref] || r.ByDigest
		}
	}
	// First the names: they tell which digests have a row already.
	shown := map[digestRef]bool{}
	referred := map[digest.Digest]bool{}
	for name, i := range last {
		r := recs[i]
		shown[digestRef{repoOf(name), r.Target.Digest}] = true
		referred[r.Target.Digest] = true
	}
	var out []Record
	for i, r := range recs {
		own := digestRef{repoOf(r.Name), r.Target.Digest}
		if r.Name != "" && last[r.Name] == i {
			asked, known := digests[own]
			named := r
			named.Repo, named.ByDigest = "", asked
			if known {
				named.Repo = own.repo
			}
			out = append(out, named)
		}
		ref := digestRef{r.Repo, r.Target.Digest}
		if r.Repo == "" || shown[ref] {
			continue
		}
		shown[ref], referred[ref.digest] = true, true
		r.Name, r.ByDigest = "", digests[ref]
		out = append(out, r)
	}
	for _, r := range recs {
		if !referred[r.Target.Digest] { // else it is not dangling
			referred[r.Target.Digest] = true
			out = append(out, Record{Target: r.Target, Origin: r.Origin})
		}
	}
	return out
}

// Put records r and makes it durable. A name that pointed elsewhere is moved; the
// image that loses its last name stays as a dangling one, or under the digest that it
// was pulled with, as in Docker.
func (s *Store) Put(r Record) error { return s.PutAll(s.waiting(), r) }

// PutAll is Put for many records, in their order, with one change of index.json: to
// write that once for each of thousands would take the square of their number.
func (s *Store) PutAll(ctx context.Context, list ...Record) error {
	return s.updateRecords(ctx, func(recs []Record) ([]Record, error) {
		at := map[string]int{}
		for i, r := range recs {
			if r.Name != "" {
				at[r.Name] = i
			}
		}
		for _, r := range list {
			if r.Name == "" && r.Repo != "" && r.Origin == Pulled {
				r.ByDigest = true
			}
			if i, ok := at[r.Name]; ok && r.Name != "" {
				old := recs[i]
				if old.Target.Digest == r.Target.Digest && old.Repo != "" && r.Origin != Pulled {
					r.Origin = old.Origin // a registry has its bytes, wherever they came from now
				}
				recs[i].Name = "" // what it pointed to may have lost its last name
			}
			if r.Name != "" {
				at[r.Name] = len(recs)
			}
			recs = append(recs, r)
		}
		return recs, nil
	})
}

// Replace is Put, but an image that loses its last name by it is forgotten.
func (s *Store) Replace(r Record) error {
	return s.updateRecords(s.waiting(), func(recs []Record) ([]Record, error) {
		return append(without(recs, r.Name), r), nil
	})
}

// Drop removes a name, and with its last name the image: none is left dangling, but for
// one that was pulled by digest, too. A name that is not there is no error.
func (s *Store) Drop(name string) error {
	return s.updateRecords(s.waiting(), func(recs []Record) ([]Record, error) { return without(recs, name), nil })
}

// without is recs without a name; the digest of a repository stays.
func without(recs []Record, name string) []Record {
	var out []Record
	for _, r := range recs {
		if r.Name == name {
			if r.Repo == "" {
				continue
			}
			r.Name = ""
		}
		out = append(out, r)
	}
	return out
}

// Untag removes a name. The image stays, dangling, if it was the last.
func (s *Store) Untag(name string) error {
	return s.updateRecords(s.waiting(), func(recs []Record) ([]Record, error) {
		for i, r := range recs {
			if r.Name == name {
				recs[i].Name = ""
				return recs, nil
			}
		}
		return nil, notFound(name)
	})
}

// Forget removes every entry for a target, names and all. The blobs stay until
// Collect.
func (s *Store) Forget(targets ...digest.Digest) error {
	gone := map[digest.Digest]bool{}
	for _, d := range targets {
		gone[d] = true
	}
	return s.updateRecords(s.waiting(), func(recs []Record) ([]Record, error) {
		var out []Record
		for _, r := range recs {
			if !gone[r.Target.Digest] {
				out = append(out, r)
			}
		}
		return out, nil
	})
}

// updateRecords changes what index.json says of images. What it says of things that
// are none, written by others, stays where it is.
func (s *Store) updateRecords(ctx context.Context, change func([]Record) ([]Record, error)) error {
	return s.update(ctx, func(x *ocispec.Index) error {
		var recs []Record
		out := []ocispec.Descriptor{}
		for _, d := range x.Manifests {
			if d.Digest.Validate() == nil {
				recs = append(recs, record(d))
			} else {
				out = append(out, d)
			}
		}
		recs, err := change(recs)
		if err != nil {
			return err
		}
		for _, r := range arrange(recs) {
			out = append(out, descriptor(r))
		}
		x.Manifests = out
		return nil
	})
}
