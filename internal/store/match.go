package store

import (
	"path"

	"github.com/distribution/reference"
)

// Matching applies Docker's reference patterns (`images --filter reference=…`): with or
// without registry, tag and digest, and with the wildcards of path.Match. A record that
// only its digest matches loses its name: Docker shows it with the tag <none>.
func (r Record) Matching(patterns []string) (Record, bool) {
	if r.Name != "" && matchesAny(patterns, r.Name) {
		return r, true
	}
	if r.Repo != "" && matchesAny(patterns, r.Repo+"@"+r.Target.Digest.String()) {
		r.Name = ""
		return r, true
	}
	return r, false
}

func matchesAny(patterns []string, name string) bool {
	n, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return false
	}
	for _, pattern := range patterns {
		if p, err := reference.ParseNormalizedNamed(pattern); err == nil {
			pattern = reference.FamiliarString(p)
		}
		if ok, err := reference.FamiliarMatch(pattern, n); err == nil && ok {
			return true
		}
		if ok, err := path.Match(pattern, reference.FamiliarName(n)); err == nil && ok {
			return true
		}
	}
	return false
}
