package builds

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"
	"github.com/zeebo/xxh3"

	"tare/internal/buildcontext"
	"tare/internal/profile"
)

// maxContextFiles bounds what is kept of a context: with more files, causes of misses
// are told without names of files.
const maxContextFiles = 50_000

// contextFiles are the files of a context that decide whether a COPY is cached.
func contextFiles(dir, file string, skip []string, last *profile.Build) map[string]profile.File {
	out := map[string]profile.File{}
	_ = buildcontext.Walk(dir, file, skip, func(rel string, d fs.DirEntry) error {
		if len(out) >= maxContextFiles {
			return fs.SkipAll
		}
		fi, err := d.Info()
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // gone meanwhile
		}
		f := profile.File{Mode: uint32(fi.Mode()), Size: fi.Size(), Time: fi.ModTime().UnixNano()}
		name := filepath.Join(dir, filepath.FromSlash(rel))
		if fi.Mode()&fs.ModeSymlink != 0 {
			f.Link, _ = os.Readlink(name)
		}
		if fi.Mode().IsRegular() {
			if last != nil && last.Files[rel].Time == f.Time && last.Files[rel].Size == f.Size {
				f.Sum = last.Files[rel].Sum
			} else {
				f.Sum = sumOf(name)
			}
		}
		out[rel] = f
		return nil
	})
	return out
}

// sumOf is a file's XXH3-128, to find changes; "" if it cannot be read.
func sumOf(name string) string {
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	h := xxh3.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	b := h.Sum128().Bytes()
	return digest.NewDigestFromBytes("x", b[:]).Encoded()
}

func isDir(p string) bool {
	fi, err := os.Stat(p)
	return err == nil && fi.IsDir()
}
