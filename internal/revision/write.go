package revision

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// writer writes files of commits. All names go through an os.Root: whatever a tree calls
// its files, and whatever its links lead to, nothing is written elsewhere.
type writer struct {
	*Tree
	to       *os.Root
	dirs     map[string]bool
	pointers int // of Git LFS, whose contents are not here
	skip     map[string]bool
	skipped  int // files of skip
}

// write writes what a tree has below a directory; at is where it lies in the repository.
func (w *writer) write(ctx context.Context, r *Repository, tree, at, below string) error {
	out, err := run(ctx, r.Top, "ls-tree", "-r", "-z", "--full-tree", tree)
	if err != nil {
		return err
	}
	list, err := entries(out)
	if err != nil {
		return err
	}
	var blobs []entry
	for _, e := range list {
		if !filepath.IsLocal(e.path) || slices.ContainsFunc(strings.Split(e.path, "/"), func(s string) bool { return strings.EqualFold(s, ".git") }) {
			return fmt.Errorf("%q is no name for a file", e.path)
		}
		if w.skip[path.Join(at, e.path)] && !r.here(path.Join(at, e.path)) {
			w.skipped++
			continue
		}
		if e.kind == "commit" {
			if err := w.submodule(ctx, r, e, path.Join(at, e.path), path.Join(below, e.path)); err != nil {
				return err
			}
			continue
		}
		blobs = append(blobs, e)
	}
	return r.blobs(ctx, blobs, func(e entry, size int64, content io.Reader) error {
		return w.file(r, e, path.Join(at, e.path), path.Join(below, e.path), size, content)
	})
}

// submodule writes the files of a submodule, if its repository is checked out here and has
// the commit. Otherwise its directory is empty, as in a clone, and that is said.
func (w *writer) submodule(ctx context.Context, r *Repository, e entry, at, below string) error {
	if err := w.mkdir(r, at, below); err != nil {
		return err
	}
	dir := filepath.Join(r.Top, filepath.FromSlash(at))
	sub, err := Find(ctx, dir)
	if err == nil && sub.Prefix == "" && !r.bare && sub.objects != r.objects && sub.Has(ctx, e.name) {
		skip := w.skip // what is left out is so in the outer repository
		w.skip = nil
		defer func() { w.skip = skip }()
		return w.write(ctx, sub, e.name, ".", below)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	w.Notes = append(w.Notes, fmt.Sprintf("the submodule %s is empty in commit %s: its commit %s is not here (git submodule update --init)", at, w.Short(), short(e.name)))
	return nil
}

// blobs hands out contents, in order.
func (r *Repository) blobs(ctx context.Context, list []entry, take func(e entry, size int64, content io.Reader) error) (err error) {
	if len(list) == 0 {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := command(ctx, r.Top, "cat-file", "--batch")
	var said bytes.Buffer
	c.Stderr = &limited{&said, 4096}
	in, err := c.StdinPipe()
	if err != nil {
		return err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return told(ctx, err, "")
	}
	go func() {
		b := bufio.NewWriter(in)
		for _, e := range list {
			_, _ = b.WriteString(e.name + "\n")
		}
		_ = b.Flush()
		_ = in.Close()
	}()
	from := bufio.NewReaderSize(out, 1<<16)
	for _, e := range list {
		if err = one(from, e, take); err != nil {
			cancel()
			_ = c.Wait()
			return err
		}
	}
	if err := c.Wait(); err != nil {
		return told(ctx, err, said.String())
	}
	return nil
}

// one reads an answer of git cat-file --batch.
func one(from *bufio.Reader, e entry, take func(e entry, size int64, content io.Reader) error) error {
	head, err := from.ReadString('\n')
	if err != nil {
		return fmt.Errorf("git: %s: %w", e.path, err)
	}
	f := strings.Fields(head)
	if len(f) == 2 {
		return fmt.Errorf("%s is not here: this is a partial clone, and git fetch --refetch --filter=blob:limit=1g gets all files", e.path)
	}
	size := int64(-1)
	if len(f) == 3 {
		size, err = strconv.ParseInt(f[2], 10, 64)
	}
	if err != nil || size < 0 {
		return fmt.Errorf("git: what cat-file prints was not understood: %q", head)
	}
	content := io.LimitReader(from, size)
	if err := take(e, size, content); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, content); err != nil {
		return err
	}
	_, err = from.Discard(1)
	return err
}

// mkdir makes a directory and those that lead to it.
func (w *writer) mkdir(r *Repository, at, name string) error {
	if name == "." || w.dirs[name] {
		return nil
	}
	if err := w.mkdir(r, path.Dir(at), path.Dir(name)); err != nil {
		return err
	}
	w.dirs[name] = true
	if err := w.to.Mkdir(name, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	if fi, err := w.to.Lstat(name); err != nil || !fi.IsDir() {
		return fmt.Errorf("%q is a file and a directory", name)
	}
	return w.to.Chmod(name, r.permissions(at, 0o755))
}

// permissions are those that the working tree's file has at a path, of the same kind, but
// for who may execute it, which the commit says. git knows no others, and a checkout has
// them from the umask: with these the builder sees that a file is the same.
func (r *Repository) permissions(at string, usual os.FileMode) os.FileMode {
	if r.bare {
		return usual
	}
	fi, err := os.Lstat(filepath.Join(r.Top, filepath.FromSlash(at)))
	if err != nil || fi.Mode()&os.ModeSymlink != 0 {
		return usual
	}
	p := fi.Mode().Perm() &^ 0o111
	if usual&0o100 != 0 {
		p |= p >> 2 & 0o111
	}
	return p | usual&0o700
}

// file writes a file or a symbolic link.
func (w *writer) file(r *Repository, e entry, at, name string, size int64, content io.Reader) error {
	if err := w.mkdir(r, path.Dir(at), path.Dir(name)); err != nil {
		return err
	}
	if e.mode == "120000" {
		to, err := io.ReadAll(content)
		if err != nil {
			return err
		}
		if err := w.to.Symlink(string(to), name); err != nil {
			return err
		}
		linkTime(filepath.Join(w.Dir, filepath.FromSlash(name)), modified)
		return nil
	}
	usual := os.FileMode(0o644)
	if e.mode == "100755" {
		usual = 0o755
	}
	if size <= maxPointer {
		b, err := io.ReadAll(content)
		if err != nil {
			return err
		}
		if full, ok := w.large(r, b); ok {
			defer func() { _ = full.Close() }()
			content = full
		} else {
			content = bytes.NewReader(b)
		}
	}
	f, err := w.to.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	if err := w.to.Chmod(name, r.permissions(at, usual)); err != nil {
		return err
	}
	return w.to.Chtimes(name, modified, modified)
}

// maxPointer is how large a file of Git LFS may be that stands for another.
const maxPointer = 1024

// large opens what a pointer of Git LFS stands for, if the repository has it. It is read
// here: git would run a program.
func (w *writer) large(r *Repository, pointer []byte) (*os.File, bool) {
	if !bytes.HasPrefix(pointer, []byte("version https://git-lfs.github.com/spec/v1\n")) {
		return nil, false
	}
	sum := ""
	for line := range strings.Lines(string(pointer)) {
		if s, ok := strings.CutPrefix(strings.TrimSpace(line), "oid sha256:"); ok {
			sum = s
		}
	}
	w.pointers++
	if b, err := hex.DecodeString(sum); err != nil || len(b) != sha256.Size {
		return nil, false
	}
	f, err := os.Open(filepath.Join(r.objects, "lfs", "objects", sum[:2], sum[2:4], sum))
	if err != nil {
		return nil, false
	}
	h := sha256.New()
	if _, err = io.Copy(h, f); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil || hex.EncodeToString(h.Sum(nil)) != sum {
		_ = f.Close()
		return nil, false
	}
	w.pointers--
	return f, true
}

// finish gives the directories their times, and says what is missing.
func (w *writer) finish(mode os.FileMode) {
	for name := range w.dirs {
		_ = w.to.Chtimes(name, modified, modified)
	}
	_ = os.Chmod(w.Dir, mode)
	_ = os.Chtimes(w.Dir, modified, modified)
	if w.skipped > 0 {
		w.Notes = append(w.Notes, fmt.Sprintf("a sparse checkout: %d files of commit %s that are not checked out here were left out of it, too", w.skipped, w.Short()))
	}
	if w.pointers > 0 {
		w.Notes = append(w.Notes, fmt.Sprintf("%d files of commit %s are pointers of Git LFS, whose contents are not here (git lfs fetch)", w.pointers, w.Short()))
	}
}
