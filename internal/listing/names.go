package listing

import (
	"github.com/distribution/reference"

	"tare/internal/store"
)

// Names are the names of a store's images as Docker writes them, to complete what somebody types; none if they cannot be read.
func Names(st *store.Store) (out []string) {
	recs, err := st.Records()
	if err != nil {
		return nil
	}
	for _, r := range recs {
		if n, err := reference.ParseNormalizedNamed(r.Name); err == nil {
			out = append(out, reference.FamiliarString(n))
		}
	}
	return out
}
