package buildkit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	gofs "io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/tonistiigi/fsutil"

	"tare/internal/buildcontext"
	"tare/internal/engine"
)

// sent notes which files of the contexts the builder asks for.
type sent struct {
	lock  sync.Mutex
	files map[string]map[string]bool
}

// watched is a context whose files are noted when they are read.
type watched struct {
	fsutil.FS
	name string
	s    *sent
}

// Open implements fsutil.FS.
func (w watched) Open(p string) (io.ReadCloser, error) {
	w.s.lock.Lock()
	if w.s.files[w.name] == nil {
		w.s.files[w.name] = map[string]bool{}
	}
	w.s.files[w.name][filepath.ToSlash(p)] = true
	w.s.lock.Unlock()
	return w.FS.Open(p)
}

// watch makes the contexts of a solve tell what is read of them.
func watch(s *solve) *sent {
	out := &sent{files: map[string]map[string]bool{}}
	for name, fs := range s.LocalMounts {
		if name != "dockerfile" {
			s.LocalMounts[name] = watched{fs, name, out}
		}
	}
	return out
}

// contentKey is a digest of what the contexts of a build hold. As a part of the shared
// key it makes the builder compare a changed context with nothing that it had before:
// of one that did not change nothing is sent again.
func contentKey(r engine.Build, file string) (string, error) {
	sum := sha256.New()
	dirs := map[string]string{"context": r.Context}
	for name, dir := range r.Contexts {
		if fi, err := os.Stat(dir); err == nil && fi.IsDir() {
			dirs[name] = dir
		}
	}
	for _, name := range slices.Sorted(maps.Keys(dirs)) {
		ignoring := ""
		if name == "context" {
			ignoring = file
		}
		err := buildcontext.Sent(dirs[name], ignoring, nil, func(rel string, d gofs.DirEntry) error {
			if !d.Type().IsRegular() {
				return nil
			}
			f, err := os.Open(filepath.Join(dirs[name], filepath.FromSlash(rel)))
			if err != nil {
				return err
			}
			defer func() { _ = f.Close() }()
			fmt.Fprintf(sum, "%s\x00%s\x00", name, rel)
			_, err = io.Copy(sum, f)
			return err
		})
		if err != nil {
			return "", fmt.Errorf("--checksum-context: %w", err)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:16]), nil
}
