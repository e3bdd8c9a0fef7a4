package store

import (
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// PutAll records all of a list in their order, as Put does with each, in one write: either
// all are there afterwards or none. Thousands take no longer than reading them.
func (s *Store) PutAll(list []Record) error {
	return s.update(func(x *ocispec.Index) error {
		names, digests := map[string]bool{}, map[digest.Digest]bool{}
		for _, d := range x.Manifests {
			names[record(d).Name] = true
			digests[d.Digest] = true
		}
		for _, r := range list {
			if digests[r.Target.Digest] || r.Name != "" && names[r.Name] {
				if err := put(x, r); err != nil {
					return err
				}
			} else {
				x.Manifests = append(x.Manifests, descriptor(r)) // put would find nothing to mind
			}
			names[r.Name], digests[r.Target.Digest] = true, true
		}
		return nil
	})
}

// Advise adds what to do to an error of the disk.
func (s *Store) Advise(doing string, err error) error { return s.advise(doing, err) }
