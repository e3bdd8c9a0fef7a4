package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sync/errgroup"

	"tare/internal/infile"
)

// blobState is what reading a blob showed.
type blobState struct {
	path string
	size int64
	err  error // nil if its bytes are those of its digest
}

// wrongDigest says that a blob has other bytes than its name.
type wrongDigest struct{ got digest.Digest }

func (e *wrongDigest) Error() string { return fmt.Sprintf("its bytes have %s", e.got) }

// readers is how many blobs are hashed at once: more would not make a disk faster,
// and a check should leave room for work.
const readers = 2

// readBlobs hashes every blob.
func (c *checker) readBlobs(ctx context.Context) error {
	var total, done int64
	var list []digest.Digest
	algorithms, err := os.ReadDir(filepath.Join(c.root, "blobs"))
	if err != nil {
		return err
	}
	for _, a := range algorithms {
		alg := digest.Algorithm(a.Name())
		if !alg.Available() {
			continue
		}
		files, err := os.ReadDir(filepath.Join(c.root, "blobs", a.Name()))
		if err != nil {
			return err
		}
		for _, f := range files {
			d := digest.NewDigestFromEncoded(alg, f.Name())
			fi, err := f.Info()
			if d.Validate() != nil || err != nil || !fi.Mode().IsRegular() {
				continue // strays looks at these
			}
			list = append(list, d)
			total += fi.Size()
		}
	}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for _, d := range list {
		g.Go(func() error {
			st, err := hash(ctx, c.BlobPath(d), d, func(n int64) {
				mu.Lock()
				defer mu.Unlock()
				done += n
				if c.o.Progress != nil {
					c.o.Progress(done, total)
				}
			})
			if err != nil || st == nil { // gone meanwhile: whoever needs it will say so
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			c.blobs[d] = st
			c.out.Blobs++
			c.out.Bytes += st.size
			return nil
		})
	}
	return g.Wait()
}

// hash reads a blob; nil means that there is none. The error is ctx's only.
func hash(ctx context.Context, path string, d digest.Digest, read func(int64)) (*blobState, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	st := &blobState{path: path, err: err}
	if err != nil {
		return st, nil
	}
	defer func() { _ = f.Close() }()
	h := d.Algorithm().Digester()
	for buf := make([]byte, 1<<20); ; {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		n, err := f.Read(buf)
		h.Hash().Write(buf[:n])
		st.size += int64(n)
		if read != nil {
			read(int64(n))
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			st.err = err
			return st, nil
		}
	}
	if got := h.Digest(); got != d {
		st.err = &wrongDigest{got}
	}
	return st, nil
}

// state is that of a blob, nil if it is not there. One that came after readBlobs is
// read now.
func (c *checker) state(ctx context.Context, d digest.Digest) *blobState {
	if st, ok := c.blobs[d]; ok {
		return st
	}
	if d.Validate() != nil {
		return nil
	}
	st, _ := hash(ctx, c.BlobPath(d), d, nil)
	if st != nil {
		c.blobs[d] = st
	}
	return st
}

// damagedBlobs reports the blobs that are not what they should be. They are read
// once more, since others may have replaced or removed them.
func (c *checker) damagedBlobs(ctx context.Context) error {
	var bad []digest.Digest
	for d, st := range c.blobs {
		if st.err != nil {
			bad = append(bad, d)
		}
	}
	slices.Sort(bad)
	for _, d := range bad {
		st, err := hash(ctx, c.BlobPath(d), d, nil)
		if err != nil {
			return err
		}
		if st == nil {
			delete(c.blobs, d)
			continue
		}
		c.blobs[d] = st
		if st.err == nil {
			continue
		}
		p := Problem{Kind: ProblemBlob, Path: c.rel(st.path)}
		var wrong *wrongDigest
		if !errors.As(st.err, &wrong) {
			// It may be whole: what cannot be read is not deleted.
			p.Text = fmt.Sprintf("blob %s cannot be read: %v", d, st.err)
			p.Remedy = "make it readable, or check the disk"
			c.problem(p, nil)
			continue
		}
		p.Text = fmt.Sprintf("blob %s is damaged: %v (%d bytes)", d, st.err, st.size)
		p.Remedy = "tare fsck --repair removes it; a pull of its image fetches it again"
		c.problem(p, func() error { return c.files.Remove(st.path) })
		if c.out.Problems[len(c.out.Problems)-1].Repaired {
			delete(c.blobs, d)
		}
	}
	return c.strays(ctx)
}

// strays reports what lies among the blobs and is none.
func (c *checker) strays(context.Context) error {
	paths, err := infile.Glob(c.root, "blobs", "*", "*")
	if err != nil {
		return err
	}
	for _, path := range paths {
		alg := digest.Algorithm(filepath.Base(filepath.Dir(path)))
		fi, err := os.Lstat(path)
		if err != nil || fi.Mode().IsRegular() && digest.NewDigestFromEncoded(alg, filepath.Base(path)).Validate() == nil {
			continue
		}
		c.problem(Problem{
			Kind: ProblemTemporary, Path: c.rel(path), Text: c.rel(path) + " is not a blob: its name is not a digest, or it is not a regular file",
			Remedy: "tare fsck --repair removes it",
		}, func() error { return c.files.Remove(path) })
	}
	return nil
}
