package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
)

// Removed is what became of one reference given to Remove.
type Removed struct {
	Ref      string
	Untagged []string      // references that went, as Docker prints them
	Deleted  digest.Digest // the ID of the image, if it went with them
	Err      error         // why nothing was done; an errdefs.ErrNotFound if there is no such image
}

// Remove removes references, and with its last one an image, by Docker's rules: a tag
// takes along the digests of its repository when it was the last tag there, unless one
// was asked for (Record.ByDigest): the containerd image store keeps those, and so do we;
// a digest takes only itself; an ID takes the image, which must have no more than one
// name unless force is set. What cannot be removed says so in its Err, and the others
// go all the same. The blobs stay until Collect.
func (s *Store) Remove(ctx context.Context, refs []string, force bool) ([]Removed, error) {
	var out []Removed
	err := s.updateRecords(ctx, func(recs []Record) ([]Record, error) {
		out = nil
		r := removal{Store: s, recs: arrange(recs), force: force}
		for _, ref := range refs {
			done := Removed{Ref: ref}
			done.Err = r.remove(ctx, ref, &done)
			out = append(out, done)
		}
		return r.recs, ctx.Err()
	})
	return out, err
}

// removal is a Remove in progress.
type removal struct {
	*Store
	recs  []Record
	ids   map[digest.Digest]digest.Digest // target -> image ID; nil until one is needed
	force bool
}

func (r *removal) remove(ctx context.Context, ref string, done *Removed) error {
	i, kind, err := r.lookUp(ctx, ref, r.recs)
	if err != nil {
		return err
	}
	id := r.idOf(ctx, r.recs[i])
	switch kind {
	case byTag:
		r.untag(i, id, done)
	case byDigest:
		n, err := reference.ParseNormalizedNamed(ref)
		if err != nil {
			return err
		}
		r.undigest(n.Name(), r.recs[i].Target.Digest, done)
	case byID:
		if err := r.conflict(id); err != nil {
			return err
		}
		var gone []string
		for i, rec := range r.recs {
			if r.ids[rec.Target.Digest] != id {
				continue
			}
			if rec.Name != "" {
				gone = append(gone, rec.Name)
			}
			if rec.Repo != "" {
				gone = append(gone, rec.Repo+"@"+rec.Target.Digest.String())
			}
			r.recs[i].Name, r.recs[i].Repo = "", ""
		}
		done.add(gone)
	}
	// A record that has lost all stands as a dangling one until here. It goes, whether the
	// image has other references, to another of its manifests, or goes with it.
	deleted := true
	r.recs = slices.DeleteFunc(r.recs, func(rec Record) bool {
		if r.ids[rec.Target.Digest] != id {
			return false
		}
		referred := rec.Name != "" || rec.Repo != ""
		deleted = deleted && !referred
		return !referred
	})
	if deleted {
		done.Deleted = id
	}
	return nil
}

// idOf is the ID of a record's image; from then on ids has those of all.
func (r *removal) idOf(ctx context.Context, rec Record) digest.Digest {
	if r.ids == nil {
		r.ids = map[digest.Digest]digest.Digest{}
		for _, other := range r.recs {
			if _, ok := r.ids[other.Target.Digest]; !ok {
				r.ids[other.Target.Digest] = r.imageID(ctx, other)
			}
		}
	}
	return r.ids[rec.Target.Digest]
}

// untag removes the name of record i.
func (r *removal) untag(i int, id digest.Digest, done *Removed) {
	rec := r.recs[i]
	repo := repoOf(rec.Name)
	done.Untagged = append(done.Untagged, familiar(rec.Name))
	r.recs[i].Name = ""
	for _, other := range r.recs {
		if r.ids[other.Target.Digest] == id && other.Name != "" && repoOf(other.Name) == repo {
			// The digest stays with the other tags of its repository. That they are of
			// another manifest of the same image is too rare for a row of its own.
			if other.Target.Digest != rec.Target.Digest && !rec.ByDigest {
				r.recs[i].Repo = ""
			}
			return
		}
	}
	var gone []string
	for i, other := range r.recs {
		if r.ids[other.Target.Digest] == id && other.Repo == repo && !other.ByDigest {
			gone = append(gone, repo+"@"+other.Target.Digest.String())
			r.recs[i].Repo = ""
		}
	}
	done.add(gone)
}

// undigest removes a repository's digest; tags stay.
func (r *removal) undigest(repo string, d digest.Digest, done *Removed) {
	done.Untagged = append(done.Untagged, familiar(repo)+"@"+d.String())
	for i, rec := range r.recs {
		if rec.Target.Digest == d && rec.Repo == repo {
			r.recs[i].Repo, r.recs[i].ByDigest = "", false
		}
	}
}

// add notes full references that went, each once, in Docker's order.
func (r *Removed) add(full []string) {
	slices.Sort(full)
	for _, ref := range slices.Compact(full) {
		r.Untagged = append(r.Untagged, familiarRef(ref))
	}
}

// familiarRef is familiar for a name that may have a digest.
func familiarRef(ref string) string {
	name, d, ok := strings.Cut(ref, "@")
	if !ok {
		return familiar(name)
	}
	return familiar(name) + "@" + d
}

// conflict says why an image must not be removed by its ID: it has several names. A tag
// and digests of its repository are one.
func (r *removal) conflict(id digest.Digest) error {
	var tags []string
	repos := map[string]bool{}
	for _, rec := range r.recs {
		if r.ids[rec.Target.Digest] != id {
			continue
		}
		if rec.Name != "" {
			tags = append(tags, familiar(rec.Name))
			repos[repoOf(rec.Name)] = true
		}
		if rec.Repo != "" {
			repos[rec.Repo] = true
		}
	}
	if r.force || len(tags) < 2 && len(repos) < 2 {
		return nil
	}
	for _, rec := range r.recs {
		if r.ids[rec.Target.Digest] == id && rec.Name == "" && rec.Repo != "" {
			tags = append(tags, familiar(rec.Repo)+"@"+rec.Target.Digest.String())
		}
	}
	return fmt.Errorf("the image has %d names (%s): remove them, or all at once with -f", len(tags), strings.Join(tags, ", "))
}
