package buildcontext

import (
	"path/filepath"
)

// Left tells whether an ignore file leaves a file out of what the builder gets to see; rel
// has slashes. The Dockerfile and the ignore files themselves it always sees.
func Left(dir, dockerfile, rel string) (bool, error) {
	p := filepath.Join(dir, filepath.FromSlash(rel))
	if p == dockerfile || p == filepath.Join(dir, ".dockerignore") || p == dockerfile+".dockerignore" {
		return false, nil
	}
	m, err := ignored(dir, dockerfile)
	if err != nil {
		return false, err
	}
	return m.MatchesOrParentMatches(filepath.FromSlash(rel))
}
