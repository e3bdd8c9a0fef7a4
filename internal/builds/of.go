package builds

import (
	"path/filepath"

	"github.com/opencontainers/go-digest"

	"tare/internal/engine"
	"tare/internal/profile"
)

// noteOf keeps what an image was made from by its ID, which stays when it is pushed.
func (b Book) noteOf(out *engine.Built, made kept) {
	id := digest.Digest(out.ConfigID)
	if id.Validate() == nil {
		b.keep(ofKind, id, made)
	}
}

// MadeOf is what an image was made from that was built here, by its ID; nil if that is not
// known.
func (b Book) MadeOf(image digest.Digest) *profile.Build {
	if image.Validate() != nil {
		return nil
	}
	return b.getBuild(ofKind, image)
}

// Files are all files of a build context that a builder would get, with sums of their
// contents; whole is false if there are too many.
func Files(dir, dockerfile string) (files map[string]profile.File, whole bool) {
	files, whole = listed(dir, dockerfile, nil)
	for p, f := range files {
		if f.Link == "" && !isDir(filepath.Join(dir, filepath.FromSlash(p))) {
			f.Sum = sumOf(filepath.Join(dir, filepath.FromSlash(p)))
			files[p] = f
		}
	}
	return files, whole
}
