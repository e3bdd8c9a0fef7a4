package infile

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// Glob lists what matches a pattern, of the parts of a path, below a directory, sorted.
// The directory's own name may hold what is special in patterns. The error is one of the
// pattern; what cannot be read matches nothing.
func Glob(dir string, pattern ...string) ([]string, error) {
	list, err := fs.Glob(os.DirFS(dir), path.Join(pattern...))
	for i, name := range list {
		list[i] = filepath.Join(dir, filepath.FromSlash(name))
	}
	return list, err
}
