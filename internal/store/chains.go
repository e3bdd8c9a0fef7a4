package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/opencontainers/go-digest"
)

// Chain makes a key of the layers of an image, bottom first.
func Chain(layers []digest.Digest) string {
	var b strings.Builder
	for _, d := range layers {
		b.WriteString(string(d))
		b.WriteByte('\n')
	}
	return b.String()
}

// Chains tells of the layers, as Chain, which images with a name are made of: all
// platforms of them that are here.
func (s *Store) Chains(ctx context.Context) (map[string]bool, error) {
	recs, err := s.Records()
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	w := walk{live: map[digest.Digest]bool{}, read: map[digest.Digest]bool{}}
	w.each = func(doc document) {
		if len(doc.Layers) == 0 {
			return
		}
		var layers []digest.Digest
		for _, l := range doc.Layers {
			layers = append(layers, l.Digest)
		}
		out[Chain(layers)] = true
	}
	for _, r := range recs {
		if r.Name == "" {
			continue
		}
		if err := s.reach(ctx, r.Target.Digest, w); err != nil {
			return nil, fmt.Errorf("image store %s: %w", s.root, err)
		}
	}
	return out, nil
}
