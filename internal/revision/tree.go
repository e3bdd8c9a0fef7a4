package revision

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Tree are the files of a directory of a commit, in a directory of their own.
type Tree struct {
	// Dir holds the files. Whoever opened the tree closes it.
	Dir string
	// Commit is the commit's full name, Path where the directory lies in the repository
	// ("." for the top).
	Commit, Path string
	// Notes say what of the commit is not there as a checkout would have it.
	Notes []string

	root string
	lock *flock.Flock
}

// modified is when all files were changed last: a layer that holds them is the same
// whenever and of whichever commit it is made.
var modified = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// prefix begins the names of temporary directories.
const prefix = "tare-git-"

// Open writes the files of a directory of a commit, which is the repository's top for
// "." or "", into a temporary directory.
func (r *Repository) Open(ctx context.Context, commit, at string) (*Tree, error) {
	return r.open(ctx, commit, at, nil)
}

// OpenHere is Open without the files that a sparse checkout leaves out of the working tree:
// what is not here either is no difference. A note says how many these are.
func (r *Repository) OpenHere(ctx context.Context, commit, at string) (*Tree, error) {
	skip, err := r.leftOut(ctx)
	if err != nil {
		return nil, err
	}
	return r.open(ctx, commit, at, skip)
}

func (r *Repository) open(ctx context.Context, commit, at string, skip map[string]bool) (*Tree, error) {
	name, kind, ok, err := r.object(ctx, commit, at)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, fmt.Errorf("commit %s has no %s", short(commit), at)
	case kind == "commit":
		return nil, fmt.Errorf("%s is a submodule in commit %s: its files are in another repository", at, short(commit))
	case kind != "tree":
		return nil, fmt.Errorf("%s is no directory in commit %s", at, short(commit))
	}
	sweep()
	t := &Tree{Commit: commit, Path: path.Clean(at)}
	if t.root, err = os.MkdirTemp("", prefix); err != nil {
		return nil, err
	}
	if err := t.fill(ctx, r, name, skip); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// fill writes the files of a tree, by its name.
func (t *Tree) fill(ctx context.Context, r *Repository, name string, skip map[string]bool) (err error) {
	t.lock = flock.New(filepath.Join(t.root, "lock"))
	if _, err = t.lock.TryLock(); err != nil {
		return err
	}
	t.Dir = filepath.Join(t.root, filepath.Base(filepath.Join(r.Top, filepath.FromSlash(t.Path))))
	if t.Dir == filepath.Join(t.root, "lock") || !strings.HasPrefix(t.Dir, t.root+string(filepath.Separator)) {
		t.Dir = filepath.Join(t.root, "tree")
	}
	if err = os.Mkdir(t.Dir, 0o755); err != nil {
		return err
	}
	w := &writer{Tree: t, dirs: map[string]bool{}, skip: skip}
	if w.to, err = os.OpenRoot(t.Dir); err != nil {
		return err
	}
	defer func() { _ = w.to.Close() }()
	if err = w.write(ctx, r, name, t.Path, "."); err != nil {
		return fmt.Errorf("the files of commit %s: %w", short(t.Commit), err)
	}
	w.finish(r.permissions(t.Path, 0o755))
	return nil
}

// Close removes the files.
func (t *Tree) Close() {
	if t.lock != nil {
		_ = t.lock.Close()
	}
	_ = os.RemoveAll(t.root)
}

// Short is the commit's abbreviated name.
func (t *Tree) Short() string { return short(t.Commit) }

// Dockerfile is the path of a Dockerfile in the tree; "" if the tree has none of the name.
func (t *Tree) Dockerfile(name string) string {
	file := filepath.Join(t.Dir, filepath.FromSlash(name))
	if fi, err := os.Stat(file); filepath.IsLocal(name) && err == nil && fi.Mode().IsRegular() {
		return file
	}
	return ""
}

func short(commit string) string { return commit[:min(12, len(commit))] }

// sweep removes what killed processes left: trees that nobody holds the lock of.
func sweep() {
	list, err := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range list {
		name := filepath.Join(dir, "lock")
		fi, err := os.Lstat(name)
		if err != nil || !fi.Mode().IsRegular() || time.Since(fi.ModTime()) < time.Minute {
			continue // it is only being made
		}
		l := flock.New(name, flock.SetFlag(os.O_RDWR))
		if ok, err := l.TryLock(); err != nil || !ok {
			continue
		}
		_ = os.RemoveAll(dir)
		_ = l.Close()
	}
}

// Locate finds what a word means from a working directory: a repository, a commit, and a
// directory or Dockerfile in it, with slashes. As in git's own REF:PATH a plain DIR counts
// from the top of the repository; it may also be one from here. Without DIR it is the
// directory from which one looks.
func Locate(ctx context.Context, w Word, cwd string) (r *Repository, commit, at string, err error) {
	rel := w.Dir
	explicit := filepath.IsAbs(rel) || rel == "." || rel == ".." || strings.HasPrefix(rel, "./") || strings.HasPrefix(rel, "../")
	if explicit {
		dir := rel
		if !filepath.IsAbs(rel) {
			dir = filepath.Join(cwd, rel)
		}
		if r, at, err = holding(ctx, dir); err != nil {
			return nil, "", "", err
		}
	} else if r, err = Find(ctx, cwd); errors.Is(err, ErrNoRepository) && rel != "" {
		if r, at, err = holding(ctx, filepath.Join(cwd, rel)); err != nil {
			return nil, "", "", err
		}
		explicit = true
	} else if err != nil {
		return nil, "", "", err
	}
	if commit, err = r.Commit(ctx, w.Ref); err != nil {
		return nil, "", "", err
	}
	if explicit {
		return r, commit, at, nil
	}
	if rel == "" {
		return r, commit, path.Clean(r.Prefix), nil
	}
	for _, at := range slices.Compact([]string{path.Clean(rel), path.Join(r.Prefix, rel)}) {
		if _, _, ok, err := r.object(ctx, commit, at); ok || err != nil {
			return r, commit, at, err
		}
	}
	return nil, "", "", fmt.Errorf("commit %s has no %s", short(commit), rel)
}

// holding finds the repository of a path that need not be there any more.
func holding(ctx context.Context, name string) (r *Repository, at string, err error) {
	dir := name
	for {
		if fi, serr := os.Stat(dir); serr == nil && fi.IsDir() {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			return nil, "", fmt.Errorf("%s: no such directory", name)
		}
		dir = up
	}
	if r, err = Find(ctx, dir); err != nil {
		return nil, "", err
	}
	rest, err := filepath.Rel(dir, name)
	if err != nil {
		return nil, "", err
	}
	return r, path.Join(r.Prefix, filepath.ToSlash(rest)), nil
}

// Open opens the directory that a word means, with its Dockerfile: the directory's, or
// the one that DIR names. root is the top of the repository.
func Open(ctx context.Context, w Word, cwd string) (t *Tree, dockerfile, root string, err error) {
	r, commit, at, err := Locate(ctx, w, cwd)
	if err != nil {
		return nil, "", "", err
	}
	name := "Dockerfile"
	if _, kind, ok, err := r.object(ctx, commit, at); err != nil {
		return nil, "", "", err
	} else if ok && kind == "blob" {
		at, name = path.Dir(at), path.Base(at)
	}
	if t, err = r.Open(ctx, commit, at); err != nil {
		return nil, "", "", err
	}
	if dockerfile = t.Dockerfile(name); dockerfile == "" {
		t.Close()
		return nil, "", "", fmt.Errorf("no %s in %s of commit %s", name, at, short(commit))
	}
	return t, dockerfile, r.Top, nil
}
