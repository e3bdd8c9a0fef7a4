package listing

import (
	"context"
	"fmt"
	"slices"

	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"

	"tare/internal/store"
	"tare/internal/target"
)

// ToSave finds the images to save and the names that each is saved under: of a
// repository without a tag all its tags, as in Docker.
func ToSave(ctx context.Context, st *store.Store, refs []string, want platforms.MatchComparer) (recs []store.Record, names [][]string, err error) {
	at := map[digest.Digest]int{}
	found, err := st.FindAll(ctx, refs)
	if err != nil {
		if _, _, why := target.Local(ctx, st, refs[len(found)], want); why != nil {
			err = why // says what to do
		}
		return nil, nil, err
	}
	for n, ref := range refs {
		for _, r := range found[n] {
			i, ok := at[r.Target.Digest]
			if !ok {
				if err := target.Check(ctx, st, ref, r, want); err != nil {
					return nil, nil, fmt.Errorf("image %s: %w", ref, err)
				}
				i = len(recs)
				at[r.Target.Digest] = i
				recs, names = append(recs, r), append(names, nil)
			}
			if r.Name != "" && !slices.Contains(names[i], r.Name) {
				names[i] = append(names[i], r.Name)
			}
		}
	}
	return recs, names, nil
}
