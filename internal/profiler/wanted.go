package profiler

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"tare/internal/buildcontext"
	"tare/internal/suggest"
)

// wanted is an edit that --after-edit asks for, and the files of the context that it
// changes.
type wanted struct {
	name  string
	files []string // with slashes
}

// resolve finds the files of all edits, before anything is built. What cannot be edited or
// swapped is an error; of edits all are told at once.
func (p *profiler) resolve(ctx context.Context) error {
	for _, s := range p.Swaps {
		if _, err := p.swapped(s); err != nil {
			return err
		}
	}
	if len(p.Edits) == 0 {
		return nil
	}
	c, err := openContext(p.dir, p.file)
	if err != nil {
		return fmt.Errorf("--after-edit: %w", err)
	}
	defer func() { _ = c.root.Close() }()
	var all []error
	for _, e := range p.Edits {
		w := wanted{name: e, files: []string{e}}
		if isRange(c.dir, e) {
			w.files, err = c.changed(ctx, e)
		} else {
			err = c.editable(e)
		}
		if err != nil {
			all = append(all, fmt.Errorf("--after-edit %s: %w", e, err))
		}
		p.wanted = append(p.wanted, w)
	}
	return errors.Join(all...)
}

// theContext is a build context in which files are looked up.
type theContext struct {
	dir, file string // absolute
	root      *os.Root
}

func openContext(dir, file string) (c theContext, err error) {
	if c.dir, err = filepath.Abs(dir); err != nil {
		return c, err
	}
	if c.file, err = filepath.Abs(file); err != nil {
		return c, err
	}
	c.root, err = os.OpenRoot(c.dir)
	return c, err
}

// editable tells why a file cannot be edited for a build; nil if it can.
func (c theContext) editable(name string) error {
	rel := filepath.Clean(filepath.FromSlash(name))
	if name == "" {
		return errors.New("want a file of the build context, or a range of git commits")
	}
	if !filepath.IsLocal(rel) {
		return fmt.Errorf("it is not in the build context %s%s", c.dir, c.fromHere(name))
	}
	fi, err := c.root.Lstat(rel)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the build context %s has no such file%s", c.dir, c.nearby(name))
	case err != nil: // a link that leads out of the context, or nobody may read it
		return fmt.Errorf("it cannot be reached in the build context: %w", unwrapped(err))
	case fi.IsDir():
		return fmt.Errorf("it is a directory: name a file%s", c.has(filepath.ToSlash(rel)))
	case fi.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("it is a symbolic link: name the file that it leads to%s", c.leads(rel))
	case !fi.Mode().IsRegular():
		return errors.New("it is not a regular file, and no builder takes it")
	}
	if real := c.real(rel); real != "" && real != filepath.ToSlash(rel) {
		return fmt.Errorf("it is reached through a symbolic link: name it as %s", real)
	}
	return c.sent(rel)
}

// sent is an error for a file that the builder does not get.
func (c theContext) sent(rel string) error {
	rel = filepath.ToSlash(rel)
	out, err := buildcontext.Left(c.dir, c.file, rel)
	if err != nil || !out {
		return err
	}
	by := "an ignore file"
	if x, ok := buildcontext.Excluded(c.dir, c.file, rel); ok {
		by = x.String()
	}
	return fmt.Errorf("it is excluded from the build context by %s, so no edit of it changes the image", by)
}

// real is where a file of the context stands, symbolic links followed; "" if that is not
// known.
func (c theContext) real(rel string) string {
	dir, err := filepath.EvalSymlinks(c.dir)
	if err != nil {
		return ""
	}
	at, err := filepath.EvalSymlinks(filepath.Join(c.dir, rel))
	if err != nil {
		return ""
	}
	if at, err = filepath.Rel(dir, at); err != nil || !filepath.IsLocal(at) {
		return ""
	}
	return filepath.ToSlash(at)
}

func (c theContext) leads(rel string) string {
	if to := c.real(rel); to != "" {
		return ", " + to
	}
	return ""
}

// fromHere is a hint at a file that was named as seen from the current directory.
func (c theContext) fromHere(name string) string {
	at, err := filepath.Abs(filepath.FromSlash(name))
	if err != nil {
		return ""
	}
	rel, err := filepath.Rel(c.dir, at)
	if err != nil || !filepath.IsLocal(rel) || rel == "." {
		return ""
	}
	if fi, err := c.root.Lstat(rel); err != nil || !fi.Mode().IsRegular() {
		return ""
	}
	return "; paths are those in the context: did you mean " + filepath.ToSlash(rel) + "?"
}

// most bounds what is looked through for a hint, and shown the files in it.
const most, shown = 20_000, 5

// files are those of the context that the builder gets, as far as a hint needs them.
func (c theContext) files() (list []string) {
	_ = buildcontext.Walk(c.dir, c.file, nil, func(rel string, d fs.DirEntry) error {
		if d.Type().IsRegular() {
			list = append(list, rel)
		}
		if len(list) >= most {
			return fs.SkipAll
		}
		return nil
	})
	return list
}

// nearby says which files somebody may have meant by one that does not exist: those of its
// name elsewhere, else one with a name like it, else what stands in its directory.
func (c theContext) nearby(name string) string {
	if here := c.fromHere(name); here != "" {
		return here
	}
	all := c.files()
	want := path.Clean(filepath.ToSlash(name))
	var same []string
	for _, f := range all {
		if strings.EqualFold(path.Base(f), path.Base(want)) {
			same = append(same, f)
		}
	}
	if near := suggest.Nearest(want, all); len(same) == 0 && near != "" {
		same = []string{near}
	}
	if len(same) > 0 {
		return ": did you mean " + suggest.Enumerate(same[:min(len(same), shown)]) + "?"
	}
	return c.has(path.Dir(want))
}

// has names files of a directory of the context, or of the next one above it that has any.
func (c theContext) has(dir string) string {
	all := c.files()
	for ; ; dir = path.Dir(dir) {
		var list []string
		for _, f := range all {
			if path.Dir(f) == dir {
				list = append(list, f)
			}
		}
		for _, f := range all { // further down
			if len(list) == 0 && strings.HasPrefix(f, dir+"/") {
				list = append(list, f)
			}
		}
		if n := len(list); n > 0 {
			some := strings.Join(list[:min(n, shown)], ", ")
			if n > shown {
				some += ", …"
			}
			return ": there is " + some
		}
		if dir == "." || dir == "/" {
			return ""
		}
	}
}

// isRange tells whether an edit is a range of commits, not a file.
func isRange(dir, e string) bool {
	return strings.Contains(e, "..") && !strings.Contains(e, "../") && !filepath.IsAbs(e) && !exists(filepath.Join(dir, e))
}

// changed are the files of the context that a range of commits changes and the builder
// gets.
func (c theContext) changed(ctx context.Context, commits string) ([]string, error) {
	if strings.HasPrefix(commits, "-") {
		return nil, fmt.Errorf("%q is no range of commits", commits)
	}
	out, err := exec.CommandContext(ctx, "git", "-C", c.dir, "diff", "--name-only", "--relative", "--diff-filter=AM", "-z", commits, "--").Output()
	if err != nil {
		return nil, fmt.Errorf("git diff: %w (is %s in a git repository, and is that a range of its commits?)", err, c.dir)
	}
	var list []string
	var left error
	for _, f := range strings.Split(string(out), "\x00") {
		if fi, err := c.root.Lstat(filepath.FromSlash(f)); f == "" || err != nil || !fi.Mode().IsRegular() {
			continue
		}
		if err := c.sent(f); err != nil {
			left = fmt.Errorf("%s: %w", f, err)
			continue
		}
		list = append(list, f)
	}
	slices.Sort(list)
	if len(list) == 0 && left != nil {
		return nil, fmt.Errorf("the range changes no file that the builder gets: %w", left)
	}
	if len(list) == 0 {
		return nil, errors.New("the range changes no file that is here")
	}
	return list, nil
}

// unwrapped is what went wrong, without the operation and the path.
func unwrapped(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
