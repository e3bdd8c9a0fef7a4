package revision

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// Repository is a git repository.
type Repository struct {
	// Top is the top directory of the working tree; that of the repository itself if it
	// is bare.
	Top string
	// Prefix is where the directory that it was found from lies in it, with slashes; ""
	// for the top.
	Prefix string

	objects string // where it keeps what all its working trees share
	sparse  string // where it says which files are checked out
	shallow bool
	bare    bool
}

// ErrNoRepository says that a directory is in no git repository.
var ErrNoRepository = errors.New("not in a git repository")

// Find finds the repository that holds a directory. The error says what is missing: git
// (ErrNoGit), a repository (ErrNoRepository), or what git says of it.
func Find(ctx context.Context, dir string) (*Repository, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	if fi, err := os.Stat(abs); err != nil || !fi.IsDir() {
		return nil, fmt.Errorf("%s: no such directory", dir)
	}
	out, err := run(ctx, abs, "rev-parse", "--is-bare-repository", "--is-shallow-repository", "--git-common-dir", "--git-path", "info/sparse-checkout", "--show-prefix")
	var f *failed
	if errors.As(err, &f) && strings.Contains(f.said, "not a git repository") {
		return nil, fmt.Errorf("%s is %w", dir, ErrNoRepository)
	}
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) < 4 {
		return nil, fmt.Errorf("git: an answer of %d lines", len(lines))
	}
	r := &Repository{Top: abs, bare: lines[0] == "true", shallow: lines[1] == "true", objects: lines[2], sparse: lines[3]}
	for _, p := range []*string{&r.objects, &r.sparse} {
		if !filepath.IsAbs(*p) {
			*p = filepath.Join(abs, *p)
		}
	}
	if len(lines) > 4 {
		r.Prefix = strings.TrimSuffix(strings.Join(lines[4:], "\n"), "/") // a directory's name may have line ends
	}
	if r.Prefix != "" {
		r.Top = strings.TrimSuffix(abs, string(filepath.Separator)+filepath.FromSlash(r.Prefix))
	}
	return r, nil
}

// Commit is the full name of the commit that a word for a revision means now. The error
// says how a shallow clone gets it.
func (r *Repository) Commit(ctx context.Context, ref string) (string, error) {
	switch {
	case ref == "":
		return "", errors.New("which commit? Write git:REF, such as git:HEAD~1 or git:main")
	case strings.HasPrefix(ref, "-"):
		return "", fmt.Errorf("%q is no revision: the names of commits do not begin with a dash", ref)
	}
	// As git switch does: who clones one branch has the others as the remote's.
	for _, name := range []string{ref, "origin/" + ref} {
		out, err := run(ctx, r.Top, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
		var f *failed
		switch {
		case err == nil:
			return strings.TrimSpace(string(out)), nil
		case !errors.As(err, &f):
			return "", err
		}
	}
	if r.shallow {
		return "", fmt.Errorf("no commit %q in the repository %s, which is a shallow clone: git fetch --deepen=50 or git fetch --unshallow gets more of it (actions/checkout: fetch-depth: 0)", ref, r.Top)
	}
	return "", fmt.Errorf("no commit %q in the repository %s", ref, r.Top)
}

// Has tells whether the repository has a commit, by its full name.
func (r *Repository) Has(ctx context.Context, commit string) bool {
	if len(commit) < 40 || strings.Trim(commit, "0123456789abcdef") != "" {
		return false
	}
	_, err := run(ctx, r.Top, "cat-file", "-e", commit+"^{commit}")
	return err == nil
}

// Within is where a directory or file lies in the repository, with slashes; ok is false
// if it lies elsewhere.
func (r *Repository) Within(name string) (rel string, ok bool) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return "", false
	}
	// The file itself may be a link: git knows it by where it stands.
	if real, err := filepath.EvalSymlinks(filepath.Dir(abs)); err == nil {
		abs = filepath.Join(real, filepath.Base(abs))
	}
	if fi, err := os.Stat(abs); err == nil && fi.IsDir() {
		if real, err := filepath.EvalSymlinks(abs); err == nil {
			abs = real
		}
	}
	rel, err = filepath.Rel(r.Top, abs)
	if err != nil || rel != "." && !filepath.IsLocal(rel) {
		return "", false
	}
	return filepath.ToSlash(rel), true
}

// object is what a commit has at a path: its name, and its type: blob, tree or commit (a
// submodule). ok is false if there is nothing.
func (r *Repository) object(ctx context.Context, commit, at string) (name, kind string, ok bool, err error) {
	at = path.Clean("/" + at)[1:]
	args := []string{"ls-tree", "-z", "--full-tree", commit}
	if at == "" {
		return commit + "^{tree}", "tree", true, nil
	}
	out, err := run(ctx, r.Top, append(args, "--", at)...)
	if err != nil {
		return "", "", false, err
	}
	list, err := entries(out)
	if err != nil || len(list) != 1 {
		return "", "", false, err
	}
	return list[0].name, list[0].kind, true, nil
}

// maxLinks bounds the symbolic links that lead to one another.
const maxLinks = 16

// Follow is the path of the file that a path leads to in a commit, through symbolic links. What
// leads out of the repository stays as it is.
func (r *Repository) Follow(ctx context.Context, commit, at string) (string, error) {
	for range maxLinks {
		at = path.Clean("/" + at)[1:]
		out, err := run(ctx, r.Top, "ls-tree", "-z", "--full-tree", commit, "--", at)
		if err != nil {
			return "", err
		}
		list, err := entries(out)
		if err != nil || len(list) != 1 || list[0].mode != "120000" {
			return at, err
		}
		to, err := run(ctx, r.Top, "cat-file", "blob", list[0].name)
		if err != nil {
			return "", err
		}
		next := path.Join(path.Dir(at), string(to))
		if path.IsAbs(string(to)) || !filepath.IsLocal(filepath.FromSlash(next)) {
			return at, nil
		}
		at = next
	}
	return "", fmt.Errorf("%s of commit %s is a symbolic link that leads nowhere", at, short(commit))
}

// Read is a file of a commit, if it has at most so many bytes; ok is false if the commit has no
// such file.
func (r *Repository) Read(ctx context.Context, commit, at string, most int64) (body []byte, ok bool, err error) {
	name, kind, ok, err := r.object(ctx, commit, at)
	if err != nil || !ok || kind != "blob" {
		return nil, false, err
	}
	size, err := run(ctx, r.Top, "cat-file", "-s", name)
	if err != nil {
		return nil, false, err
	}
	if n, err := strconv.ParseInt(strings.TrimSpace(string(size)), 10, 64); err != nil || n > most {
		return nil, false, fmt.Errorf("%s of commit %s is larger than %d bytes", at, short(commit), most)
	}
	body, err = run(ctx, r.Top, "cat-file", "blob", name)
	return body, err == nil, err
}

// leftOut are the files that a sparse checkout leaves out of the working tree, by their paths
// from the top; nil for a whole one.
func (r *Repository) leftOut(ctx context.Context) (map[string]bool, error) {
	if _, err := os.Stat(r.sparse); err != nil || r.bare {
		return nil, nil //nolint:nilerr // what cannot be read leaves nothing out
	}
	out, err := run(ctx, r.Top, "ls-files", "-z", "-t")
	if err != nil {
		return nil, err
	}
	list := map[string]bool{}
	for line := range strings.SplitSeq(string(out), "\x00") {
		if name, ok := strings.CutPrefix(line, "S "); ok {
			list[name] = true
		}
	}
	return list, nil
}

// here tells whether the working tree has something at a path.
func (r *Repository) here(at string) bool {
	_, err := os.Lstat(filepath.Join(r.Top, filepath.FromSlash(at)))
	return err == nil
}

// entry is a line of git ls-tree.
type entry struct {
	mode, kind, name, path string
}

// entries reads what git ls-tree -z prints.
func entries(out []byte) (list []entry, err error) {
	for line := range strings.SplitSeq(string(out), "\x00") {
		if line == "" {
			continue
		}
		head, at, ok := strings.Cut(line, "\t")
		f := strings.Fields(head)
		if !ok || len(f) != 3 {
			return nil, fmt.Errorf("git: what ls-tree prints was not understood: %q", line)
		}
		list = append(list, entry{f[0], f[1], f[2], at})
	}
	return list, nil
}
