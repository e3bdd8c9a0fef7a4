package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"tare/internal/infile"
	"tare/internal/pattern"
	"tare/internal/units"
)

// download is a directory below ingest: a blob that is being written, or was.
type download struct {
	path, ref string
	bytes     int64
	updated   time.Time
	torn      bool // it lacks what it takes to go on
}

// once matches the references of writers that always start over.
var once = pattern.New(`^(write-|\d+-\d+-)`)

// resumable tells whether the next pull of the same blob goes on where this stopped.
func (d download) resumable() bool {
	return !d.torn && d.bytes > 0 && !once().MatchString(d.ref) && time.Since(d.updated) < abandonAfter
}

// blobOf is the encoded digest that a download's reference ends in.
func (d download) blobOf() string {
	return d.ref[strings.LastIndexByte(d.ref, ':')+1:]
}

// listDownloads lists what is below ingest.
func (s *Store) listDownloads() []download {
	dirs, _ := os.ReadDir(filepath.Join(s.root, "ingest"))
	var out []download
	for _, e := range dirs {
		d := download{path: filepath.Join(s.root, "ingest", e.Name())}
		ref, err := os.ReadFile(filepath.Join(d.path, "ref"))
		fi, err2 := os.Stat(filepath.Join(d.path, "data"))
		d.ref = string(ref)
		if err != nil || err2 != nil || digest.FromBytes(ref).Encoded() != e.Name() {
			d.torn = true
		} else {
			d.bytes, d.updated = fi.Size(), fi.ModTime()
		}
		out = append(out, d)
	}
	return out
}

// downloads reports what ended processes were writing. The caller is alone.
func (c *checker) downloads(context.Context) error {
	var kept int
	var size int64
	for _, d := range c.listDownloads() {
		if d.resumable() {
			kept++
			size += d.bytes
			continue
		}
		c.problem(Problem{
			Kind: ProblemDownload, Path: c.rel(d.path), Text: fmt.Sprintf("%s is left over from a process that ended; nothing resumes it", c.rel(d.path)),
			Remedy: "tare fsck --repair removes it",
		}, func() error { return c.files.Remove(d.path) })
	}
	if kept > 0 {
		c.note("%s (%d bytes): the next pull of the same image goes on there", units.Plural(kept, "interrupted download"), size)
	}
	return nil
}

// locks reports lock files of blobs. The caller is alone, so that nobody holds one.
func (c *checker) locks(context.Context) error {
	for _, path := range c.staleLocks() {
		c.problem(Problem{
			Kind: ProblemLock, Path: c.rel(path), Text: c.rel(path) + " is a stale lock file",
			Remedy: "tare fsck --repair removes it; it does no harm",
		}, func() error { return c.files.Remove(path) })
	}
	return nil
}

// staleLocks lists the lock files without a download that may go on. The caller
// holds the store alone.
func (s *Store) staleLocks() []string {
	used := map[string]bool{}
	for _, d := range s.listDownloads() {
		if d.resumable() {
			used[d.blobOf()] = true
		}
	}
	files, _ := os.ReadDir(filepath.Join(s.root, "locks"))
	var out []string
	for _, f := range files {
		if !used[f.Name()] {
			out = append(out, filepath.Join(s.root, "locks", f.Name()))
		}
	}
	return out
}

// temporaries reports files that ended processes did not come to rename.
func (c *checker) temporaries(ctx context.Context) error {
	// Those of the root belong to whoever holds the lock of index.json.
	paths := c.rootTemporaries()
	if len(paths) > 0 {
		unlock, err := c.lock(ctx, "index.lock", true)
		if err != nil {
			return err
		}
		defer unlock()
	}
	var cached []string
	for _, dir := range []string{cacheDir, buildsDir} {
		list, err := infile.Glob(c.root, dir, "*", ".tmp-*")
		if err != nil {
			return err
		}
		cached = append(cached, list...)
	}
	// An earlier tare probed at every start what the kernel can.
	probes, err := infile.Glob(c.root, ".fsverity-check-*")
	if err != nil {
		return err
	}
	for _, path := range append(cached, probes...) {
		// Its clock may have been set back since.
		if fi, err := os.Lstat(path); err == nil && time.Since(fi.ModTime()).Abs() >= c.o.Young {
			paths = append(paths, path)
		}
	}
	for _, path := range paths {
		if _, err := os.Lstat(path); err != nil {
			continue // renamed while we waited for the lock
		}
		c.problem(Problem{
			Kind: ProblemTemporary, Path: c.rel(path), Text: c.rel(path) + " is a temporary file left over from a process that ended",
			Remedy: "tare fsck --repair removes it",
		}, func() error { return c.files.Remove(path) })
	}
	return nil
}

// derived checks the sums of the cache's entries, and of what is remembered of builds.
func (c *checker) derived(ctx context.Context) error {
	err := c.values(ctx, cacheDir, "it is computed again when needed, and was never used")
	if err == nil {
		err = c.values(ctx, buildsDir, "the next build of the same Dockerfile remembers it again, and it was never used")
	}
	return err
}

// values checks the sums of the values in a directory of the store; next says what
// becomes of one that is removed.
func (c *checker) values(ctx context.Context, dir, next string) error {
	return filepath.WalkDir(filepath.Join(c.root, dir), func(path string, e fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), ".tmp-") {
			return nil //nolint:nilerr // a cache may be missing, or vanish
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return nil //nolint:nilerr // gone meanwhile
		}
		c.out.Derived++
		alg := digest.SHA256
		for _, a := range []digest.Algorithm{digest.SHA384, digest.SHA512} {
			if len(e.Name()) == a.Size()*2 {
				alg = a
			}
		}
		kind, key := filepath.Base(filepath.Dir(path)), digest.NewDigestFromEncoded(alg, e.Name())
		if len(b) >= sha256.Size && bytes.Equal(b[:sha256.Size], sum(kind, key, b[sha256.Size:])) {
			return nil
		}
		c.problem(Problem{
			Kind: ProblemDerived, Path: c.rel(path), Text: c.rel(path) + " is damaged",
			Remedy: "tare fsck --repair removes it; " + next,
		}, func() error { return c.files.Remove(path) })
		return nil
	})
}

// unused notes the blobs that no name reaches: no problem, but room.
func (c *checker) unused(ctx context.Context) error {
	dead, err := c.dead(ctx, false)
	var n int64
	for _, size := range dead {
		n += size
	}
	if err == nil && n > 0 {
		c.note("%s of unreferenced blobs: the next pull may use them; tare system prune removes them", units.Bytes(n))
	}
	return nil //nolint:nilerr // what stops it was reported already
}

func compareDigests(a, b digest.Digest) int { return strings.Compare(string(a), string(b)) }
