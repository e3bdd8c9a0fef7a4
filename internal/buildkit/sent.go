package buildkit

import (
	"context"
	"io"
	gofs "io/fs"
	"path/filepath"
	"sync"
	"time"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
	"github.com/zeebo/xxh3"
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

// watch makes the contexts of a solve tell what is read of them, and compares them by
// content if that is wished.
func watch(s *solve, checksum bool) *sent {
	out := &sent{files: map[string]map[string]bool{}}
	for name, fs := range s.LocalMounts {
		if name != "dockerfile" {
			if checksum {
				fs = stamped{fs}
			}
			s.LocalMounts[name] = watched{fs, name, out}
		}
	}
	return out
}

// stamped is a context whose files have a time that their content decides, below the
// second: layers hold seconds only, and builders compare all of it. So a file is asked for
// again when its content changed, whatever its own time says, and only then. (Another
// shared key would do as well, but the builder would keep a second copy of the context,
// and the next build without this would use the old one.)
type stamped struct{ fsutil.FS }

// Walk implements fsutil.FS.
func (f stamped) Walk(ctx context.Context, target string, fn gofs.WalkDirFunc) error {
	return f.FS.Walk(ctx, target, func(p string, d gofs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			d = stamp{d, func() (io.ReadCloser, error) { return f.Open(p) }}
		}
		return fn(p, d, err)
	})
}

type stamp struct {
	gofs.DirEntry
	open func() (io.ReadCloser, error)
}

// Info implements fs.DirEntry. Only what is not ignored is asked for, and read.
func (s stamp) Info() (gofs.FileInfo, error) {
	fi, err := s.DirEntry.Info()
	if err != nil {
		return nil, err
	}
	st, ok := fi.Sys().(*types.Stat)
	if !ok || st.Linkname != "" { // another name of a file
		return fi, nil
	}
	f, err := s.open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	sum := xxh3.New()
	if _, err := io.Copy(sum, f); err != nil {
		return nil, err
	}
	st = st.Clone()
	second := int64(time.Second)
	st.ModTime = st.ModTime/second*second + int64(sum.Sum64()%uint64(second))
	return &fsutil.StatInfo{Stat: st}, nil
}
